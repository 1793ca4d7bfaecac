"""Apps for the tests of the extension."""

from collections.abc import Callable
from typing import Any

import pytest
from quart import jsonify
from quart import Quart

from extension.apps import Client
from extension.apps import MakeApp
from extension.apps import Mint
from extension.apps import SECRET
from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from quart_jwt import get_jwt
from quart_jwt import jwt_required
from quart_jwt import JWTManager


@pytest.fixture(name="make_app")
def _make_app(clock: Callable[[], float]) -> MakeApp:
    """Builds an app with a manager, ``/protected`` and the given settings."""

    def make_app(**settings: Any) -> Quart:
        app = Quart(__name__)
        app.config["JWT_SECRET_KEY"] = SECRET
        app.config["PROPAGATE_EXCEPTIONS"] = False
        app.config.update(settings)
        JWTManager(app, clock=clock)

        @app.route("/protected", methods=["GET", "POST", "OPTIONS"])
        @jwt_required()
        async def protected() -> Any:
            return jsonify(get_jwt())

        return app

    return make_app


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Quart:
    return make_app()


@pytest.fixture(name="jwt")
def _jwt(app: Quart) -> JWTManager:
    manager: JWTManager = app.extensions["quart-jwt"]
    return manager


@pytest.fixture(name="client")
def _client(app: Quart) -> Client:
    return app.test_client()


@pytest.fixture(name="bearer")
def _bearer(app: Quart) -> Mint:
    """Makes the header of a new access token (or refresh token) for "joe"."""

    async def bearer(*, refresh: bool = False, **options: Any) -> dict[str, str]:
        make = create_refresh_token if refresh else create_access_token
        async with app.app_context():
            token = make(options.pop("identity", "joe"), **options)
        return {"Authorization": f"Bearer {token}"}

    return bearer
