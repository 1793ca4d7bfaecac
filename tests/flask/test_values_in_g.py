"""Flask-JWT-Extended's private values in ``g``, which projects write."""

import asyncio
from collections.abc import Callable
from typing import Any
from unittest import mock

import flask
import flask_jwt_extended
import pytest
from flask import g
from flask import render_template_string
from werkzeug.test import Client

import quart_jwt.flask
from flask_apps import bearer
from flask_apps import make_app
from flask_apps import manager_of
from quart_jwt.flask import current_user
from quart_jwt.flask import Flask
from quart_jwt.flask import get_current_user
from quart_jwt.flask import get_jwt
from quart_jwt.flask import get_jwt_header
from quart_jwt.flask import get_jwt_identity
from quart_jwt.flask import get_jwt_request_location
from quart_jwt.flask import jwt_required
from quart_jwt.flask import verify_jwt_in_request
from quart_jwt.flask.utils import current_user_context_processor

ClientFor = Callable[[Flask], Client]
KEY = "k" * 32


def _write(name: str) -> None:
    values: Any = g
    values._jwt_extended_jwt = {"sub": name}
    values._jwt_extended_jwt_header = {"alg": name}
    values._jwt_extended_jwt_user = {"loaded_user": name}
    values._jwt_extended_jwt_location = name


def _read() -> dict[str, Any]:
    return {
        "claims": get_jwt()["sub"],
        "header": get_jwt_header()["alg"],
        "identity": get_jwt_identity(),
        "location": get_jwt_request_location(),
        "user": get_current_user(),
        "proxy": str(current_user),
    }


WRITTEN = dict.fromkeys(
    ("claims", "header", "identity", "location", "user", "proxy"), "ben"
)
VERIFIED = {**dict.fromkeys(WRITTEN, "ada"), "header": "HS256", "location": "headers"}


def _app() -> Flask:
    app = make_app()
    manager_of(app).user_lookup_loader(
        quart_jwt.nonblocking(lambda _header, claims: claims["sub"])
    )
    return app


@pytest.mark.parametrize(
    ("app_class", "library"),
    [(flask.Flask, flask_jwt_extended), (quart_jwt.flask.Flask, quart_jwt.flask)],
)
def test_a_user_written_after_an_optional_verification_counts(
    app_class: Any, library: Any
) -> None:
    """As under Flask-JWT-Extended; a token's user stays."""
    app = app_class("shop")
    app.config["JWT_SECRET_KEY"] = KEY
    library.JWTManager(app).user_lookup_loader(lambda _header, claims: claims["sub"])

    def view() -> Any:
        values: Any = g
        if not library.verify_jwt_in_request(optional=True):
            values._jwt_extended_jwt_user = {"loaded_user": "anonymous"}
        return {"user": library.get_current_user()}

    app.get("/")(view)
    with app.app_context():
        token = library.create_access_token("ada")
    client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}

    assert client.get("/").json == {"user": "anonymous"}
    assert client.get("/", headers=headers).json == {"user": "ada"}


def test_what_a_mock_of_the_verification_writes_is_read() -> None:
    """Nothing was verified; the values are the test's own."""
    app = _app()

    @app.get("/")
    def view() -> Any:
        quart_jwt.flask.verify_jwt_in_request()
        return _read()

    fake = mock.patch(
        "quart_jwt.flask.verify_jwt_in_request", side_effect=lambda: _write("ben")
    )
    with fake:
        assert app.test_client().get("/").json == WRITTEN
    assert app.test_client().get("/").status_code == 401


@pytest.mark.parametrize("is_async", [False, True])
def test_what_is_written_after_a_verification_counts(
    client_for: ClientFor, is_async: bool
) -> None:
    """It counts as under Flask-JWT-Extended, in templates as well."""
    app = _app()
    app.context_processor(current_user_context_processor)

    def view() -> Any:
        _write("ben")
        return {**_read(), "template": render_template_string("{{ current_user }}")}

    async def async_view() -> Any:
        await asyncio.sleep(0)
        return view()

    app.get("/")(jwt_required()(async_view if is_async else view))

    answer = client_for(app).get("/", headers=bearer(app))
    assert answer.json == {**WRITTEN, "template": "ben"}


@pytest.mark.parametrize("way", ["sync", "async", "call"])
def test_a_verification_goes_before_what_was_written_earlier(
    client_for: ClientFor, way: str
) -> None:
    """Also where the token is recognised, and in a request without a thread."""
    app = _app()

    @app.before_request
    async def write() -> None:
        _write("ben")

    async def async_view() -> Any:
        return _read()

    def calling() -> Any:
        verify_jwt_in_request()
        return _read()

    views = {
        "sync": jwt_required()(_read),
        "async": jwt_required()(async_view),
        "call": calling,
    }
    app.get("/")(views[way])
    client, headers = client_for(app), bearer(app)

    for _ in range(3):
        assert client.get("/", headers=headers).json == VERIFIED


@pytest.mark.parametrize("is_optional", [False, True])
@pytest.mark.parametrize("is_async", [False, True])
def test_nothing_is_accepted_by_what_is_written(
    client_for: ClientFor, is_optional: bool, is_async: bool
) -> None:
    """A protected view is not entered, and an optional one is anonymous."""
    app = _app()

    @app.before_request
    async def write() -> None:
        _write("ben")

    def view() -> Any:
        return {"user": get_current_user(), "identity": get_jwt_identity()}

    async def async_view() -> Any:
        return view()

    protect: Any = jwt_required(optional=is_optional)
    app.get("/")(protect(async_view if is_async else view))

    answer = client_for(app).get("/")
    if is_optional:
        assert answer.json == {"user": None, "identity": None}
    else:
        assert answer.status_code == 401


def test_a_user_alone_is_no_verification() -> None:
    """As under Flask-JWT-Extended, the claims have to be there."""
    app = _app()
    with app.test_request_context():
        values: Any = g
        values._jwt_extended_jwt_user = {"loaded_user": "ben"}
        with pytest.raises(RuntimeError, match="You must call"):
            get_current_user()


async def test_a_quart_route_does_not_read_what_a_flask_context_holds() -> None:
    """Its request is one of its own."""
    app = _app()

    @app.quart.get("/quart")
    @quart_jwt.jwt_required()
    async def quart_view() -> Any:
        return _read()

    headers = bearer(app)
    with app.app_context():
        _write("ben")
        answer = await app.quart.test_client().get("/quart", headers=headers)

    assert await answer.get_json() == VERIFIED
