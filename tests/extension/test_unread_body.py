"""A body that nobody reads, as a server with a bounded queue brings it."""

import asyncio
from typing import Any

import pytest

from extension.asgi import scope_of
from quart_jwt.extension.gateway.unread_body import answer_unread
from quart_jwt.extension.gateway.unread_body import may_have_body

PIECE = {"type": "http.request", "body": b"a", "more_body": True}


class Server:
    """
    Hypercorn's way: pieces wait for a place in a queue, and so does the end.

    An answer is not over before the end of the request has its place.
    """

    def __init__(self, pieces: int) -> None:
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(10)
        self.is_answered = False
        self.reading = asyncio.create_task(self._read(pieces))

    async def _read(self, pieces: int) -> None:
        for _ in range(pieces):
            if not self.is_answered:
                await self.queue.put(PIECE)

    async def answer(self) -> None:
        """Send the answer; the end of the request is put behind its body."""
        await asyncio.sleep(0)  # the body has come meanwhile
        self.is_answered = True
        await self.queue.put({"type": "http.disconnect"})


@pytest.mark.parametrize("pieces", [0, 9, 10, 11, 1000])
async def test_an_answer_waits_for_no_body(pieces: int) -> None:
    """However many pieces there are, the answer ends, and with it the reading."""
    server = Server(pieces)
    scope = scope_of("/", "POST", {"Transfer-Encoding": "chunked"})
    async with asyncio.timeout(60):
        await answer_unread(scope, server.queue.get, server.answer())
        await server.reading


async def test_an_error_of_the_answer_is_the_servers() -> None:
    """What cannot be sent is not hidden, and nothing goes on reading."""

    async def failing() -> None:
        raise ConnectionError

    server = Server(0)
    scope = scope_of("/", "POST", {"Content-Length": "1"})
    with pytest.raises(ConnectionError):
        await answer_unread(scope, server.queue.get, failing())
    await server.reading
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize(
    ("kind", "version", "headers", "may"),
    [
        ("http", "1.1", {}, False),
        ("http", "1.1", {"Content-Length": "0"}, True),
        ("http", "1.0", {"Content-Length": "9"}, True),
        ("http", "1.1", {"Transfer-Encoding": "chunked"}, True),
        ("http", "2", {}, True),
        ("websocket", "1.1", {"Content-Length": "9"}, False),
    ],
)
def test_a_body_is_announced(
    kind: str, version: str, headers: dict[str, str], *, may: bool
) -> None:
    """In HTTP/1 by one of two headers; in HTTP/2 by nothing."""
    scope = {**scope_of("/", "POST", headers, kind=kind), "http_version": version}
    assert may is may_have_body(scope)
