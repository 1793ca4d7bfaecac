"""
The endpoints for signing in, refreshing and signing out.

A view reads its request, asks the resources, and answers; what can go wrong is
raised and answered in ``refusals``.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from jwt import ExpiredSignatureError
from quart import Blueprint
from quart import jsonify
from quart import request
from quart import Response

from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import revoke_family
from quart_jwt import rotate_refresh_token
from quart_jwt import TokenPair
from quart_jwt import unset_jwt_cookies
from quart_jwt import verify_jwt_in_request
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.service.ground.request_facts import note_claims
from quart_jwt.service.ground.tracing import traced
from quart_jwt.service.openapi import schemas
from quart_jwt.service.openapi.documented import BODY
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.openapi.documented import Needs
from quart_jwt.service.openapi.documented import STORES
from quart_jwt.service.resources import current_resources
from quart_jwt.service.web.admission import claims_of
from quart_jwt.service.web.admission import user_of_request
from quart_jwt.service.web.json_body import read_members
from quart_jwt.service.web.password_login import log_in
from quart_jwt.service.web.token_answers import token_answer

REFRESH_PATH = "/refresh"

LOGIN_CODES = {
    400: "malformed_json, not_an_object, missing_field, unknown_field, "
    "wrong_field_type, invalid_username, invalid_password, token_too_large",
    401: "invalid_credentials",
    415: "unsupported_media_type",
    429: "too_many_attempts",
    503: "busy, store_unavailable, directory_unavailable",
}
"""Error codes of a sign-in, for the OpenAPI document."""

routes: Blueprint = Blueprint("service", __name__)


@routes.post("/login")
@documented(
    "Signing in",
    takes=schemas.Credentials,
    gives=(schemas.Tokens, schemas.TokensInCookies),
    refuses={**BODY, **LOGIN_CODES},
)
@traced("sign_in")
async def login() -> Response:
    """Exchange a name and a password for the tokens of a new session."""
    wanted = await read_members(request, schemas.Credentials)
    answer = partial(token_answer, in_cookies=wanted["cookies"])
    return await log_in(wanted["username"], wanted["password"], answer)


# The rotation itself asks whether the session lives, in the same step.
@routes.post(REFRESH_PATH)
@documented(
    "Signing in",
    needs=Needs.REFRESH,
    gives=(schemas.Tokens, schemas.TokensInCookies),
    refuses={**STORES, 400: "token_too_large"},
)
@jwt_required(refresh=True, skip_revocation_check=True)
@traced("refresh")
async def refresh() -> Response:
    """Exchange a refresh token for the next tokens of the same session."""
    pair = await next_pair()
    return token_answer(pair, in_cookies=get_jwt_request_location() == "cookies")


async def next_pair() -> TokenPair:
    """
    Rotate the refresh token of this request, which was verified.

    Raises:
        RevokedTokenError: The session has ended, or the token was used before.
        StoreError: The session store is unavailable.
    """
    issued_at = current_resources().clock()
    user = await user_of_request()
    return await rotate_refresh_token(
        additional_claims=claims_of(user),
        issued_at=issued_at,
        epoch=user.session_epoch,
    )


@routes.get("/protected")
@documented("User", needs=Needs.ACCESS, gives=schemas.LoggedIn)
@jwt_required()
async def protected() -> Response:
    """Return the name of the user who is signed in."""
    return jsonify(logged_in_as=get_jwt_identity())


@routes.post("/logout")
@documented("Signing in", needs=Needs.ACCESS_TO_CHANGE, gives=schemas.LoggedOut)
async def logout() -> Response:
    """
    End the session of a token: its access and refresh tokens are revoked.

    An access or refresh token is accepted, even if it has expired, because a user who
    signs out must not have to refresh first. The request is idempotent.
    """
    payload = await _payload_even_if_over()
    note_claims(payload)
    if isinstance(payload.get("sid"), str):
        await revoke_family(payload["sid"], identity=payload["sub"])
    response = jsonify(logged_out=True)
    unset_jwt_cookies(response)
    return response


async def _payload_even_if_over() -> Mapping[str, Any]:
    """Return a token's payload through the main flow, letting its end pass."""
    try:
        await verify_jwt_in_request(verify_type=False, skip_revocation_check=True)
    except (ExpiredSignatureError, RevokedTokenError) as error:
        # Both are judged last: signature, claims and CSRF value were good.
        return error.jwt_data  # type: ignore[union-attr]
    return get_jwt()
