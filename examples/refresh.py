"""A short access token, and a long refresh token that buys new ones."""

# Run: python -m examples.refresh
# mypy: allow-untyped-defs, allow-untyped-calls
import os
import secrets

from quart import jsonify
from quart import Quart
from quart import request
from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager

# Stands for your table of users, which keeps password hashes and never passwords.
ACCOUNTS = [{"username": "ada", "password": "lovelace"}]

app = Quart(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
jwt = JWTManager(app)


@app.post("/login")
async def login():
    account = await request.get_json(silent=True)
    if account not in ACCOUNTS:
        return jsonify(msg="Wrong username or password"), 401
    identity = account["username"]
    return jsonify(
        access_token=create_access_token(identity=identity, fresh=True),
        refresh_token=create_refresh_token(identity=identity),
    )


@app.post("/refresh")
@jwt_required(refresh=True)
async def refresh():
    # Not fresh: whoever shows it has not given the password just now.
    return jsonify(access_token=create_access_token(identity=get_jwt_identity()))


@app.get("/protected")
@jwt_required()
async def protected():
    return jsonify(logged_in_as=get_jwt_identity())


@app.post("/password")
@jwt_required(fresh=True)
async def change_password():
    return jsonify(msg="You logged in a moment ago, so this is allowed")


if __name__ == "__main__":
    app.run()
