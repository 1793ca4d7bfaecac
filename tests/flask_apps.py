"""Flask apps of ``quart_jwt.flask`` for tests, and clients for both of their sides."""

from collections.abc import Callable
from typing import Any

from werkzeug.test import Client

from quart_jwt.flask import create_access_token
from quart_jwt.flask import Flask
from quart_jwt.flask import JWTManager
from through_asgi import client_of

SECRET = "flask-tests-have-a-secret-of-48-characters-here!"


def make_app(**config: Any) -> Flask:
    """An app with a manager; errors are answered, not raised."""
    app = Flask("shop")
    app.config.update(JWT_SECRET_KEY=SECRET, SECRET_KEY=SECRET)
    app.config.update({"PROPAGATE_EXCEPTIONS": False, **config})
    JWTManager(app)
    return app


def manager_of(app: Flask) -> JWTManager:
    """The manager of an app."""
    manager: JWTManager = app.extensions["quart-jwt"]
    return manager


def bearer(app: Flask, identity: str = "ada", **options: Any) -> dict[str, str]:
    """The header of a new access token."""
    with app.app_context():
        token = create_access_token(identity, **options)
    return {"Authorization": f"Bearer {token}"}


def wsgi_client(app: Flask) -> Client:
    """Flask's own client: the request runs in the test's thread."""
    return app.test_client()


MAKE_CLIENT: dict[str, Callable[[Flask], Client]] = {
    "wsgi": wsgi_client,
    "asgi": client_of,
}
"""A client for either side of an app."""
