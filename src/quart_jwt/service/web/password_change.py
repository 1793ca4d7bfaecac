"""
Changing one's own password: the old sessions end, and a new one begins.

The password is changed first, and counts up the user's epoch. Then the sessions of
older epochs end in the session store. If that fails, they are not refreshed any more,
and their access tokens expire. The user goes on with a new session.
"""

from quart import Blueprint
from quart import request
from quart import Response

from quart_jwt import get_jwt
from quart_jwt import get_jwt_header
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import revoke_all_for
from quart_jwt.building_blocks import current_settings
from quart_jwt.building_blocks import session_store
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.service.accounts.account_rows import Account
from quart_jwt.service.accounts.directory import PasswordChanging
from quart_jwt.service.accounts.directory import User
from quart_jwt.service.accounts.passwords import check_new_password
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.ground.errors import DirectoryError
from quart_jwt.service.ground.errors import WrongPasswordError
from quart_jwt.service.ground.events import happened
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.openapi import schemas
from quart_jwt.service.openapi.documented import BODY
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.openapi.documented import Needs
from quart_jwt.service.resources import current_resources
from quart_jwt.service.throttling.digests import Door
from quart_jwt.service.web.admission import new_session
from quart_jwt.service.web.json_body import read_members
from quart_jwt.service.web.token_answers import token_answer

password_change: Blueprint = Blueprint("password_change", __name__)


CODES = {
    400: "malformed_json, not_an_object, missing_field, unknown_field, "
    "wrong_field_type, invalid_password, token_too_large",
    403: "wrong_password",
    415: "unsupported_media_type",
    429: "too_many_attempts",
    503: "busy, store_unavailable, directory_unavailable",
}
"""Error codes of a password change, for the OpenAPI document."""


@password_change.post("/password")
@documented(
    "User",
    needs=Needs.ACCESS_TO_CHANGE,
    takes=schemas.NewPasswords,
    gives=(schemas.Tokens, schemas.TokensInCookies),
    refuses={**BODY, **CODES},
)
@jwt_required()
async def change_password() -> Response:
    """Set a new password, and return the tokens of a new session."""
    wanted = await read_members(request, schemas.NewPasswords)
    check_new_password(wanted["new_password"])  # a typing error is not a failed attempt
    name: str = get_jwt_identity()
    issued_at = current_resources().clock()
    # This completes even if the client disconnects, because a changed password must
    # also end the old sessions.
    resources = current_resources()
    async with resources.throttle.attempt(
        Door.SIGN_IN,
        name=resources.users.throttle_name(name),
        address=request.remote_addr,
    ):
        changed = await session_store(current_settings()).settle(
            "end_all",
            _change_and_end(name, wanted["current_password"], wanted["new_password"]),
        )
    try:
        pair = await new_session(changed, issued_at=issued_at)
    except CredentialsError:
        raise RevokedTokenError(get_jwt_header(), get_jwt()) from None
    answer = token_answer(pair, in_cookies=get_jwt_request_location() == "cookies")
    happened(Kind.SIGNED_IN, subject=changed.name, session_id=pair.session_id)
    return answer


async def _change_and_end(name: str, current: str, new: str) -> User:
    try:
        changed = await _password_changing().change_password(name, current, new)
    except WrongPasswordError:
        happened(Kind.PASSWORD_CHANGE_REFUSED, subject=name, reason="wrong_password")
        raise
    except DirectoryError:
        # The change may have happened all the same, so the old sessions must end.
        await _end_sessions(name, None, reason="unknown")
        raise
    # A directory from elsewhere may leave the epoch as it was.
    epoch = changed.session_epoch if isinstance(changed, Account) else None
    await _end_sessions(name, epoch)
    return changed


async def _end_sessions(
    name: str, before_epoch: int | None, reason: str | None = None
) -> None:
    try:
        await revoke_all_for(name, before_epoch=before_epoch)
    finally:
        happened(Kind.PASSWORD_CHANGED, subject=name, reason=reason)


def _password_changing() -> PasswordChanging:
    changing = current_resources().users.password_changing
    if changing is None:  # pragma: no cover - the route is not served then
        raise RuntimeError("the route is served for directories that change passwords")
    return changing
