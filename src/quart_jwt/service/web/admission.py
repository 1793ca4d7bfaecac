"""
Admission: what a user's tokens say, and whether the user may still use them.

Access tokens are judged from memory: whatever signs a user out ends sessions in the
session store, whose feed every process follows. The user is looked up where a session
begins or goes on, and on pages about the user.
"""

from typing import Any

from quart_jwt import create_token_pair
from quart_jwt import get_jwt
from quart_jwt import get_jwt_header
from quart_jwt import revoke_family
from quart_jwt import TokenPair
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.service.accounts.account_rows import Account
from quart_jwt.service.accounts.directory import User
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.resources import current_resources

EPOCH = "session_epoch"


def claims_of(user: User) -> dict[str, Any]:
    """
    What a user's tokens say beside the name.

    Roles and scopes are those of today (RFC 9068 §2.2.3); a claim that would be empty
    is left out. A directory from elsewhere cannot end our sessions when the epoch of a
    user changes, so that its users' tokens carry theirs.
    """
    claims: dict[str, Any] = {}
    if user.session_epoch and not isinstance(user, Account):
        claims[EPOCH] = user.session_epoch
    if user.grants.scopes:
        claims["scope"] = " ".join(user.grants.scopes)
    if user.grants.roles:
        claims["roles"] = list(user.grants.roles)
    return claims


async def new_session(user: User, *, issued_at: float) -> TokenPair:
    """
    Start a session for a user whose password was checked, and look once more.

    Disabling a user changes the user first and ends the sessions afterwards. A
    session that began before that change is ended by them; one that began after it is
    found out here.

    Args:
        user: The user, as it was when the password was checked.
        issued_at: A moment before that, in epoch seconds.

    Raises:
        CredentialsError: The user was disabled or signed out meanwhile; the session has
            ended, and no token was handed out.
    """
    pair = await create_token_pair(
        user.name,
        fresh=True,
        additional_claims=claims_of(user),
        issued_at=issued_at,
        epoch=user.session_epoch,
    )
    again = await current_resources().users.directory.find(user.name)
    if again is None or not again.enabled:
        reason = "disabled"
    elif again.session_epoch != user.session_epoch:
        reason = "signed_out"
    else:
        return pair
    await revoke_family(pair.session_id)
    raise CredentialsError(reason, user.name)


async def user_of_request() -> User:
    """
    Return the user of this request's token, as the directory has it now.

    Raises:
        RevokedTokenError: There is none, or it is disabled; the session has ended.
    """
    claims = get_jwt()
    user = await current_resources().users.directory.find(claims["sub"])
    if user is None or not user.enabled:
        await revoke_family(claims["sid"], identity=claims["sub"])
        raise RevokedTokenError(get_jwt_header(), claims)
    return user


async def user_elsewhere(header: dict[str, Any], payload: dict[str, Any]) -> User:
    """
    Return the user that a verified token belongs to, for a directory from elsewhere.

    Raises:
        RevokedTokenError: There is none, it is disabled, or its epoch is another.
    """
    remembered = current_resources().remembered_users
    user = await remembered.find(payload["sub"], payload.get(EPOCH, 0))
    if user is None:
        raise RevokedTokenError(header, payload)
    return user
