"""One sign-in per user: the server keeps the id of the newest token, older ones are refused."""

# Run: python -m examples.one_sign_in
# mypy: allow-untyped-defs, allow-untyped-calls
import os
import secrets

from quart import jsonify
from quart import Quart
from quart import request
from quart_jwt import create_access_token
from quart_jwt import get_jti
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager

# Stands for your table of users, which keeps password hashes and never passwords.
ACCOUNTS = [
    {"username": "ada", "password": "lovelace"},
    {"username": "grace", "password": "hopper"},
]
# Stands for a table or Redis: identity -> jti. The jti is enough; the token stays secret.
NEWEST_TOKEN: dict[str, str | None] = {}

app = Quart(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
jwt = JWTManager(app)


@jwt.token_in_blocklist_loader
async def signed_in_elsewhere(jwt_header, jwt_payload):
    return NEWEST_TOKEN.get(jwt_payload["sub"]) != jwt_payload["jti"]


@jwt.revoked_token_loader
async def say_why(jwt_header, jwt_payload):
    return jsonify(msg="Logged out here, or logged in somewhere else"), 401


@app.post("/login")
async def login():
    account = await request.get_json(silent=True)
    if account not in ACCOUNTS:
        return jsonify(msg="Wrong username or password"), 401
    token = create_access_token(identity=account["username"])
    NEWEST_TOKEN[account["username"]] = get_jti(token)
    return jsonify(access_token=token)


@app.post("/logout")
@jwt_required()
async def logout():
    del NEWEST_TOKEN[get_jwt_identity()]
    return jsonify(msg="Logged out")


@app.get("/protected")
@jwt_required()
async def protected():
    return jsonify(logged_in_as=get_jwt_identity())


if __name__ == "__main__":
    app.run()
