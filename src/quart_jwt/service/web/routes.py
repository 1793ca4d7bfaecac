"""
The endpoints: what each request means.

A view reads its request, asks the resources, and answers; what can go wrong is
raised and answered in ``refusals``.
"""

from collections.abc import Mapping
from typing import Any

from jwt import ExpiredSignatureError
from quart import Blueprint
from quart import current_app
from quart import jsonify
from quart import request
from quart import Response

from quart_jwt import create_token_pair
from quart_jwt import get_current_user
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import revoke_family
from quart_jwt import rotate_refresh_token
from quart_jwt import unset_jwt_cookies
from quart_jwt import verify_jwt_in_request
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.service.accounts.admission import claims_of
from quart_jwt.service.accounts.directory import User
from quart_jwt.service.resources import current_resources
from quart_jwt.service.web.login_request import read_login
from quart_jwt.service.web.token_answers import token_answer

REFRESH_PATH = "/refresh"

routes: Blueprint = Blueprint("service", __name__)


@routes.post("/login")
async def login() -> Response:
    """Exchange a name and a password for the tokens of a new session."""
    wanted = await read_login(request)
    directory = current_resources().users.directory
    user = await directory.authenticate(wanted.username, wanted.password)
    pair = await create_token_pair(
        user.name, fresh=True, additional_claims=claims_of(user)
    )
    return token_answer(pair, in_cookies=wanted.cookies)


# The rotation itself asks whether the session lives, in the same step.
@routes.post(REFRESH_PATH)
@jwt_required(refresh=True, skip_revocation_check=True)
async def refresh() -> Response:
    """Exchange a refresh token for the next tokens of the same session."""
    user: User = get_current_user()
    pair = await rotate_refresh_token(additional_claims=claims_of(user))
    return token_answer(pair, in_cookies=get_jwt_request_location() == "cookies")


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
    payload = await _payload_even_if_over()
    if isinstance(payload.get("sid"), str):
        await revoke_family(payload["sid"], identity=payload["sub"])
    response = jsonify(logged_out=True)
    unset_jwt_cookies(response)
    return response


@routes.get("/healthz")
async def healthz() -> Response:
    """Answer 200 while the service can reach its database and its sessions."""
    await current_resources().database.ping()
    manager: JWTManager = current_app.extensions["quart-jwt"]
    await manager.ping_store()
    return jsonify(status="ok")


async def _payload_even_if_over() -> Mapping[str, Any]:
    """Return a token's payload through the main flow, letting its end pass."""
    try:
        await verify_jwt_in_request(verify_type=False, skip_revocation_check=True)
    except (ExpiredSignatureError, RevokedTokenError) as error:
        # Both are judged last: signature, claims and CSRF value were good.
        return error.jwt_data  # type: ignore[union-attr]
    return get_jwt()
