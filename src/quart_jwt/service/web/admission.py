"""
Admission: whose token it is, and whether that user may still use it.

The session store knows which sessions have ended. The user directory knows who is
disabled, and changes ``session_epoch`` when a password changes: ours is changed from
other processes, too, and every token of before dies with it.
"""

from typing import Any

from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.service.accounts.directory import User
from quart_jwt.service.ground.request_facts import note_claims
from quart_jwt.service.resources import current_resources

EPOCH = "session_epoch"


def claims_of(user: User) -> dict[str, Any]:
    """
    What a user's tokens say beside the name.

    Roles and scopes are those of today (RFC 9068 §2.2.3); a claim that would be empty
    is left out. The epoch ties a token to the password of today.
    """
    claims: dict[str, Any] = {EPOCH: user.session_epoch}
    if user.grants.scopes:
        claims["scope"] = " ".join(user.grants.scopes)
    if user.grants.roles:
        claims["roles"] = list(user.grants.roles)
    return claims


async def user_of(header: dict[str, Any], payload: dict[str, Any]) -> User:
    """
    Return the user that a verified token belongs to.

    Raises:
        RevokedTokenError: There is none, it is disabled, or its epoch is another;
            or the token is of no session, and so none of ours.
    """
    note_claims(payload)
    if not isinstance(payload.get("sid"), str):
        raise RevokedTokenError(header, payload)
    user = await current_resources().users.directory.find(payload["sub"])
    if user is None or not user.enabled:
        raise RevokedTokenError(header, payload)
    if payload.get(EPOCH) != user.session_epoch:
        raise RevokedTokenError(header, payload)
    return user
