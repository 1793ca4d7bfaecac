"""What a gateway protects in these tests: an application that shows what reached it."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request as it reached the application."""

    kind: str
    method: str
    path: str
    headers: list[tuple[str, str]]
    body_bytes: int

    def named(self, name: str) -> list[str]:
        """
        The values of a header as CGI and WSGI see it: case and ``_`` do not count.
        """
        return [v for k, v in self.headers if k.replace("_", "-") == name.lower()]


@dataclass(slots=True)
class Application:
    """
    An ASGI application that remembers what it gets.

    It answers 200, and ``/status/N`` with the status N.
    """

    port: int = 0
    arrivals: list[Arrival] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, or echo one websocket."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            self._remember(scope, 0)
            await _echo(receive, send)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        length, more = 0, True
        while more:
            event = await receive()
            length += len(event.get("body", b""))
            more = event.get("more_body", False)
        self._remember(scope, length)
        body = json.dumps({"page": scope["path"]}).encode()
        headers = [
            (b"content-length", b"%d" % len(body)),
            (b"access-control-allow-origin", b"https://app.example"),
            (b"cache-control", b"max-age=600"),
        ]
        _, _, asked = scope["path"].partition("/status/")
        status = int(asked or 200)
        start = {"type": "http.response.start", "status": status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": body})

    def _remember(self, scope: Any, length: int) -> None:
        headers = [
            (k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]
        ]
        arrival = Arrival(
            kind=scope["type"],
            method=scope.get("method", "GET"),
            path=scope["path"],
            headers=headers,
            body_bytes=length,
        )
        self.arrivals.append(arrival)

    @property
    def only(self) -> Arrival:
        """The one request that arrived."""
        (arrival,) = self.arrivals
        return arrival


async def _echo(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"]})


@contextlib.contextmanager
def served() -> Iterator[Application]:
    """Serve the application from a thread of its own, on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    application = Application(port=listener.getsockname()[1])
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.errorlog = None
    config.graceful_timeout = 1
    loop = asyncio.new_event_loop()
    over = asyncio.Event()
    serving = serve(application, config, shutdown_trigger=over.wait)
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,))
    thread.start()
    try:
        yield application
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
