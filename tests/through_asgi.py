"""
ASGI calls of an app, made by sync tests: in memory, on an event loop in a thread.

``wsgi_of`` lets a test use Flask's or werkzeug's client and still go through the app's
ASGI side: the client's WSGI call becomes an ASGI call.
"""

import asyncio
import threading
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any
from typing import TypeVar

from werkzeug.test import Client

T = TypeVar("T")
App = Callable[..., Awaitable[None]]
Event = dict[str, Any]


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="asgi-server", daemon=True).start()
    return loop


def on_the_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop that stands for the server's."""
    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result(timeout=60)


def loop_thread() -> int:
    """The identifier of the thread of that loop."""

    async def ident() -> int:
        return threading.get_ident()

    return on_the_loop(ident())


class Call:
    """
    One ASGI call.

    Args:
        body: What the client sends, piece by piece.

    Attributes:
        sent: The events that the app has sent.
        disconnects: Set on the loop when the client goes away.
        takes: Cleared while the client reads nothing.
    """

    def __init__(self, body: Iterable[bytes] = (b"",)) -> None:
        self._pieces = iter(body)
        self._next: bytes | None = next(self._pieces, b"")
        self.sent: list[Event] = []
        self.disconnects: asyncio.Event = asyncio.Event()
        self.takes: asyncio.Event = asyncio.Event()
        self.takes.set()
        self.has_sent: asyncio.Condition = asyncio.Condition()

    async def receive(self) -> Event:
        """Give the next event of the client."""
        if self._next is None:
            await self.disconnects.wait()
            return {"type": "http.disconnect"}
        piece, self._next = self._next, next(self._pieces, None)
        more = self._next is not None
        return {"type": "http.request", "body": piece, "more_body": more}

    async def send(self, event: Event) -> None:
        """Take an event of the app, when the client reads."""
        await self.takes.wait()
        async with self.has_sent:
            self.sent.append(event)
            self.has_sent.notify_all()
        if event["type"] == "http.response.body" and not event.get("more_body"):
            self.disconnects.set()  # servers say so at the end of a response

    async def until(self, count: int) -> None:
        """Come back when the app has sent that many events."""
        async with self.has_sent:
            await self.has_sent.wait_for(lambda: len(self.sent) >= count)

    @property
    def status(self) -> int:
        """The status of the response."""
        status: int = self.sent[0]["status"]
        return status

    @property
    def body(self) -> bytes:
        """The body of the response."""
        return b"".join(event.get("body", b"") for event in self.sent)


def scope_of(
    path: str = "/", *, method: str = "GET", headers: Any = (), query: bytes = b""
) -> Event:
    """The scope of a request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"localhost"), *headers],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 4321),
        "extensions": {},
        "state": {},
    }


def wsgi_of(app: App) -> Callable[..., list[bytes]]:
    """A WSGI application that makes ASGI calls."""

    def answer(environ: Event, start_response: Callable[..., Any]) -> list[bytes]:
        async def call() -> Call:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            made = Call([environ["wsgi.input"].read(length)])
            await app(_scope(environ), made.receive, made.send)
            return made

        made = on_the_loop(call())
        status = HTTPStatus(made.status)
        headers = [
            (name.decode("latin-1").title(), value.decode("latin-1"))
            for name, value in made.sent[0]["headers"]
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return [made.body]

    return answer


def client_of(app: Any) -> Client:
    """A client whose requests go through an app's ASGI side."""
    return Client(wsgi_of(app.asgi_app))


def _scope(environ: Event) -> Event:
    headers = [
        (key[5:].replace("_", "-").lower().encode(), value.encode("latin-1"))
        for key, value in environ.items()
        if key.startswith("HTTP_") and key != "HTTP_HOST"
    ]
    headers += [
        (key.replace("_", "-").lower().encode(), str(environ[key]).encode())
        for key in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(key)
    ]
    return scope_of(
        environ["PATH_INFO"].encode("latin-1").decode(),
        method=environ["REQUEST_METHOD"],
        headers=headers,
        query=environ["QUERY_STRING"].encode("latin-1"),
    )
