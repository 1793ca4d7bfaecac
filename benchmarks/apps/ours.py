# mypy: ignore-errors
# ruff: noqa: ANN201, ANN202
# Why: what the peers stand on is not installed where types are checked.
"""Quart and quart-jwt: one protected route, and a look at the cache."""

from dataclasses import asdict

from quart import jsonify
from quart import Quart

from benchmarks.apps.settings import SECRET
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager


def make_app():
    """Make the application, and give its manager too."""
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    jwt = JWTManager(app)

    @app.get("/protected")
    @jwt_required()
    async def protected():
        return jsonify(logged_in_as=get_jwt_identity())

    @app.get("/def")
    @jwt_required()
    def protected_in_a_thread():
        return jsonify(logged_in_as=get_jwt_identity())

    @app.get("/open")
    async def unprotected():
        return jsonify(logged_in_as="ada")

    @app.get("/bench/cache")
    async def cache():
        return asdict(jwt.cache_info())

    return app, jwt
