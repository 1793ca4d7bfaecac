"""How long a token lives: the setting, one token's own life, and no end at all."""

# Run: python -m examples.expiry
# mypy: allow-untyped-defs, allow-untyped-calls
import os
import secrets
from datetime import timedelta

from quart import jsonify
from quart import Quart
from quart_jwt import create_access_token
from quart_jwt import get_jwt
from quart_jwt import jwt_required
from quart_jwt import JWTManager

app = Quart(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
# 15 minutes if this line is left out; False makes tokens that never expire.
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(hours=1)
jwt = JWTManager(app)


@app.post("/token")
async def token():
    return jsonify(access_token=create_access_token(identity="ada"))


@app.post("/token/short")
async def short_token():
    life = timedelta(minutes=2)
    return jsonify(access_token=create_access_token(identity="ada", expires_delta=life))


@app.post("/token/forever")
async def endless_token():
    # Only for machines that cannot log in again, and only with a way to revoke it.
    return jsonify(access_token=create_access_token(identity="ci", expires_delta=False))


@app.get("/protected")
@jwt_required()
async def protected():
    claims = get_jwt()
    return jsonify(issued_at=claims["iat"], expires_at=claims.get("exp"))


if __name__ == "__main__":
    app.run()
