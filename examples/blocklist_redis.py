"""A blocklist in Redis: a token that was taken back is refused until it expires."""

# Run: python -m examples.blocklist_redis
# mypy: allow-untyped-defs, allow-untyped-calls
import os
import secrets
from datetime import timedelta

from quart import jsonify
from quart import Quart
from quart import request
from quart_jwt import create_access_token
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from redis.asyncio import Redis

# Stands for your table of users, which keeps password hashes and never passwords.
ACCOUNTS = [{"username": "ada", "password": "lovelace"}]
ACCESS_EXPIRES = timedelta(hours=1)

app = Quart(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = ACCESS_EXPIRES
jwt = JWTManager(app)
blocklist = Redis.from_url(os.environ.get("REDIS_URL") or "redis://localhost:6379/0")


@jwt.token_in_blocklist_loader
async def is_revoked(jwt_header, jwt_payload):
    return await blocklist.get(jwt_payload["jti"]) is not None


@app.post("/login")
async def login():
    account = await request.get_json(silent=True)
    if account not in ACCOUNTS:
        return jsonify(msg="Wrong username or password"), 401
    return jsonify(access_token=create_access_token(identity=account["username"]))


# The entry lives as long as a token can, and then Redis forgets it by itself.
@app.delete("/logout")
@jwt_required()
async def logout():
    await blocklist.set(get_jwt()["jti"], "", ex=ACCESS_EXPIRES)
    return jsonify(msg="Access token revoked")


@app.get("/protected")
@jwt_required()
async def protected():
    return jsonify(logged_in_as=get_jwt_identity())


if __name__ == "__main__":
    app.run()
