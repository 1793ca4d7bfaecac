"""A Flask code base runs as under Flask: threads, contexts, hooks, answers."""

import asyncio
import gc
import logging
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from contextvars import copy_context
from typing import Any

import click
import pytest
import quart
from flask import abort
from flask import current_app
from flask import g
from flask import jsonify
from flask import render_template_string
from flask import request
from flask import Response
from flask import session
from flask import stream_with_context
from werkzeug.test import Client

import quart_jwt
from flask_apps import bearer
from flask_apps import make_app
from flask_apps import manager_of
from quart_jwt import signals
from quart_jwt.flask import create_access_token
from quart_jwt.flask import current_user
from quart_jwt.flask import Flask
from quart_jwt.flask import get_jwt_identity
from quart_jwt.flask import jwt_required
from quart_jwt.flask import JWTManager
from quart_jwt.flask import verify_jwt_in_request
from through_asgi import client_of

ClientFor = Callable[[Flask], Client]
NUMBER: ContextVar[int] = ContextVar("number", default=0)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_all_hooks_of_a_request_run_in_one_thread(
    client_for: ClientFor, is_async: bool
) -> None:
    """Whatever belongs to a thread is found again, also around an async view."""
    app, seen = make_app(), list[tuple[str, int]]()

    def note(name: str) -> None:
        seen.append((name, threading.get_ident()))

    app.before_request(lambda: note("before"))

    @app.after_request
    def after(response: Any) -> Any:
        note("after")
        return response

    app.teardown_request(lambda _error: note("teardown"))
    app.teardown_appcontext(lambda _error: note("teardown of the app"))

    @manager_of(app).user_lookup_loader
    def find(_header: Any, claims: Any) -> Any:
        note("look-up")
        return claims["sub"]

    def view() -> Any:
        return {"user": str(current_user)}

    async def async_view() -> Any:
        await asyncio.sleep(0)
        return {"user": str(current_user)}

    app.get("/")(jwt_required()(async_view if is_async else view))

    headers = bearer(app)
    seen.clear()
    answer = client_for(app).get("/", headers=headers)

    assert answer.get_json() == {"user": "ada"}
    assert len({thread for _name, thread in seen}) == 1
    assert [name for name, _thread in seen] == [
        "before",
        "look-up",
        "after",
        "teardown",
        "teardown of the app",
    ]


def test_a_sync_hook_of_an_awaited_verification_runs_in_the_threads_of_the_request(
    client_for: ClientFor,
) -> None:
    """The thread that waits for an async view makes the view's sync calls."""
    app, seen = make_app(), dict[str, int]()
    app.before_request(lambda: seen.update(before=threading.get_ident()))

    @manager_of(app).user_lookup_loader
    def find(_header: Any, claims: Any) -> Any:
        seen.update(find=threading.get_ident(), path=len(request.path))
        return claims["sub"]

    @app.get("/")
    async def view() -> Any:
        await quart_jwt.verify_jwt_in_request()
        seen.update(view=threading.get_ident())
        return {"user": get_jwt_identity()}

    client = client_for(app)

    assert client.get("/").status_code == 401
    assert client.get("/", headers=bearer(app)).get_json() == {"user": "ada"}
    assert seen["before"] == seen["find"] != seen["view"]


def test_an_async_hook_is_awaited_for_a_sync_view(client_for: ClientFor) -> None:
    """It runs on the loop and sees the request."""
    app = make_app()

    @manager_of(app).user_lookup_loader
    async def find(_header: Any, claims: Any) -> Any:
        await asyncio.sleep(0)
        return request.path + claims["sub"]

    @app.get("/me")
    @jwt_required()
    def me() -> Any:
        return {"user": str(current_user)}

    answer = client_for(app).get("/me", headers=bearer(app))

    assert answer.get_json() == {"user": "/meada"}


def test_one_context_serves_all_sync_code_of_a_request(client_for: ClientFor) -> None:
    """A context variable that a hook has set, sync or async, is set in the view."""
    app, seen = make_app(), list[int]()

    async def before() -> None:
        await asyncio.sleep(0)
        NUMBER.set(5)

    app.before_request(before)
    app.teardown_request(lambda _error: seen.append(NUMBER.get()))

    @app.get("/")
    def view() -> str:
        return str(NUMBER.get())

    client = client_for(app)

    assert copy_context().run(client.get, "/").text == "5"
    assert seen == [5]


def test_a_view_may_run_a_loop_of_its_own(client_for: ClientFor) -> None:
    """``asyncio.run`` in a sync view, with one of our functions inside."""
    app = make_app()

    async def work() -> str:
        await asyncio.sleep(0)
        return await quart_jwt.create_access_token_async("eve")

    @app.get("/")
    def view() -> Any:
        return {"token": asyncio.run(work())}

    answer = client_for(app).get("/")

    assert answer.get_json()["token"].startswith("eyJ")


async def test_an_async_test_may_use_flasks_sync_client() -> None:
    """The test's loop runs in the thread of the request, which cannot wait for it."""
    app = make_app()

    @manager_of(app).token_in_blocklist_loader
    async def is_revoked(_header: Any, _claims: Any) -> bool:
        await asyncio.sleep(0)
        return False

    @app.get("/sync")
    @jwt_required()
    def sync() -> Any:
        return {"user": get_jwt_identity()}

    @app.get("/async")
    @jwt_required()
    async def in_async() -> Any:
        await asyncio.sleep(0)
        return {"user": get_jwt_identity()}

    client, headers = app.test_client(), bearer(app)

    assert client.get("/sync", headers=headers).get_json() == {"user": "ada"}
    assert client.get("/async", headers=headers).get_json() == {"user": "ada"}
    assert client.get("/async").status_code == 401


def test_verifying_at_once_works_in_async_views(client_for: ClientFor) -> None:
    """Flask-JWT-Extended's function is sync there, too."""
    app = make_app()

    @app.get("/")
    async def view() -> Any:
        verify_jwt_in_request()
        return {"user": get_jwt_identity()}

    client = client_for(app)

    assert client.get("/").status_code == 401
    assert client.get("/", headers=bearer(app)).get_json() == {"user": "ada"}


def test_quarts_request_is_flasks(client_for: ClientFor) -> None:
    """One body, one ``g``, one session, whichever framework's name is used."""
    app = make_app()

    @app.post("/")
    async def view() -> Any:
        g.value, session["n"] = 7, 1
        return {
            "flask": request.get_json(),
            "quart": await quart.request.get_json(),
            "form": dict(await quart.request.form),
            "g": quart.g.value,
            "session": dict(quart.session),
            "app": quart.current_app.name == current_app.name,
            "path": quart.request.path,
            "rule": str(quart.request.url_rule),
            "address": quart.request.remote_addr,
        }

    answer = client_for(app).post("/", json={"a": 1})

    assert answer.get_json() == {
        "flask": {"a": 1},
        "quart": {"a": 1},
        "form": {},
        "g": 7,
        "session": {"n": 1},
        "app": True,
        "path": "/",
        "rule": "/",
        "address": "127.0.0.1",
    }


def test_responses_of_quart_are_taken(client_for: ClientFor) -> None:
    """A view that becomes async may return Quart's response, streamed or not."""
    app = make_app()

    @app.get("/whole")
    async def whole() -> Any:
        return quart.Response("whole", status=201, headers={"X-A": "1"})

    @app.get("/stream")
    async def stream() -> Any:
        async def pieces() -> Any:
            for piece in ("a", "b"):
                await asyncio.sleep(0)
                yield piece

        return quart.Response(pieces()), 202

    @app.get("/json")
    async def in_json() -> Any:
        return quart.jsonify(a=1)

    client = client_for(app)
    whole_answer = client.get("/whole")

    assert (whole_answer.status_code, whole_answer.text) == (201, "whole")
    assert whole_answer.headers["X-A"] == "1"
    assert (client.get("/stream").status_code, client.get("/stream").text) == (
        202,
        "ab",
    )
    assert client.get("/json").get_json() == {"a": 1}


def test_an_identity_lasts_through_a_stream(client_for: ClientFor) -> None:
    """``stream_with_context`` keeps the request and what was verified."""
    app = make_app()

    @app.get("/")
    @jwt_required()
    def view() -> Response:
        return Response(
            stream_with_context(get_jwt_identity() + str(n) for n in range(3))
        )

    assert client_for(app).get("/", headers=bearer(app)).text == "ada0ada1ada2"


def test_an_identity_is_known_in_the_surrounding_app_context() -> None:
    """Flask's tests read it after the request; no other request sees it."""
    app = make_app()

    @app.get("/")
    @jwt_required(optional=True)
    def view() -> Any:
        return {"user": get_jwt_identity()}

    headers = bearer(app)
    with app.app_context():
        client = app.test_client()
        assert client.get("/", headers=headers).get_json() == {"user": "ada"}
        assert get_jwt_identity() == "ada"
        assert client.get("/").get_json() == {"user": None}
        with app.test_request_context("/"), pytest.raises(RuntimeError):
            get_jwt_identity()
    with app.app_context(), pytest.raises(RuntimeError):
        get_jwt_identity()


def test_an_open_request_forgets_whom_the_one_before_verified() -> None:
    """In one app context, a stream that outlives its request reads no other user."""
    app = make_app()

    @app.get("/")
    @jwt_required()
    def view() -> Any:
        return {}

    @app.get("/open")
    def open_view() -> Any:
        return Response(str(get_jwt_identity()) for _ in range(1))

    with app.app_context():
        client = app.test_client()
        assert client.get("/", headers=bearer(app)).status_code == 200
        with pytest.raises(RuntimeError, match="jwt_required"):
            client.get("/open").get_data()


def test_2000_requests_of_50_users_are_not_mixed_up() -> None:
    """Each view sees its own request's identity, before and after it has waited."""
    app = make_app()

    def seen() -> Any:
        return {"user": get_jwt_identity(), "wanted": request.args["user"]}

    @app.get("/sync")
    @jwt_required()
    def sync() -> Any:
        return seen()

    @app.get("/async")
    @jwt_required()
    async def in_async() -> Any:
        before = seen()
        await asyncio.sleep(0)
        return before if before == seen() else abort(500)

    users = {f"user-{n}": bearer(app, f"user-{n}") for n in range(50)}

    def ask(n: int) -> Any:
        user = f"user-{n % 50}"
        path = f"/{'async' if n % 3 else 'sync'}?user={user}"
        return client_of(app).get(path, headers=users[user]).get_json()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(2000)))

    assert all(answer["user"] == answer["wanted"] for answer in answers)


def test_apps_are_collected() -> None:
    """Nothing global keeps an app that has answered requests."""
    refs = []
    for _ in range(10):
        app = make_app()
        app.get("/")(jwt_required(optional=True)(lambda: "hello"))
        app.test_client().get("/")
        client_of(app).get("/")
        refs.append(weakref.ref(app))
    del app
    gc.collect()

    assert sum(ref() is not None for ref in refs) <= 1  # a thread may still hold one


def test_signals_are_sent_by_the_app_that_receivers_know() -> None:
    """``connect(receiver, sender=app)`` is about the Flask app."""
    app, seen = make_app(), list[Any]()

    def refused(sender: Any, **facts: Any) -> None:
        seen.append((sender, facts["code"]))

    signals.token_refused.connect(refused, sender=app)
    app.get("/")(jwt_required()(lambda: "hello"))
    other = make_app()
    other.get("/")(jwt_required()(lambda: "hello"))

    app.test_client().get("/")
    other.test_client().get("/")

    assert seen == [(app, "missing_token")]


def test_error_handlers_see_refusals(client_for: ClientFor) -> None:
    """The app's own handler goes before the manager's, and loaders may answer."""
    app = make_app()
    manager_of(app).unauthorized_loader(
        lambda reason: (render_template_string("<b>{{ r }}</b>", r=reason), 403)
    )
    app.get("/")(jwt_required()(lambda: "hello"))

    @app.errorhandler(quart_jwt.exceptions.RevokedTokenError)
    def revoked(_error: Exception) -> Any:
        return "mine", 418

    manager_of(app).token_in_blocklist_loader(lambda _header, _claims: True)
    client = client_for(app)

    assert client.get("/").text == "<b>Missing Authorization Header</b>"
    assert client.get("/").status_code == 403
    assert client.get("/", headers=bearer(app)).status_code == 418


def test_errors_are_logged_once_and_answered(
    client_for: ClientFor, caplog: pytest.LogCaptureFixture
) -> None:
    """``app.logger`` works in a request, and the 500 page is Flask's."""
    app = make_app()

    @app.get("/")
    def view() -> Any:
        app.logger.warning("the shelf is empty")
        raise LookupError("nothing there")

    with caplog.at_level(logging.WARNING):
        answer = client_for(app).get("/")

    assert answer.status_code == 500
    assert b"Internal Server Error" in answer.data
    assert [record.getMessage() for record in caplog.records] == [
        "the shelf is empty",
        "Exception on / [GET]",
    ]


def test_in_debug_mode_an_error_reaches_the_server() -> None:
    """Flask's debugger and its test client show the view's own exception."""
    app = make_app(DEBUG=True)
    app.config["PROPAGATE_EXCEPTIONS"] = None

    @app.get("/")
    @jwt_required(optional=True)
    def view() -> Any:
        _user = current_user  # a proxy among the locals of the traceback
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        app.test_client().get("/")
    with pytest.raises(LookupError, match="nothing there"):
        client_of(app).get("/")


def test_commands_make_tokens() -> None:
    """``flask hello`` runs in the app's context."""
    app = make_app()

    @app.cli.command("hello")
    def hello() -> None:
        click.echo(f"{current_app.name} {create_access_token('ada')[:3]}")

    result = app.test_cli_runner().invoke(args=["hello"])

    assert result.output == "shop eyJ\n"


def test_one_app_may_call_another(client_for: ClientFor) -> None:
    """Each has its own context and its own identity."""
    outer, inner = make_app(), make_app()

    @inner.get("/")
    @jwt_required()
    def inside() -> str:
        return f"{get_jwt_identity()}{quart.current_app.name}"

    @outer.get("/")
    @jwt_required()
    def outside() -> Any:
        answer = inner.test_client().get("/", headers=bearer(inner, "eve"))
        return {"inner": answer.text, "outer": get_jwt_identity()}

    answer = client_for(outer).get("/", headers=bearer(outer))

    assert answer.get_json() == {"inner": "eveshop", "outer": "ada"}


def test_templates_get_the_user() -> None:
    """``add_context_processor`` works as in Flask-JWT-Extended."""
    app = Flask("shop")
    app.config["JWT_SECRET_KEY"] = "k" * 40
    jwt = JWTManager(app, add_context_processor=True)
    jwt.user_lookup_loader(lambda _header, claims: claims["sub"])

    @app.get("/")
    @jwt_required()
    def view() -> str:
        return render_template_string("{{ current_user }}")

    assert app.test_client().get("/", headers=bearer(app)).text == "ada"


def test_flasks_json_provider_counts_everywhere(client_for: ClientFor) -> None:
    """One that is put on the app late is used for our answers, too."""
    app = make_app()
    app.json.sort_keys = False  # type: ignore[attr-defined]

    @app.get("/")
    async def view() -> Any:
        return quart.jsonify(b=1, a=2)

    app.get("/flask")(lambda: jsonify(b=1, a=2))
    client = client_for(app)

    assert client.get("/").data == client.get("/flask").data
