"""Every safeguard of a Quart app is one of a Flask app, too: nothing fails open."""

import asyncio
import logging
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterator
from functools import wraps
from typing import Any

import flask
import pytest
import quart
from flask import Response
from werkzeug.test import Client

import quart_jwt
from clock import Clock
from flask_apps import bearer
from flask_apps import make_app
from flask_apps import manager_of
from flask_apps import SECRET
from quart_jwt import MemoryStore
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.flask import create_access_token
from quart_jwt.flask import Flask
from quart_jwt.flask import get_jwt_identity
from quart_jwt.flask import jwt_required
from quart_jwt.flask import JWTManager
from quart_jwt.flask import revoke_all_for
from quart_jwt.flask import verify_jwt_in_request
from through_asgi import client_of

ClientFor = Callable[[Flask], Client]


def refuse_without_token() -> None:
    """The guard of an app."""
    verify_jwt_in_request()


@pytest.mark.parametrize("has_token", [True, False])
@pytest.mark.parametrize("is_native", [True, False], ids=["native", "thread"])
def test_a_verification_that_is_not_awaited_is_a_500(
    client_for: ClientFor,
    caplog: pytest.LogCaptureFixture,
    *,
    is_native: bool,
    has_token: bool,
) -> None:
    """In an async view of Flask's, whether or not it runs in a thread."""
    app = make_app()
    if not is_native:
        app.before_request(lambda: None)

    @app.get("/")
    async def view() -> Any:
        quart_jwt.verify_jwt_in_request()
        return {"open": True}

    answer = client_for(app).get("/", headers=bearer(app) if has_token else {})

    assert answer.status_code == 500
    assert b"open" not in answer.data
    assert "was called and not awaited" in caplog.text


def test_an_unawaited_verification_of_a_hook_dispatches_no_view(
    client_for: ClientFor,
) -> None:
    """The view does not run at all."""
    app, ran = make_app(), list[int]()

    async def guard() -> None:
        quart_jwt.verify_jwt_in_request()

    app.before_request(guard)

    @app.get("/")
    def view() -> str:
        ran.append(1)
        return "hello"

    assert client_for(app).get("/").status_code == 500
    assert ran == []


def test_an_unawaited_verification_of_an_error_handler_is_a_500(
    client_for: ClientFor,
) -> None:
    """Also where the response is that of an error handler."""
    app = make_app()

    @app.errorhandler(LookupError)
    async def handler(_error: Exception) -> Any:
        quart_jwt.verify_jwt_in_request()
        return "open"

    @app.errorhandler(500)
    async def last(_error: Exception) -> Any:
        quart_jwt.verify_jwt_in_request()
        return "open"

    @app.get("/")
    async def view() -> Any:
        raise LookupError

    answer = client_for(app).get("/")

    assert (answer.status_code, answer.data) == (500, b"")


def test_a_verification_that_fails_in_another_task_is_heard(
    client_for: ClientFor,
) -> None:
    """Swallowed there, it keeps the request closed."""
    app = make_app()

    @app.get("/")
    async def view() -> Any:
        asked = quart_jwt.verify_jwt_in_request()

        async def verify() -> None:
            await asked

        await asyncio.gather(verify(), return_exceptions=True)
        return {"open": True}

    client = client_for(app)

    assert client.get("/").status_code == 500
    assert client.get("/", headers=bearer(app)).get_json() == {"open": True}


def test_it_is_too_late_to_verify_in_a_stream(client_for: ClientFor) -> None:
    """The response has begun to leave: an error, not an open door."""
    app = make_app()

    @app.get("/")
    @jwt_required(optional=True)
    def view() -> Response:
        async def late() -> None:
            await quart_jwt.verify_jwt_in_request()

        def pieces() -> Iterator[str]:
            with pytest.raises(RuntimeError, match="after the response had started"):
                app.async_to_sync(late)()
            yield "closed"

        return Response(flask.stream_with_context(pieces()))

    assert client_for(app).get("/").text == "closed"


@pytest.mark.parametrize("is_async_view", [True, False])
@pytest.mark.parametrize("is_async_hook", [True, False])
@pytest.mark.parametrize("hook", ["blocklist", "user", "verification"])
def test_a_hook_that_raises_refuses(
    client_for: ClientFor, hook: str, *, is_async_hook: bool, is_async_view: bool
) -> None:
    """Its error is the request's error."""
    app = make_app()
    manager = manager_of(app)
    register = {
        "blocklist": manager.token_in_blocklist_loader,
        "user": manager.user_lookup_loader,
        "verification": manager.token_verification_loader,
    }[hook]

    def fails(_header: Any, _claims: Any) -> Any:
        raise LookupError("the database is away")

    async def fails_async(header: Any, claims: Any) -> Any:
        await asyncio.sleep(0)
        fails(header, claims)

    async def async_view() -> Any:
        return {"open": True}

    register(fails_async if is_async_hook else fails)
    view: Any = async_view if is_async_view else lambda: {"open": True}
    app.get("/")(jwt_required()(view))

    answer = client_for(app).get("/", headers=bearer(app))

    assert answer.status_code == 500
    assert b"open" not in answer.data


def test_an_async_blocklist_is_awaited(client_for: ClientFor) -> None:
    """A coroutine is truthy, and its result is what counts, either way."""
    app, revoked = make_app(), set[str]()

    @manager_of(app).token_in_blocklist_loader
    async def is_revoked(_header: Any, claims: Any) -> bool:
        await asyncio.sleep(0)
        return claims["sub"] in revoked

    app.get("/")(jwt_required()(lambda: "hello"))
    client = client_for(app)

    assert client.get("/", headers=bearer(app)).status_code == 200
    revoked.add("ada")
    assert client.get("/", headers=bearer(app)).status_code == 401


@pytest.mark.parametrize("is_async", [True, False])
def test_a_guard_of_the_app_protects_every_view(
    client_for: ClientFor, *, is_async: bool
) -> None:
    """Sync or async, on the app or on a blueprint."""
    app = make_app()
    blueprint = flask.Blueprint("b", __name__, url_prefix="/b")

    async def async_guard() -> None:
        await quart_jwt.verify_jwt_in_request()

    async def view() -> Any:
        return {"user": get_jwt_identity()}

    guard = async_guard if is_async else refuse_without_token
    app.before_request(guard)
    blueprint.before_request(guard)
    for path, home in (("/a", app), ("/a", blueprint)):
        home.get(path)(view)
    app.get("/sync")(lambda: {"user": get_jwt_identity()})
    app.register_blueprint(blueprint)
    client = client_for(app)

    for path in ("/a", "/b/a", "/sync"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=bearer(app)).get_json() == {"user": "ada"}


def test_a_route_that_would_skip_a_guard_is_refused() -> None:
    """When it is added, with a sentence that says what to do."""
    app = make_app()
    app.before_request(refuse_without_token)

    async def view() -> str:
        return "open"

    with pytest.raises(ConfigurationError, match="refuse_without_token"):
        app.quart.get("/secret")(view)
    with pytest.raises(ConfigurationError, match="hooks_do_not_apply=True"):
        app.quart.websocket("/secret")(view)

    app.quart.get("/open", hooks_do_not_apply=True)(view)
    assert client_of(app).get("/open").status_code == 200


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_route_that_skips_a_later_guard_is_a_500(*, is_async: bool) -> None:
    """A guard may be registered after the route; a websocket is refused as well."""
    app = make_app()

    @app.quart.get("/secret")
    async def secret() -> str:
        return "open"

    @app.quart.websocket("/secret")
    async def socket() -> None:
        await quart.websocket.send("open")

    async def async_guard() -> None:
        await quart_jwt.verify_jwt_in_request()

    client = app.quart.test_client()
    assert (await client.get("/secret")).status_code == 200

    app.before_request_funcs[None].append(
        async_guard if is_async else refuse_without_token
    )

    answer = await client.get("/secret")
    assert (answer.status_code, b"open" in await answer.data) == (500, False)
    assert await _refused(client, "/secret") == 500


async def test_consent_is_of_one_rule() -> None:
    """Another rule of the same path did not say that it skips guards."""
    app = make_app()

    async def view() -> str:
        return "open"

    app.quart.get("/x", endpoint="read", hooks_do_not_apply=True)(view)
    app.quart.post("/x", endpoint="write")(view)
    app.quart.websocket("/x", endpoint="socket")(view)
    app.before_request(refuse_without_token)
    client = app.quart.test_client()

    assert (await client.get("/x")).status_code == 200
    assert (await client.post("/x")).status_code == 500
    assert await _refused(client, "/x") == 500


@pytest.mark.parametrize(
    "name", ["full_dispatch_request", "preprocess_request", "dispatch_request"]
)
def test_a_route_that_would_skip_an_overridden_method_is_refused(name: str) -> None:
    """A subclass of the app may guard every view in one of Flask's methods."""

    async def view() -> str:
        return "open"

    guarded = type("Guarded", (Flask,), {name: lambda _self: flask.abort(401)})

    with pytest.raises(ConfigurationError, match=name):
        guarded("shop").quart.get("/secret")(view)

    patched = Flask("shop")
    setattr(patched, name, lambda: flask.abort(401))
    with pytest.raises(ConfigurationError, match=name):
        patched.quart.get("/secret")(view)


async def _refused(client: Any, path: str) -> int:
    with pytest.raises(quart.testing.connections.WebsocketResponseError) as caught:
        async with client.websocket(path) as socket:
            await socket.receive()
    status: int = caught.value.response.status_code
    return status


def test_a_stream_ends_with_its_token(client_for: ClientFor) -> None:
    """Expired between two pieces, the rest is not sent; the generator is closed."""
    clock = Clock()
    app = Flask("shop")
    app.config["JWT_SECRET_KEY"] = SECRET
    JWTManager(app, clock=clock)
    closed = list[bool]()

    @app.get("/")
    @jwt_required()
    def view() -> Response:
        clock.advance(15 * 60)  # expired when the stream begins

        def pieces() -> Iterator[str]:
            try:
                while True:
                    yield "piece"
            finally:
                closed.append(True)

        return Response(pieces())

    @app.get("/file")
    @jwt_required()
    def file() -> Response:
        clock.advance(15 * 60)
        return Response(["whole"])

    headers = bearer(app)

    assert client_for(app).get("/", headers=headers).text == ""
    assert closed in ([True], [])  # a generator that never began has nothing to close
    assert client_for(app).get("/file", headers=bearer(app)).text == "whole"


def test_a_piece_that_was_waited_for_is_not_sent_after_the_end(
    client_for: ClientFor,
) -> None:
    """The user is signed out while the generator waits for what it sends next."""
    app = Flask("shop")
    app.config["JWT_SECRET_KEY"] = SECRET
    JWTManager(app, store=MemoryStore())

    @app.get("/")
    @jwt_required()
    def view() -> Response:
        def pieces() -> Iterator[str]:
            yield "news"
            revoke_all_for("ada")
            yield "secret"

        return Response(flask.stream_with_context(pieces()))

    assert client_for(app).get("/", headers=bearer(app)).text == "news"


def test_a_stream_may_outlive_its_token() -> None:
    """If the option says so."""
    clock = Clock()
    app = Flask("shop")
    app.config.update(JWT_SECRET_KEY=SECRET, JWT_END_STREAMS_WITH_TOKEN=False)
    JWTManager(app, clock=clock)

    @app.get("/")
    @jwt_required()
    def view() -> Response:
        clock.advance(15 * 60)
        return Response(piece for piece in ("a", "b"))

    assert app.test_client().get("/", headers=bearer(app)).text == "ab"


def test_an_app_of_flasks_own_class_is_refused() -> None:
    """It has no place for our safeguards."""
    with pytest.raises(TypeError, match=r"from quart_jwt\.flask import Flask"):
        JWTManager(flask.Flask("shop"))


def test_without_a_manager_nothing_is_verified(client_for: ClientFor) -> None:
    """A protected view of such an app is an error."""
    app = Flask("shop")
    app.get("/")(jwt_required()(lambda: "open"))
    app.config["PROPAGATE_EXCEPTIONS"] = False

    assert client_for(app).get("/").status_code == 500


def test_without_parentheses_it_is_refused_at_once() -> None:
    """Code for the 3.x API would register a decorator as the view."""
    with pytest.raises(TypeError, match="parentheses"):
        jwt_required(lambda: "open")


async def test_websockets_are_protected_and_close_with_the_token() -> None:
    """``jwt_required`` of this package, on a route of the Quart app."""
    app = make_app()

    @app.quart.websocket("/echo")
    @jwt_required()
    async def echo() -> None:
        await quart.websocket.send(get_jwt_identity())

    client = app.quart.test_client()

    assert await _refused(client, "/echo") == 401
    async with client.websocket("/echo", headers=bearer(app)) as socket:
        assert await socket.receive() == "ada"


async def test_hooks_that_know_flask_work_in_quarts_routes() -> None:
    """They find ``flask.g`` and ``current_app``, and what they opened is closed."""
    app, closed = make_app(), list[str]()

    @manager_of(app).user_lookup_loader
    def find(_header: Any, claims: Any) -> Any:
        flask.g.connection = f"for {claims['sub']} of {flask.current_app.name}"
        return flask.g.connection

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        closed.append(flask.g.pop("connection", ""))

    @app.quart.get("/native")
    @jwt_required()
    async def native() -> Any:
        return {"user": quart_jwt.get_current_user()}

    headers = bearer(app)
    closed.clear()
    answer = await app.quart.test_client().get("/native", headers=headers)

    assert await answer.get_json() == {"user": "for ada of shop"}
    assert closed == ["for ada of shop"]


def test_an_async_stream_in_a_test_ends(client_for: ClientFor) -> None:
    """The pieces of an async generator are waited for one by one."""
    app = make_app()

    @app.get("/")
    @jwt_required()
    async def view() -> Any:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"a"
            await asyncio.sleep(0)
            yield b"b"

        return quart.Response(pieces())

    assert client_for(app).get("/", headers=bearer(app)).data == b"ab"


def test_a_token_is_made_and_read_without_a_request() -> None:
    """In a job or a script, as under Flask."""
    app = make_app()
    with app.app_context():
        token = create_access_token("ada")
        with app.test_request_context(headers={"Authorization": f"Bearer {token}"}):
            verify_jwt_in_request()
            assert get_jwt_identity() == "ada"
    logging.getLogger("quart_jwt").debug("done")


def only_for_admins(view: Callable[..., Any]) -> Callable[..., Any]:
    """A sync decorator of an app, which keeps attributes as `functools.wraps` does."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        verify_jwt_in_request()
        if get_jwt_identity() != "admin":
            flask.abort(403)
        return view(*args, **kwargs)

    return guarded


def test_a_decorator_around_a_protected_async_view_is_called(
    client_for: ClientFor,
) -> None:
    """A view that could run without a thread does not lose what is around it."""
    app = make_app()

    @app.get("/")
    @only_for_admins
    @jwt_required()
    async def view() -> Any:
        return {"open": True}

    client = client_for(app)
    statuses = [
        client.get("/", headers=bearer(app, identity)).status_code
        for identity in ("alice", "admin")
    ]

    assert statuses == [403, 200]


async def test_a_decorator_around_a_protected_quart_route_is_called() -> None:
    """The same for a route of ``app.quart``."""
    app = make_app()

    @app.quart.get("/")
    @only_for_admins
    @jwt_required()
    async def view() -> Any:
        return {"open": True}

    client = app.quart.test_client()
    statuses = [
        (await client.get("/", headers=bearer(app, identity))).status_code
        for identity in ("alice", "admin")
    ]

    assert statuses == [403, 200]
