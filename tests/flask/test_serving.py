"""ASGI in front of Flask: the environment, bodies, streams, and clients that leave."""

import asyncio
import threading
import tracemalloc
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import request
from flask import Response

from flask_apps import bearer
from flask_apps import make_app
from quart_jwt.flask import Flask
from quart_jwt.flask import get_jwt_identity
from quart_jwt.flask import jwt_required
from quart_jwt.flask.environ import environ_of
from through_asgi import Call
from through_asgi import on_the_loop
from through_asgi import scope_of

MEGABYTE = 1 << 20


def asked(app: Any, scope: Any, body: Iterable[bytes] = (b"",)) -> Call:
    """Make one call to its end."""
    call = Call(body)
    on_the_loop(app(scope, call.receive, call.send))
    return call


def test_the_app_tells_asgi_from_wsgi_by_its_arguments() -> None:
    """One object for both kinds of servers, and two explicit names."""
    app = make_app()
    app.get("/")(lambda: "hello")
    environ = environ_of(scope_of("/"), body=None)
    statuses = list[str]()

    def start_response(status: str, *_args: Any) -> Any:
        statuses.append(status)

    for wsgi in (app, app.wsgi_app):
        pieces: Any = wsgi(environ.copy(), start_response)
        assert b"".join(pieces) == b"hello"
    for asgi in (app, app.asgi_app):
        call = asked(asgi, scope_of("/"))
        assert (call.status, call.body) == (200, b"hello")
    assert statuses == ["200 OK", "200 OK"]
    assert asyncio.iscoroutinefunction(app.asgi_app)  # servers look at that


def test_the_environment_is_that_of_wsgi() -> None:
    """PEP 3333: bytes as Latin-1, headers joined, the mount point apart."""
    scope = scope_of(
        "/mount/sch\u00f6n/a b",
        method="POST",
        query=b"a=%20b",
        headers=[
            (b"content-type", b"text/plain"),
            (b"content-length", b"3"),
            (b"x-one", b"1"),
            (b"x-one", b"2"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
            (b"x_forwarded_for", b"6.6.6.6"),
        ],
    )
    scope.update(
        root_path="/mount", raw_path=b"/mount/sch%C3%B6n/a%20b", scheme="https"
    )

    environ = environ_of(scope, body=None)

    assert environ["SCRIPT_NAME"] == "/mount"
    assert environ["PATH_INFO"] == "/sch\u00c3\u00b6n/a b"
    assert environ["RAW_URI"] == "/mount/sch%C3%B6n/a%20b?a=%20b"
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/plain", "3")
    assert environ["HTTP_X_ONE"] == "1,2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert "HTTP_X_FORWARDED_FOR" not in environ  # of a header with underscores
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == (
        "127.0.0.1",
        "https",
    )


def test_a_mounted_app_builds_urls_and_finds_its_routes() -> None:
    """``root_path`` becomes SCRIPT_NAME."""
    app = make_app()
    app.add_url_rule("/where", "where", lambda: flask.url_for("where"))
    scope = scope_of("/mount/where")
    scope["root_path"] = "/mount"

    assert asked(app, scope).body == b"/mount/where"


def test_pieces_of_a_stream_are_sent_as_they_come() -> None:
    """The second piece is made only after the first has been received."""
    app, received = make_app(), threading.Event()

    @app.get("/")
    def view() -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"first"
            assert received.wait(60)
            yield b"second"

        return Response(pieces())

    async def scenario() -> Call:
        call = Call()
        asking = asyncio.create_task(app(scope_of(), call.receive, call.send))
        await call.until(2)
        assert call.body == b"first"
        received.set()
        await asking
        return call

    assert on_the_loop(scenario()).body == b"firstsecond"


def test_a_client_that_reads_nothing_stops_the_generator() -> None:
    """Back-pressure: a piece is made when the server has taken the one before."""
    app, made = make_app(), list[int]()

    @app.get("/")
    def view() -> Response:
        def pieces() -> Iterator[bytes]:
            for number in range(100):
                made.append(number)
                yield b"x" * 1000

        return Response(pieces())

    async def scenario() -> int:
        call = Call()
        call.takes.clear()
        asking = asyncio.create_task(app(scope_of(), call.receive, call.send))
        while not made:  # noqa: ASYNC110 - a thread makes it
            await asyncio.sleep(0)
        for _ in range(1000):
            await asyncio.sleep(0)
        so_far = len(made)
        call.takes.set()
        await asking
        return so_far

    assert on_the_loop(scenario()) == 1
    assert len(made) == 100


def test_an_endless_stream_ends_when_the_client_leaves() -> None:
    """The generator is closed in the thread of the request, which is free again."""
    app, ended = make_app(), list[int]()

    @app.get("/")
    def view() -> Response:
        thread = threading.get_ident()

        def pieces() -> Iterator[bytes]:
            try:
                while True:
                    yield b"tick"
            finally:
                ended.append(threading.get_ident() - thread)

        return Response(pieces())

    async def scenario() -> None:
        call = Call()
        asking = asyncio.create_task(app(scope_of(), call.receive, call.send))
        await call.until(5)
        call.disconnects.set()
        async with asyncio.timeout(60):
            await asking
        assert app.threads.usage().busy == 0

    on_the_loop(scenario())
    assert ended == [0]


def test_a_server_that_says_nothing_new_is_asked_once() -> None:
    """Whose ``receive`` repeats itself must not keep the loop busy."""
    app, asked_for = make_app(), list[int]()
    app.get("/")(lambda: Response(piece for piece in ("a", "b")))

    async def receive() -> Any:
        asked_for.append(1)
        return {"type": "http.request", "body": b"", "more_body": False}

    call = Call()
    on_the_loop(app(scope_of(), receive, call.send))

    assert call.body == b"ab"
    assert len(asked_for) <= 2


def test_60_megabytes_up_and_down_need_little_memory() -> None:
    """An upload goes to Flask piece by piece, and a stream to the server."""
    app, count = make_app(), 60

    @app.post("/up")
    def upload() -> Any:
        total = 0
        while piece := request.stream.read(1 << 16):
            total += len(piece)
        return {"total": total}

    @app.get("/down")
    def down() -> Response:
        return Response(bytes(MEGABYTE) for _ in range(count))

    async def scenario() -> int:
        piece = bytes(MEGABYTE)
        call = Call(piece for _ in range(count))
        headers = [(b"content-length", str(count * MEGABYTE).encode())]
        await app(
            scope_of("/up", method="POST", headers=headers), call.receive, call.send
        )
        assert call.body == b'{"total":%d}\n' % (count * MEGABYTE)
        total = 0

        async def send(event: Any) -> None:
            nonlocal total
            total += len(event.get("body", b""))

        await app(scope_of("/down"), Call().receive, send)
        return total

    tracemalloc.start()
    try:
        assert on_the_loop(scenario()) == count * MEGABYTE
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MEGABYTE


def test_a_large_form_is_stored_by_flask() -> None:
    """A file of 3 MiB arrives whole, behind its field."""
    app = make_app()

    @app.post("/")
    def view() -> Any:
        content = request.files["photo"].read()
        return {
            "bytes": len(content),
            "last": content[-1],
            "note": request.form["note"],
        }

    content = bytes(3 * MEGABYTE - 1) + b"!"
    body = (
        b'--b\r\ncontent-disposition: form-data; name="note"\r\n\r\nhello\r\n'
        b'--b\r\ncontent-disposition: form-data; name="photo"; filename="a.png"\r\n\r\n'
        + content
        + b"\r\n--b--\r\n"
    )
    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    pieces = [body[at : at + 50_000] for at in range(0, len(body), 50_000)]

    call = asked(app, scope_of("/", method="POST", headers=headers), pieces)

    assert flask.json.loads(call.body) == {
        "bytes": len(content),
        "last": ord("!"),
        "note": "hello",
    }


def test_a_body_that_no_view_reads_is_taken_all_the_same() -> None:
    """A server with a bounded queue would keep the connection for ever."""
    app = make_app()
    app.post("/")(lambda: ("refused", 401))
    taken = list[int]()

    def pieces() -> Iterator[bytes]:
        for number in range(20):
            taken.append(number)
            yield bytes(MEGABYTE)

    call = asked(app, scope_of("/", method="POST"), pieces())

    assert (call.status, call.body) == (401, b"refused")
    assert len(taken) == 20
    assert app.threads.usage().busy == 0


@pytest.mark.parametrize("ahead", [10, 2 * MEGABYTE], ids=["small", "large"])
def test_a_client_that_leaves_in_its_upload_gets_no_view_to_act(ahead: int) -> None:
    """Half a body is not a body."""
    app, acted = make_app(), list[int]()

    @app.post("/")
    def view() -> Any:
        acted.append(len(request.get_data()))
        return "done"

    events = iter(
        [
            {"type": "http.request", "body": bytes(ahead), "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(events)

    call = Call()
    on_the_loop(app(scope_of("/", method="POST"), receive, call.send))

    assert acted == []


@pytest.mark.parametrize("ahead", [10, 2 * MEGABYTE], ids=["small", "large"])
def test_a_client_that_stalls_in_its_upload_gets_408_and_holds_no_thread(
    ahead: int,
) -> None:
    """``BODY_TIMEOUT`` is the limit, in a thread that reads and before there is one."""
    app, acted = make_app(BODY_TIMEOUT=0.2), list[int]()

    @app.post("/")
    def view() -> Any:
        acted.append(len(request.get_data()))
        return "done"

    call = Call()
    events = iter([{"type": "http.request", "body": bytes(ahead), "more_body": True}])

    async def receive() -> Any:
        for event in events:
            return event
        await call.disconnects.wait()
        return {"type": "http.disconnect"}

    async def scenario() -> None:
        async with asyncio.timeout(20):
            await app(scope_of("/", method="POST"), receive, call.send)

    on_the_loop(scenario())

    assert (call.status, acted) == (408, [])
    assert app.threads.usage().busy == 0


def test_a_slow_upload_that_goes_on_is_not_cut_off() -> None:
    """The time is for each MiB, and the view's own time does not count."""
    app = make_app(BODY_TIMEOUT=0.5)

    @app.post("/")
    def view() -> Any:
        length = 0
        while piece := request.stream.read(MEGABYTE):
            length += len(piece)
            app.async_to_sync(asyncio.sleep)(0.15)
        return str(length)

    pieces = [bytes(MEGABYTE)] * 5

    assert asked(app, scope_of("/", method="POST"), pieces).body == b"%d" % sum(
        map(len, pieces)
    )


def test_too_large_a_body_is_a_413() -> None:
    """``MAX_CONTENT_LENGTH`` counts; without a length, werkzeug reads no more."""
    app = make_app(MAX_CONTENT_LENGTH=2 * MEGABYTE)

    @app.post("/")
    def view() -> Any:
        return str(len(request.get_data()))

    pieces = [bytes(MEGABYTE)] * 3
    length = [(b"content-length", str(3 * MEGABYTE).encode())]

    chunked = asked(app, scope_of("/", method="POST"), pieces)

    assert chunked.body == str(2 * MEGABYTE).encode()
    assert (
        asked(app, scope_of("/", method="POST", headers=length), pieces).status == 413
    )


def test_middleware_around_wsgi_app_is_used() -> None:
    """``app.wsgi_app = Middleware(app.wsgi_app)`` stands in ASGI's way, too."""
    app = make_app()
    app.get("/")(lambda: "hello")
    inner = app.wsgi_app

    def start_response_of_nobody(*_args: Any) -> Any:
        return None

    def middleware(environ: Any, start_response: Any) -> Any:
        write = start_response("201 Created", [("X-Seen", "yes")])
        write(b"written ")
        return [*inner(environ, start_response_of_nobody)]

    app.wsgi_app = middleware  # type: ignore[method-assign]
    call = asked(app, scope_of())

    assert (call.status, call.body) == (201, b"written hello")
    assert call.sent[0]["headers"] == [(b"x-seen", b"yes")]


def test_head_and_options_and_404() -> None:
    """Answered by Flask."""
    app = make_app()
    app.get("/")(jwt_required(optional=True)(lambda: "hello"))

    head = asked(app, scope_of(method="HEAD"))
    options = asked(app, scope_of(method="OPTIONS"))

    assert (head.status, head.body) == (200, b"")
    assert dict(head.sent[0]["headers"])[b"content-length"] == b"5"
    allowed = dict(options.sent[0]["headers"])[b"allow"].split(b", ")
    assert {*allowed} == {b"GET", b"HEAD", b"OPTIONS"}
    assert asked(app, scope_of("/none")).status == 404
    assert asked(app, scope_of(method="DELETE")).status == 405


def test_an_error_of_a_stream_reaches_the_server() -> None:
    """Which breaks the connection: the client must not take it for the end."""
    app = make_app()

    @app.get("/")
    def view() -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"first"
            raise LookupError("in the middle")

        return Response(pieces())

    call = Call()
    with pytest.raises(LookupError, match="in the middle"):
        on_the_loop(app(scope_of(), call.receive, call.send))
    assert call.body == b"first"
    assert app.threads.usage().busy == 0


def test_a_cancelled_request_gives_its_thread_back() -> None:
    """A server that shuts down cancels; a wait for the loop ends, and teardown runs."""
    app, torn_down, waiting = make_app(), threading.Event(), asyncio.Event()
    app.teardown_request(lambda _error: torn_down.set())

    @app.get("/")
    async def view() -> str:
        waiting.set()
        await asyncio.Event().wait()
        return "never"

    app.before_request(lambda: None)

    async def scenario() -> None:
        call = Call()
        asking = asyncio.create_task(app(scope_of(), call.receive, call.send))
        await waiting.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await asyncio.to_thread(torn_down.wait, 60)
        async with asyncio.timeout(60):
            while app.threads.usage().busy:  # noqa: ASYNC110 - a thread leaves
                await asyncio.sleep(0)

    on_the_loop(scenario())


def test_the_lifespan_starts_the_quart_app() -> None:
    """Before-serving functions run, and the manager's keys are prepared."""
    app: Flask = make_app()
    seen = list[str]()

    @app.quart.before_serving
    async def begin() -> None:
        seen.append("begin")

    @app.quart.after_serving
    async def end() -> None:
        seen.append("end")

    async def scenario() -> None:
        async with app.quart.test_app():
            seen.append("serving")

    on_the_loop(scenario())

    assert seen == ["begin", "serving", "end"]


def test_a_protected_view_through_asgi() -> None:
    """The token is read from the scope's headers."""
    app = make_app()
    app.get("/")(jwt_required()(get_jwt_identity))
    token = bearer(app)["Authorization"].encode()

    assert asked(app, scope_of()).status == 401
    call = asked(app, scope_of(headers=[(b"authorization", token)]))
    assert call.body == b"ada"
