"""
The endpoints: what each request means.

A view reads its request, asks the resources, and answers; what can go wrong is
raised and answered in ``refusals``.
"""

from collections.abc import Mapping
from typing import Any

from jwt import ExpiredSignatureError
from quart import Blueprint
from quart import jsonify
from quart import request
from quart import Response

from quart_jwt import create_token_pair
from quart_jwt import get_csrf_token
from quart_jwt import get_current_user
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import revoke_family
from quart_jwt import rotate_refresh_token
from quart_jwt import set_access_cookies
from quart_jwt import set_refresh_cookies
from quart_jwt import TokenPair
from quart_jwt import unset_jwt_cookies
from quart_jwt import verify_jwt_in_request
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.service.accounts.accounts import Account
from quart_jwt.service.accounts.accounts import normalised_name
from quart_jwt.service.accounts.admission import epoch_claim
from quart_jwt.service.errors import CookieSizeError
from quart_jwt.service.events import happened
from quart_jwt.service.events import Kind
from quart_jwt.service.observability.request_facts import note_claims
from quart_jwt.service.observability.tracing import traced
from quart_jwt.service.openapi import schemas
from quart_jwt.service.openapi.documented import BODY
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.openapi.documented import Needs
from quart_jwt.service.openapi.documented import STORES
from quart_jwt.service.resources import current_resources
from quart_jwt.service.throttling.digests import Door
from quart_jwt.service.web.login_request import read_login

REFRESH_PATH = "/refresh"

MAX_COOKIE_TOKEN = 3_800
"""Characters; browsers drop a cookie of more than 4,096 with its attributes."""

LOGIN_CODES = {
    400: "malformed_json, not_an_object, missing_field, unknown_field, "
    "wrong_field_type, invalid_username, invalid_password, token_too_large",
    401: "invalid_credentials",
    415: "unsupported_media_type",
    429: "too_many_attempts",
    503: "busy, store_unavailable",
}
"""What a login may hear, for the OpenAPI document."""

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
    wanted = await read_login(request)
    resources = current_resources()
    name = normalised_name(wanted.username)
    async with resources.throttle.attempt(
        Door.SIGN_IN, name=name, address=request.remote_addr
    ):
        account = await resources.authentication.authenticate(name, wanted.password)
    pair = await create_token_pair(
        account.name, fresh=True, additional_claims=epoch_claim(account)
    )
    happened(Kind.SIGNED_IN, subject=account.name, session_id=pair.session_id)
    return _cookie_answer(pair) if wanted.cookies else _bearer_answer(pair)


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
    account: Account = get_current_user()
    pair = await rotate_refresh_token(additional_claims=epoch_claim(account))
    in_cookies = get_jwt_request_location() == "cookies"
    return _cookie_answer(pair) if in_cookies else _bearer_answer(pair)


@routes.get("/protected")
@documented("User", needs=Needs.ACCESS, gives=schemas.LoggedIn)
@jwt_required()
async def protected() -> Response:
    """Say who is logged in."""
    return jsonify(logged_in_as=get_jwt_identity())


@routes.post("/logout")
@documented("Signing in", needs=Needs.ACCESS_TO_CHANGE, gives=schemas.LoggedOut)
async def logout() -> Response:
    """
    End the session of a token: its access and refresh tokens alike.

    Either token will do, and an expired one too, for who wants to leave must
    not have to refresh first. Doing it twice changes nothing.
    """
    payload = await _payload_even_if_over()
    note_claims(payload)
    if isinstance(payload.get("sid"), str):
        await revoke_family(payload["sid"], identity=payload["sub"])
    response = jsonify(logged_out=True)
    unset_jwt_cookies(response)
    return response


def _bearer_answer(pair: TokenPair) -> Response:
    return jsonify(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        token_type="Bearer",  # noqa: S106 - RFC 6749 section 5.1
        expires_in=_life_s(pair),
    )


def _cookie_answer(pair: TokenPair) -> Response:
    response = jsonify(cookies=True, expires_in=_life_s(pair), **_csrf_values(pair))
    set_access_cookies(response, _fitting(pair.access_token))
    set_refresh_cookies(response, _fitting(pair.refresh_token))
    return response


def _csrf_values(pair: TokenPair) -> dict[str, str]:
    """
    What a page of another host needs, which cannot read our cookies.

    Only pages that may read this answer learn it, and those may act for the user.
    """
    if not current_resources().settings.cors.credentials:
        return {}
    return {
        "csrf_access_token": get_csrf_token(pair.access_token),
        "csrf_refresh_token": get_csrf_token(pair.refresh_token),
    }


def _life_s(pair: TokenPair) -> int:
    """Return how long the access token lives from now, in seconds."""
    expires_at = pair.access_expires_at
    if expires_at is None:  # pragma: no cover - the service has no such setting
        raise RuntimeError("a token of the service has an end")
    return max(0, expires_at - int(current_resources().clock()))


def _fitting(token: str) -> str:
    if len(token) > MAX_COOKIE_TOKEN:
        raise CookieSizeError("The user name is too long for a cookie")
    return token


async def _payload_even_if_over() -> Mapping[str, Any]:
    """Return a token's payload through the main flow, letting its end pass."""
    try:
        await verify_jwt_in_request(verify_type=False, skip_revocation_check=True)
    except (ExpiredSignatureError, RevokedTokenError) as error:
        # Both are judged last: signature, claims and CSRF value were good.
        return error.jwt_data  # type: ignore[union-attr]
    return get_jwt()
