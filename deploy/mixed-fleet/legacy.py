"""The side that is being left: Flask and Flask-JWT-Extended."""

from typing import Any

from flask import Flask
from flask import jsonify
from flask import request
from flask import Response
from flask_jwt_extended import create_access_token
from flask_jwt_extended import create_refresh_token
from flask_jwt_extended import get_jwt
from flask_jwt_extended import get_jwt_identity
from flask_jwt_extended import get_jwt_request_location
from flask_jwt_extended import jwt_required
from flask_jwt_extended import JWTManager
from flask_jwt_extended import set_access_cookies
from flask_jwt_extended import set_refresh_cookies
from flask_jwt_extended import unset_jwt_cookies
from fleet import ACCOUNTS
from fleet import BLOCKLIST_URL
from fleet import JWT_SETTINGS
from legacy_blocklist import open_blocklist

app = Flask(__name__)
app.config.update(JWT_SETTINGS)
jwt = JWTManager(app)
blocklist = open_blocklist(BLOCKLIST_URL)


@jwt.token_in_blocklist_loader
def is_revoked(_header: dict[str, Any], payload: dict[str, Any]) -> bool:
    """Ask for every token."""
    return blocklist.has(payload["jti"])


@app.post("/login")
def login() -> Any:
    """Give a pair of tokens, in the body or in cookies."""
    wanted = request.get_json()
    in_cookies = wanted.pop("cookies", False)
    if wanted not in ACCOUNTS:
        return jsonify(msg="Wrong username or password"), 401
    access = create_access_token(wanted["username"], fresh=True)
    refresh_token = create_refresh_token(wanted["username"])
    if not in_cookies:
        return jsonify(by="flask", access_token=access, refresh_token=refresh_token)
    response = jsonify(by="flask")
    set_access_cookies(response, access)
    set_refresh_cookies(response, refresh_token)
    return response


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh() -> Response:
    """Give a new access token where the refresh token came from."""
    access = create_access_token(get_jwt_identity())
    if get_jwt_request_location() != "cookies":
        return jsonify(by="flask", access_token=access)
    response = jsonify(by="flask")
    set_access_cookies(response, access)
    return response


@app.route("/account", methods=["GET", "POST"])
@jwt_required()
def account() -> Response:
    """Stand for all that is protected."""
    return jsonify(by="flask", name=get_jwt_identity())


@app.post("/logout")
@jwt_required(verify_type=False)
def logout() -> Response:
    """Revoke the token that came."""
    blocklist.revoke(get_jwt()["jti"])
    response = jsonify(by="flask")
    unset_jwt_cookies(response)
    return response
