"""Connections as Hypercorn serves them here: what nobody can hold open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import hypercorn.asyncio
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ResponseReceived

from quart_jwt.service.serving import http1
from quart_jwt.service.serving import listeners
from quart_jwt.service.serving.server_config import DEFAULTS
from quart_jwt.service.serving.server_config import make_config
from service.fleet import until
from service.wire import answered
from service.wire import closed
from service.wire import deaf
from service.wire import HOST

pytestmark = pytest.mark.usefixtures("kept_logging")

PLENTY = b"x" * 20_000_000
"""More than the kernel holds for a client that reads nothing."""


class App:
    """Answers with a body, and knows how many of its answers are under way."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.begun = 0
        self.ended = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
            return
        self.begun += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": self.body})
        finally:
            self.ended += 1


@asynccontextmanager
async def _served(app: App, **values: Any) -> AsyncIterator[int]:
    """Serve an application in this process, on a free port."""
    quiet = {"accesslog": None, "graceful_timeout": 1, **values}
    config = make_config({**DEFAULTS, **quiet}, ["127.0.0.1:0"])
    http1.install()
    stop = asyncio.Event()
    serving = asyncio.create_task(
        hypercorn.asyncio.serve(app, config, shutdown_trigger=stop.wait)
    )
    await config.listening.wait()
    yield config._sockets.insecure_sockets[0].getsockname()[1]
    stop.set()
    await serving


def _http_2(path: bytes) -> tuple[H2Connection, bytes]:
    client = H2Connection(H2Configuration(header_encoding=None))
    client.initiate_connection()
    names = (b":method", b":path", b":authority", b":scheme")
    values = (b"GET", path, b"x", b"http")
    client.send_headers(1, list(zip(names, values, strict=True)), end_stream=True)
    return client, client.data_to_send()


async def test_http_2_is_spoken_where_it_is_allowed() -> None:
    """The one setting is about clear text as well; the default does not have it."""
    for values, is_spoken in (({}, False), ({"alpn_protocols": ["h2"]}, True)):
        async with _served(App(b"x"), keep_alive_timeout=0.1, **values) as port:
            client, data = _http_2(b"/")
            answer = await answered(*await asyncio.open_connection(HOST, port), data)
            if not is_spoken:
                assert answer.raw.startswith(b"HTTP/1.1 ")
                continue
            events = client.receive_data(answer.raw)
            assert any(isinstance(event, ResponseReceived) for event in events)


async def test_who_reads_nothing_is_let_go(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer is given up after a while, and nothing is said about it."""
    monkeypatch.setattr(listeners, "UNREAD_MS", 200)
    app = App(PLENTY)
    async with _served(app) as port:
        clients = [deaf(port) for _ in range(5)]
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: app.begun == 5, "answers under way")
        await until(lambda: app.ended == 5, "answers given up")
        for client in clients:
            client.close()
    assert caplog.text == ""


async def test_who_reads_slowly_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes something now and then gets all of it."""
    monkeypatch.setattr(listeners, "UNREAD_MS", 60_000)
    async with _served(App(PLENTY)) as port:
        reader, writer = await asyncio.open_connection(HOST, port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = 0
        while piece := await reader.read(1_000_000):
            received += len(piece)
            await asyncio.sleep(0)
        await closed(writer)
    assert received > len(PLENTY)


@pytest.mark.parametrize(
    "header",
    [
        b"Sec-WebSocket-Protocol: chat, \xe7",
        b"Sec-WebSocket-Extensions: \x80",
        b"Connection: \xff",
    ],
)
async def test_a_handshake_that_is_not_ascii_is_refused(
    header: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Hypercorn alone would log a traceback and answer nothing."""
    lines = [
        b"GET / HTTP/1.1",
        b"Host: x",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        b"Sec-WebSocket-Version: 13",
        header,
    ]
    async with _served(App(b"x")) as port:
        data = b"\r\n".join(lines) + b"\r\n\r\n"
        answer = await answered(*await asyncio.open_connection(HOST, port), data)
        assert answer.raw.startswith(b"HTTP/1.1 400 ")
    assert caplog.text == ""
