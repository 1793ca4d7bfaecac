"""Basic use: log in, then ask for a protected page."""

# Run: python -m examples.basic.app
# mypy: allow-untyped-defs, allow-untyped-calls
import os
import secrets

from quart import Blueprint
from quart import jsonify
from quart import Quart
from quart import request
from quart_jwt import create_access_token
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required

from .exts import jwt

# Stands for your table of users, which keeps password hashes and never passwords.
ACCOUNTS = [{"username": "ada", "password": "lovelace"}]

views = Blueprint("views", __name__)


@views.post("/login")
async def login():
    account = await request.get_json(silent=True)
    if account not in ACCOUNTS:
        return jsonify(msg="Wrong username or password"), 401
    return jsonify(access_token=create_access_token(identity=account["username"]))


@views.get("/protected")
@jwt_required()
async def protected():
    return jsonify(logged_in_as=get_jwt_identity())


def create_app():
    app = Quart(__name__)
    # With no JWT_SECRET_KEY, tokens are signed with the app's own SECRET_KEY.
    app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
    jwt.init_app(app)
    app.register_blueprint(views)
    return app


if __name__ == "__main__":
    create_app().run()
