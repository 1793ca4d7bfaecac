"""
The body of an ASGI request as Flask reads it, and the client's going away.

A small body is read before the request gets a thread, so that a slow client holds none.
The rest of a large one is read when Flask reads it, so it is never whole in memory.
Each MiB has ``BODY_TIMEOUT`` to arrive: who sends no more holds no thread for ever.
"""

import asyncio
import io
import threading
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from werkzeug.exceptions import ClientDisconnected
from werkzeug.exceptions import RequestTimeout

from quart_jwt.extension.hooks.waiting import run_from_sync

READ_AHEAD_BYTES = 1 << 20
"""How much of a body is read before a thread is taken: 1 MiB."""

DROPPING_S = 30
"""How many seconds the unread rest of a body may take to arrive, to be forgotten."""


class Incoming:
    """
    What a client sends.

    Args:
        receive: ASGI's.
        patience_s: How many seconds each MiB may take to arrive; None for any.

    Attributes:
        gone: Set when the client has disconnected.
        is_complete: Whether the body has arrived to its end.
    """

    def __init__(
        self, receive: Callable[[], Awaitable[Any]], patience_s: float | None
    ) -> None:
        self._receive = receive
        self._patience_s = patience_s
        self._left_s = patience_s  # for the MiB that is arriving
        self._arrived = 0  # bytes of it
        self._watching: asyncio.Task[None] | None = None
        self.gone: threading.Event = threading.Event()
        self.is_complete: bool = False

    async def begin(self) -> io.BufferedIOBase:
        """
        Read the first of the body; return a file-like object with all of it.

        Raises:
            ClientDisconnected, RequestTimeout: It does not come.
        """
        pieces: list[bytes] = []
        length = 0
        while not self.is_complete and length < READ_AHEAD_BYTES:
            piece = await self.next_piece()
            pieces.append(piece)
            length += len(piece)
        body = b"".join(pieces)
        if self.is_complete:
            return io.BytesIO(body)
        return io.BufferedReader(_Rest(self, body))

    async def next_piece(self) -> bytes:
        """
        Return the next piece of the body; empty after its end.

        Raises:
            ClientDisconnected: The client went away before its end.
            RequestTimeout: It has not come in time.
        """
        if self.is_complete:
            return b""
        event = await self._in_time()
        if event["type"] == "http.disconnect":
            self.is_complete = True
            self.gone.set()
            raise ClientDisconnected
        self.is_complete = not event.get("more_body", False)
        piece: bytes = event.get("body", b"")
        self._arrived += len(piece)
        if self._arrived >= READ_AHEAD_BYTES:
            self._arrived, self._left_s = 0, self._patience_s
        return piece

    async def _in_time(self) -> Any:
        # Only waiting for the client counts, not what the view does between two reads.
        if self._left_s is None:
            return await self._receive()
        time = asyncio.get_running_loop().time
        ends_at = time() + self._left_s
        try:
            async with asyncio.timeout_at(ends_at):
                return await self._receive()
        except TimeoutError:
            raise RequestTimeout from None
        finally:
            self._left_s = max(0.0, ends_at - time())

    async def drop_rest_while(self, answering: Awaitable[None]) -> None:
        """
        Send a response, and forget what still comes of the request's body.

        Hypercorn has a bounded queue of its pieces: if none took them out, the
        connection would wait for ever, also when the client has long gone.

        Args:
            answering: Sends the response.
        """
        if self.is_complete:
            await answering
            return
        dropping = asyncio.create_task(self._drop())
        try:
            await answering
            await asyncio.wait([dropping], timeout=DROPPING_S)
        finally:
            dropping.cancel()

    async def _drop(self) -> None:
        self._left_s = self._patience_s = None  # `DROPPING_S` is the limit now
        with suppress(ClientDisconnected):
            while not self.is_complete:
                await self.next_piece()

    def watch(self) -> None:
        """Notice from now on when the client goes away; to be called on the loop."""
        # While the body arrives, reading it notices.
        if self._watching is None and self.is_complete and not self.gone.is_set():
            self._watching = asyncio.create_task(self._watch())

    def stop(self) -> None:
        """Stop watching."""
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self) -> None:
        event = await self._receive()
        # Once: a server that reports something else for ever would keep the loop busy.
        if event["type"] == "http.disconnect":
            self.gone.set()


class _Rest(io.RawIOBase):
    """The rest of a large body; a read waits for the client, through the loop."""

    def __init__(self, incoming: Incoming, begun: bytes) -> None:
        super().__init__()
        self._incoming = incoming
        self._held = memoryview(begun)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held and not self._incoming.is_complete:
            self._held = memoryview(run_from_sync(self._incoming.next_piece()))
        length = min(len(buffer), len(self._held))
        buffer[:length] = self._held[:length]
        self._held = self._held[length:]
        return length
