"""
The endpoints: what each request means.

A view reads its request, asks the resources, and answers; what can go wrong is
raised and answered in ``refusals``.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from jwt import ExpiredSignatureError
from quart import Blueprint
from quart import jsonify
from quart import request
from quart import Response

from quart_jwt import create_access_token_async
from quart_jwt import create_refresh_token_async
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import set_access_cookies
from quart_jwt import set_refresh_cookies
from quart_jwt import unset_jwt_cookies
from quart_jwt import verify_jwt_in_request
from quart_jwt.service.errors import CookieSizeError
from quart_jwt.service.login_request import read_login
from quart_jwt.service.resources import current_resources
from quart_jwt.service.sessions import Session

REFRESH_PATH = "/refresh"

MAX_COOKIE_TOKEN = 3_800
"""Characters; browsers drop a cookie of more than 4,096 with its attributes."""

routes: Blueprint = Blueprint("service", __name__)


@routes.post("/login")
async def login() -> Response:
    """Exchange a name and a password for the tokens of a new session."""
    wanted = await read_login(request)
    resources = current_resources()
    account = await resources.authentication.authenticate(
        wanted.username, wanted.password
    )
    session = resources.sessions.begin(account)
    access, expires_in = await _access_token(session, fresh=True)
    refresh = await _refresh_token(session)
    if not wanted.cookies:
        return _bearer_answer(access, expires_in, refresh_token=refresh)
    response = _cookie_answer(access, expires_in)
    set_refresh_cookies(response, _fitting(refresh))
    return response


@routes.post(REFRESH_PATH)
@jwt_required(refresh=True)
async def refresh() -> Response:
    """Exchange a refresh token for a new access token of the same session."""
    access, expires_in = await _access_token(_session(get_jwt()), fresh=False)
    if get_jwt_request_location() == "cookies":
        return _cookie_answer(access, expires_in)
    return _bearer_answer(access, expires_in)


@routes.get("/protected")
@jwt_required()
async def protected() -> Response:
    """Say who is logged in."""
    return jsonify(logged_in_as=get_jwt_identity())


@routes.post("/logout")
async def logout() -> Response:
    """
    End the session of a token: its access and refresh tokens alike.

    Either token will do, and an expired one too, for who wants to leave must
    not have to refresh first. Doing it twice changes nothing.
    """
    session = Session.from_claims(await _payload_even_if_expired())
    if session is not None:
        await current_resources().sessions.end(session)
    response = jsonify(logged_out=True)
    unset_jwt_cookies(response)
    return response


@routes.get("/healthz")
async def healthz() -> Response:
    """Answer 200 while the service can reach its database."""
    await current_resources().database.ping()
    return jsonify(status="ok")


async def _access_token(session: Session, *, fresh: bool) -> tuple[str, int]:
    """Return an access token that does not outlive its session, and its life in s."""
    resources = current_resources()
    expires_s = min(
        resources.settings.access_token_expires_s,
        resources.sessions.remaining_s(session),
    )
    token = await create_access_token_async(
        session.name,
        fresh=fresh,
        expires_delta=timedelta(seconds=expires_s),
        additional_claims=session.claims,
    )
    return token, expires_s


async def _refresh_token(session: Session) -> str:
    remaining_s = current_resources().sessions.remaining_s(session)
    return await create_refresh_token_async(
        session.name,
        expires_delta=timedelta(seconds=remaining_s),
        additional_claims=session.claims,
    )


def _bearer_answer(access: str, expires_in: int, **more: str) -> Response:
    return jsonify(
        access_token=access,
        token_type="Bearer",  # noqa: S106 - RFC 6749 section 5.1
        expires_in=expires_in,
        **more,
    )


def _cookie_answer(access: str, expires_in: int) -> Response:
    response = jsonify(cookies=True, expires_in=expires_in)
    set_access_cookies(response, _fitting(access))
    return response


def _fitting(token: str) -> str:
    if len(token) > MAX_COOKIE_TOKEN:
        raise CookieSizeError("The user name is too long for a cookie")
    return token


def _session(payload: Mapping[str, Any]) -> Session:
    session = Session.from_claims(payload)
    if session is None:  # pragma: no cover - the blocklist hook has seen to it
        raise RuntimeError("a token without a session was accepted")
    return session


async def _payload_even_if_expired() -> Mapping[str, Any]:
    """Return a token's payload through the main flow, letting only its age pass."""
    try:
        await verify_jwt_in_request(verify_type=False, skip_revocation_check=True)
    except ExpiredSignatureError as error:
        # Expiry is judged last: signature, claims and CSRF value were good.
        return error.jwt_data  # type: ignore[attr-defined,no-any-return]
    return get_jwt()
