"""Four places in which a request may carry its token."""

# Run: python -m examples.locations
# mypy: allow-untyped-defs, allow-untyped-calls
import os
import secrets

from quart import jsonify
from quart import Quart
from quart_jwt import create_access_token
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import set_access_cookies

app = Quart(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
# The order is the order in which they are tried.
app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies", "json", "query_string"]
jwt = JWTManager(app)


@app.post("/token")
async def token():
    return jsonify(access_token=create_access_token(identity="ada"))


@app.post("/cookie")
async def cookie():
    response = jsonify(msg="The token is in the cookie access_token_cookie")
    set_access_cookies(response, create_access_token(identity="ada"))
    return response


@app.route("/where", methods=["GET", "POST"])
@jwt_required()
async def where():
    return jsonify(location=get_jwt_request_location())


@app.get("/header-only")
@jwt_required(locations=["headers"])
async def header_only():
    return jsonify(location=get_jwt_request_location())


if __name__ == "__main__":
    app.run()
