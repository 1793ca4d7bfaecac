"""
A WSGI response, sent as ASGI events.

A short response is sent by the event loop. A stream is sent from the thread of the
request, piece by piece: the thread waits until the server has taken a piece.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from quart_jwt.extension.hooks.waiting import run_from_sync
from quart_jwt.flask.incoming import Incoming

AT_ONCE_BYTES = 1 << 16
"""A response whose length is known and no longer is sent in one piece: 64 KiB."""

Send = Callable[[Any], Awaitable[None]]
ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
)


class Outgoing:
    """
    What is sent to a client.

    Args:
        send: ASGI's.
        incoming: What the client sends; it may go away.
    """

    def __init__(self, send: Send, incoming: Incoming) -> None:
        self._send = send
        self._incoming = incoming
        self._written: list[bytes] = []
        self._start: dict[str, Any] = {}
        self._has_begun = False

    def start_response(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: ExcInfo | None = None,
    ) -> Callable[[bytes], object]:
        """Take the status and the headers (PEP 3333)."""
        if exc_info is not None and exc_info[1] is not None and self._has_begun:
            raise exc_info[1].with_traceback(exc_info[2])
        self._start = {
            "type": "http.response.start",
            "status": int(status.split(" ", 1)[0]),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in headers
            ],
        }
        return self._written.append

    def send_from_thread(self, pieces: Iterable[bytes]) -> bytes | None:
        """
        Send the pieces of a response, and close them; in the thread of the request.

        Returns:
            The body of a short response, for ``finish``. None if all has been sent.
        """
        try:
            if self._is_short():
                return b"".join([*self._written, *pieces])
            for piece in pieces:
                if self._incoming.gone.is_set():
                    return None
                if piece or self._written:
                    run_from_sync(self._send_piece(piece))
            run_from_sync(self._send_piece(b"", is_last=True))
            return None
        finally:
            _close(pieces)

    async def finish(self, body: bytes | None) -> None:
        """Send a short response, if there is one; on the event loop."""
        if body is not None:
            await self._send(self._start)
            await self._send({"type": "http.response.body", "body": body})

    def _is_short(self) -> bool:
        for name, value in self._start.get("headers", ()):
            if name == b"content-length":
                return int(value) <= AT_ONCE_BYTES
        return False

    async def _send_piece(self, piece: bytes, *, is_last: bool = False) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._incoming.watch()
            await self._send(self._start)
        body = b"".join([*self._written, piece])
        self._written.clear()
        event = {"type": "http.response.body", "body": body, "more_body": not is_last}
        await self._send(event)


def joined(pieces: Iterable[bytes]) -> bytes:
    """Return the whole of a body that is in memory, and close it."""
    try:
        return b"".join(pieces)
    finally:
        _close(pieces)


def _close(pieces: Iterable[bytes]) -> None:
    close = getattr(pieces, "close", None)
    if close is not None:
        close()
