"""The side that the routes move to: Quart and quart-jwt."""

from typing import Any

from fleet import ACCOUNTS
from fleet import BLOCKLIST_URL
from fleet import JWT_SETTINGS
from moved_blocklist import open_blocklist
from quart import jsonify
from quart import Quart
from quart import request
from quart import Response

from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import set_access_cookies
from quart_jwt import set_refresh_cookies
from quart_jwt import unset_jwt_cookies

app = Quart(__name__)
app.config.update(JWT_SETTINGS)
jwt = JWTManager(app)
blocklist = open_blocklist(BLOCKLIST_URL)
app.before_serving(blocklist.open)
app.after_serving(blocklist.close)


@jwt.token_in_blocklist_loader
async def is_revoked(_header: dict[str, Any], payload: dict[str, Any]) -> bool:
    """Ask for every token."""
    return await blocklist.has(payload["jti"])


@app.post("/login")
async def login() -> Any:
    """Give a pair of tokens, in the body or in cookies."""
    wanted = await request.get_json()
    in_cookies = wanted.pop("cookies", False)
    if wanted not in ACCOUNTS:
        return jsonify(msg="Wrong username or password"), 401
    access = create_access_token(wanted["username"], fresh=True)
    refresh_token = create_refresh_token(wanted["username"])
    if not in_cookies:
        return jsonify(by="quart", access_token=access, refresh_token=refresh_token)
    response = jsonify(by="quart")
    set_access_cookies(response, access)
    set_refresh_cookies(response, refresh_token)
    return response


@app.post("/refresh")
@jwt_required(refresh=True)
async def refresh() -> Response:
    """Give a new access token where the refresh token came from."""
    access = create_access_token(get_jwt_identity())
    if get_jwt_request_location() != "cookies":
        return jsonify(by="quart", access_token=access)
    response = jsonify(by="quart")
    set_access_cookies(response, access)
    return response


@app.route("/account", methods=["GET", "POST"])
@jwt_required()
async def account() -> Response:
    """Stand for all that is protected."""
    return jsonify(by="quart", name=get_jwt_identity())


@app.post("/logout")
@jwt_required(verify_type=False)
async def logout() -> Response:
    """Revoke the token that came."""
    await blocklist.revoke(get_jwt()["jti"])
    response = jsonify(by="quart")
    unset_jwt_cookies(response)
    return response
