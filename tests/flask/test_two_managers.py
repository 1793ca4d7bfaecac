"""A library registers a second manager for an app: the hooks of both count."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from quart import Quart
from werkzeug.test import Client

import quart_jwt
from flask_apps import bearer
from flask_apps import make_app
from flask_apps import manager_of
from flask_apps import SECRET
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.flask import create_access_token
from quart_jwt.flask import current_user
from quart_jwt.flask import Flask
from quart_jwt.flask import get_jwt
from quart_jwt.flask import jwt_required
from quart_jwt.flask import JWTManager
from quart_jwt.flask.internal_utils import get_jwt_manager
from quart_jwt.stores.memory import MemoryStore

ClientFor = Callable[[Flask], Client]


def _app() -> tuple[Flask, Any, JWTManager]:
    app = make_app()
    first = manager_of(app)
    second = JWTManager()
    second.init_app(app)

    @app.get("/")
    @jwt_required()
    def view() -> Any:
        return {"sub": get_jwt()["sub"]}

    @app.get("/async")
    @jwt_required()
    async def async_view() -> Any:
        return {"sub": get_jwt()["sub"]}

    return app, first, second


def _revokes(identity: str, *, is_async: bool = False) -> Any:
    async def revoked(_header: Any, claims: Any) -> bool:
        return bool(claims["sub"] == identity)

    return revoked if is_async else lambda _header, claims: claims["sub"] == identity


@pytest.mark.parametrize("path", ["/", "/async"])
@pytest.mark.parametrize("is_async", [(False, False), (True, False), (True, True)])
def test_a_token_that_either_blocklist_refuses_is_refused(
    client_for: ClientFor, path: str, is_async: tuple[bool, bool]
) -> None:
    """Whenever each was registered, and sync or async."""
    app, first, second = _app()
    client = client_for(app)
    headers = {name: bearer(app, name) for name in ("ada", "ben", "cyd")}

    def answers() -> list[int]:
        given = headers.values()
        return [client.get(path, headers=one).status_code for one in given]

    assert answers() == [200, 200, 200]
    first.token_in_blocklist_loader(_revokes("ada", is_async=is_async[0]))
    assert answers() == [401, 200, 200]
    second.token_in_blocklist_loader(_revokes("ben", is_async=is_async[1]))
    assert answers() == [401, 401, 200]


def test_a_token_has_to_pass_the_verification_hooks_of_both() -> None:
    """Neither hook is lost."""
    app, first, second = _app()
    second.token_verification_loader(_revokes("ada"))
    assert app.test_client().get("/", headers=bearer(app, "ada")).status_code == 200

    first.token_verification_loader(_revokes("ben"))

    for name in "ada", "ben":
        answer = app.test_client().get("/", headers=bearer(app, name))
        assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/", "/async"])
def test_what_the_second_does_not_set_stays_the_firsts(
    client_for: ClientFor, path: str
) -> None:
    """Answers, claims and users; what both set is the second's."""
    app, first, second = _app()
    client = client_for(app)
    first.unauthorized_loader(lambda _reason: ("of the first", 418))
    first.additional_claims_loader(lambda _identity: {"by": 1})
    first.user_lookup_loader(lambda _header, claims: (1, claims["by"]))

    @app.get("/user")
    @jwt_required()
    def user() -> Any:
        return {"user": list(current_user)}

    assert (client.get(path).status_code, client.get(path).text) == (
        418,
        "of the first",
    )
    assert client.get("/user", headers=bearer(app)).json == {"user": [1, 1]}

    second.unauthorized_loader(lambda _reason: ("of the second", 409))
    second.additional_claims_loader(lambda _identity: {"by": 2})
    second.user_lookup_loader(lambda _header, claims: (2, claims["by"]))

    assert (client.get(path).status_code, client.get(path).text) == (
        409,
        "of the second",
    )
    assert client.get("/user", headers=bearer(app)).json == {"user": [2, 2]}


def test_hooks_on_the_apps_manager_count() -> None:
    """It takes the place of both in ``app.extensions``."""
    app, first, second = _app()
    first.token_in_blocklist_loader(_revokes("ada"))
    second.additional_claims_loader(lambda _identity: {"by": 2})
    with app.app_context():
        get_jwt_manager().token_in_blocklist_loader(_revokes("ben"))
        get_jwt_manager().additional_claims_loader(lambda _identity: {"by": 3})
        get_jwt_manager().revoked_token_loader(lambda _header, _claims: ("gone", 410))
        tokens = [create_access_token(name) for name in ("ada", "ben", "cyd")]

    answers = [
        app.test_client().get("/", headers={"Authorization": f"Bearer {token}"})
        for token in tokens
    ]

    assert [answer.status_code for answer in answers] == [410, 410, 200]
    assert app.extensions["flask-jwt-extended"] is second


def test_a_third_manager_takes_no_hook_away() -> None:
    """Each blocklist is asked."""
    app, first, second = _app()
    third = JWTManager(app)
    assert manager_of(app).verifying is manager_of(app).verifying  # as the gate asks
    for manager, name in (first, "ada"), (second, "ben"), (third, "cyd"):
        manager.token_in_blocklist_loader(_revokes(name))

    answers = [
        app.test_client().get("/", headers=bearer(app, name)).status_code
        for name in ("ada", "ben", "cyd", "dan")
    ]
    assert answers == [401, 401, 401, 200]


def test_a_handler_of_the_app_stays() -> None:
    """What the app has said about an error goes before both managers."""
    app = make_app()
    handler = app.register_error_handler
    handler(quart_jwt.exceptions.NoAuthorizationError, lambda _error: ("own", 418))
    JWTManager(app)
    app.get("/")(jwt_required()(lambda: "in"))

    assert app.test_client().get("/").status_code == 418


def test_managers_of_several_apps_keep_their_hooks() -> None:
    """A hook of one app's manager does not reach another app through a shared one."""
    shared = JWTManager()
    apps = [make_app(), make_app()]
    for app, name in zip(apps, ("ada", "ben"), strict=True):
        manager_of(app).token_in_blocklist_loader(_revokes(name))
        shared.init_app(app)
        app.get("/")(jwt_required()(lambda: "in"))

    answers = [
        [
            app.test_client().get("/", headers=bearer(app, name)).status_code
            for name in ("ada", "ben")
        ]
        for app in apps
    ]
    assert answers == [[401, 200], [200, 401]]


def test_it_is_logged_once_with_both_places(caplog: pytest.LogCaptureFixture) -> None:
    """The same manager again is neither a second one nor logged."""
    app = Flask("shop")
    app.config["JWT_SECRET_KEY"] = SECRET
    first = JWTManager(app)
    first.init_app(app)
    assert not caplog.records

    second = JWTManager(app)
    second.init_app(app)
    first.init_app(app)

    [record] = caplog.records
    assert (record.name, record.levelno) == ("quart_jwt", logging.WARNING)
    assert record.getMessage().count(f"{__file__}:") == 2


def test_a_second_store_and_a_quart_app_are_refused() -> None:
    """Revocations must not be in a store that nobody asks."""
    app = make_app()
    with pytest.raises(ConfigurationError, match="a second one cannot have a store"):
        JWTManager(app, store=MemoryStore())

    quart_app = Quart("shop")
    JWTManager(quart_app)
    with pytest.raises(ConfigurationError, match="already has a JWTManager"):
        JWTManager(quart_app)
