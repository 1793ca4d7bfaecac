"""Tokens in cookies with CSRF protection, renewed while the user stays active."""

# Run: python -m examples.cookies
# mypy: allow-untyped-defs, allow-untyped-calls
import os
import secrets
from datetime import datetime
from datetime import timedelta
from datetime import UTC

from quart import jsonify
from quart import Quart
from quart import request
from quart_jwt import create_access_token
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import set_access_cookies
from quart_jwt import unset_jwt_cookies

# Stands for your table of users, which keeps password hashes and never passwords.
ACCOUNTS = [{"username": "ada", "password": "lovelace"}]

app = Quart(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
app.config["JWT_TOKEN_LOCATION"] = ["cookies"]
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(hours=1)
# True everywhere but on a developer's own machine: the cookie then needs HTTPS.
app.config["JWT_COOKIE_SECURE"] = "SECRET_KEY" in os.environ
jwt = JWTManager(app)


@app.after_request
async def renew_cookie_near_its_end(response):
    cookies = response.headers.getlist("Set-Cookie")
    if any(cookie.startswith("access_token_cookie=") for cookie in cookies):
        return response  # a login or a logout has the last word about the cookie
    try:
        expires_at = get_jwt()["exp"]
    except (RuntimeError, KeyError):
        return response  # this request had no token, or one without an end
    if datetime.now(UTC) + timedelta(minutes=30) > datetime.fromtimestamp(
        expires_at, UTC
    ):
        set_access_cookies(response, create_access_token(identity=get_jwt_identity()))
    return response


@app.post("/login")
async def login():
    account = await request.get_json(silent=True)
    if account not in ACCOUNTS:
        return jsonify(msg="Wrong username or password"), 401
    response = jsonify(msg="Logged in")
    set_access_cookies(response, create_access_token(identity=account["username"]))
    return response


@app.post("/logout")
@jwt_required()
async def logout():
    response = jsonify(msg="Logged out")
    unset_jwt_cookies(response)
    return response


@app.route("/protected", methods=["GET", "POST"])
@jwt_required()
async def protected():
    # A POST must carry the value of the cookie csrf_access_token as X-CSRF-TOKEN.
    return jsonify(logged_in_as=get_jwt_identity())


if __name__ == "__main__":
    app.run()
