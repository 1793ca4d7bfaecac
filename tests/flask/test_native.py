"""Which routes need no thread, what keeps one in it, and that both answer the same."""

import asyncio
import threading
from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from typing import Any

import flask
import pytest
from flask import g
from flask import request
from flask import Response
from flask import session
from flask.sessions import SecureCookieSessionInterface

import quart_jwt
from flask_apps import bearer
from flask_apps import make_app
from flask_apps import manager_of
from flask_apps import wsgi_client
from quart_jwt.flask import Flask
from quart_jwt.flask import get_jwt_identity
from quart_jwt.flask import jwt_required
from quart_jwt.flask.counters import totals
from quart_jwt.flask.obstacles import obstacles
from through_asgi import client_of
from through_asgi import loop_thread

Change = Callable[[Flask, flask.Blueprint], object]


def make_native(change: Change = lambda _app, _blueprint: None) -> Flask:
    """An app with an async view in a blueprint, after a change to either."""
    app = make_app()
    blueprint = flask.Blueprint("b", __name__)

    @blueprint.get("/")
    @jwt_required(optional=True)
    async def view() -> Any:
        return {"ran": "view"}

    change(app, blueprint)
    app.register_blueprint(blueprint)
    return app


async def async_hook(*_args: Any) -> Any:
    """Neither looks nor answers."""


async def async_after(response: Any) -> Any:
    """Changes nothing."""
    return response


def sync_hook(*_args: Any, **_facts: Any) -> Any:
    """Neither looks nor answers."""


def sync_after(response: Any) -> Any:
    """Changes nothing."""
    return response


class OwnSessions(SecureCookieSessionInterface):
    """Of an extension; it may keep sessions in a database."""


def replace_pipeline(app: Flask, _blueprint: flask.Blueprint) -> None:
    """As Flask-RESTful and Flask-RESTX do."""
    inner = app.handle_user_exception
    app.handle_user_exception = partial(inner)  # type: ignore[method-assign]


def replace_wsgi(app: Flask, _blueprint: flask.Blueprint) -> None:
    """A middleware."""
    inner = app.wsgi_app
    app.wsgi_app = partial(inner)  # type: ignore[method-assign]


def connect_signal(app: Flask, _blueprint: flask.Blueprint) -> None:
    """A receiver of a signal."""
    flask.request_started.connect(sync_hook, app)


OBSTACLES: dict[str, Change] = {
    "before of the app": lambda app, _: app.before_request(sync_hook),
    "before of the blueprint": lambda _, b: b.before_request(sync_hook),
    "before of all apps": lambda _, b: b.before_app_request(sync_hook),
    "after of the app": lambda app, _: app.after_request(sync_after),
    "after of the blueprint": lambda _, b: b.after_request(sync_after),
    "teardown of the app": lambda app, _: app.teardown_request(sync_hook),
    "teardown of the blueprint": lambda _, b: b.teardown_request(sync_hook),
    "teardown of contexts": lambda app, _: app.teardown_appcontext(sync_hook),
    "URL values": lambda app, _: app.url_value_preprocessor(sync_hook),
    "URL values of the blueprint": lambda _, b: b.url_value_preprocessor(sync_hook),
    "URL defaults": lambda app, _: app.url_defaults(sync_hook),
    "error handler": lambda app, _: app.errorhandler(KeyError)(sync_hook),
    "error handler for a code": lambda app, _: app.errorhandler(404)(sync_hook),
    "error handler of the blueprint": lambda _, b: b.errorhandler(KeyError)(sync_hook),
    "sync look-up": lambda app, _: manager_of(app).user_lookup_loader(sync_hook),
    "sync blocklist": (
        lambda app, _: manager_of(app).token_in_blocklist_loader(sync_hook)
    ),
    "sync answer": lambda app, _: manager_of(app).unauthorized_loader(sync_hook),
    "sessions": lambda app, _: setattr(app, "session_interface", OwnSessions()),
    "replaced handler": replace_pipeline,
    "middleware": replace_wsgi,
    "signal": connect_signal,
}

NONE: dict[str, Change] = {
    "nothing": lambda _app, _blueprint: None,
    "async before": lambda app, _: app.before_request(async_hook),
    "async after": lambda app, _: app.after_request(async_after),
    "async teardown": lambda app, _: app.teardown_appcontext(async_hook),
    "async error handler": lambda app, _: app.errorhandler(KeyError)(async_hook),
    "async look-up": lambda app, _: manager_of(app).user_lookup_loader(async_hook),
    "nonblocking answer": lambda app, _: manager_of(app).unauthorized_loader(
        quart_jwt.nonblocking(lambda reason: (reason, 401))
    ),
    "another blueprint's": lambda app, _: app.register_blueprint(_other_blueprint()),
}


def _other_blueprint() -> flask.Blueprint:
    other = flask.Blueprint("other", __name__, url_prefix="/other")
    other.before_request(sync_hook)
    return other


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_is_sync_keeps_a_route_in_a_thread(name: str) -> None:
    """It is named, too."""
    app = make_native(OBSTACLES[name])

    assert len(obstacles(app, "b.view")) == 1
    assert client_of(app).get("/").get_json() == {"ran": "view"}


@pytest.mark.parametrize("name", NONE)
def test_what_is_async_needs_no_thread(name: str) -> None:
    """Nor does what concerns other routes."""
    app = make_native(NONE[name])

    assert obstacles(app, "b.view") == ()
    assert client_of(app).get("/").get_json() == {"ran": "view"}


def test_a_sync_view_and_an_unknown_one_run_in_a_thread() -> None:
    """The first obstacle is the view."""
    app = make_app()
    app.get("/")(lambda: "hello")

    assert obstacles(app, "<lambda>") == ("the view is sync",)
    assert obstacles(app, "none") == ("the view is sync",)


def traced_app(  # noqa: C901 - a hook of each kind
    *, in_a_thread: bool
) -> tuple[Flask, list[str]]:
    """An app whose hooks note their order, in a thread or not."""
    app, seen = make_app(), list[str]()
    if in_a_thread:
        app.url_defaults(lambda _endpoint, _values: None)

    def note(name: str) -> None:
        seen.append(f"{name} {request.path}")

    @app.before_request
    async def before() -> Any:
        note("before")
        g.name, session["seen"] = "g", True
        if "stop" in request.args:
            return "stopped", 418
        return None

    @app.before_request
    async def second() -> None:
        await asyncio.sleep(0)
        note("second")

    @app.after_request
    async def after(response: Any) -> Any:
        note("after")
        response.headers["X-After"] = g.name
        return response

    @app.teardown_request
    async def teardown(error: Any) -> None:
        note(f"teardown {type(error).__name__}")

    @app.teardown_appcontext
    async def teardown_app(error: Any) -> None:
        seen.append(f"teardown of the app {type(error).__name__}")

    @app.errorhandler(LookupError)
    async def handler(_error: Exception) -> Any:
        note("handler")
        return "handled", 409

    @app.errorhandler(404)
    async def not_found(_error: Exception) -> Any:
        note("not found")
        return "no such thing", 404

    return app, seen


def add_views(app: Flask) -> None:
    """Views of all kinds of answers."""

    @app.route("/view/<int:number>", methods=["GET", "POST"])
    @jwt_required(optional=True)
    async def view(number: int) -> Any:
        flask.after_this_request(_mark)
        body = request.get_json(silent=True)
        return {"n": number, "g": g.name, "user": get_jwt_identity(), "body": body}

    @app.get("/protected")
    @jwt_required()
    async def protected() -> Any:
        return get_jwt_identity(), 202

    @app.get("/known")
    async def known() -> Any:
        raise KeyError

    @app.get("/unknown")
    async def unknown() -> Any:
        raise ValueError

    @app.get("/abort")
    async def aborts() -> Any:
        flask.abort(404)

    @app.get("/none")
    async def none() -> Any:
        return None

    @app.get("/slash/")
    async def slash() -> Any:
        return "slash"

    @app.get("/stream")
    async def stream() -> Any:
        def pieces() -> Iterator[str]:
            yield "a"
            yield str(threading.current_thread().name.startswith("quart-jwt-"))

        return Response(pieces())


def _mark(response: Any) -> Any:
    response.headers["X-This"] = "1"
    return response


REQUESTS = [
    *[("GET", path) for path in ("/view/1", "/view/x", "/protected", "/known")],
    *[("GET", path) for path in ("/unknown", "/abort", "/none", "/slash", "/slash/")],
    *[("GET", path) for path in ("/nothing", "/view/1?stop=1", "/stream")],
    *[("POST", "/view/2"), ("OPTIONS", "/view/1"), ("HEAD", "/view/1")],
    *[("DELETE", "/view/1"), ("OPTIONS", "/protected")],
]


@pytest.mark.parametrize("has_token", [True, False])
@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_both_ways_answer_the_same(method: str, path: str, *, has_token: bool) -> None:
    """The same hooks in the same order, and the same response."""
    answers, orders, native = [], [], []
    for in_a_thread in (True, False):
        app, seen = traced_app(in_a_thread=in_a_thread)
        add_views(app)
        headers = bearer(app) if has_token else {}
        seen.clear()
        json = {"a": 1} if method == "POST" else None
        before = totals()["native_requests"]
        answer = client_of(app).open(path, method=method, headers=headers, json=json)
        answers.append((answer.status_code, answer.data, _headers(answer)))
        orders.append([*seen])
        native.append(totals()["native_requests"] - before)

    assert answers[0] == answers[1]
    assert orders[0] == orders[1]
    matched = path not in {"/nothing", "/view/x", "/slash"} and method != "DELETE"
    assert native == [0, int(matched)]


def _headers(answer: Any) -> list[tuple[str, str]]:
    return sorted((k, v) for k, v in answer.headers if k != "Set-Cookie")


def test_async_code_of_a_route_in_a_thread_runs_on_the_loop() -> None:
    """A view that is async is never run by the thread itself."""
    app, server = make_app(), loop_thread()
    app.before_request(sync_hook)

    @app.get("/")
    async def view() -> Any:
        return str(threading.get_ident() == server)

    assert client_of(app).get("/").text == "True"
    assert wsgi_client(app).get("/").text == "False"  # there it is the background's


def test_a_large_body_is_read_in_a_thread() -> None:
    """Reading it would block the loop; the answer is the same."""
    app = make_app()

    @app.post("/")
    async def view() -> Any:
        return str(len(request.get_data()))

    body = bytes(3 << 20)

    assert client_of(app).post("/", data=body).text == str(len(body))
    assert client_of(app).post("/", data=b"small").text == "5"


def test_an_error_in_debug_mode_reaches_the_server_natively() -> None:
    """And the teardown functions run."""
    app, seen = traced_app(in_a_thread=False)
    add_views(app)
    app.config.update(DEBUG=True, PROPAGATE_EXCEPTIONS=None)

    with pytest.raises(ValueError, match=r"^$"):
        client_of(app).get("/unknown")
    assert seen[-2:] == [
        "teardown ValueError /unknown",
        "teardown of the app ValueError",
    ]
