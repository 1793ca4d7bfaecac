"""
A stream of Flask's ends with the token that opened it, as one of Quart's does.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from time import monotonic
from typing import Any
from typing import Self

from flask import Response

from quart_jwt.extension.request.current import current_settings
from quart_jwt.extension.request.current import verified_of
from quart_jwt.extension.request.lifetime import Lifetime
from quart_jwt.extension.request.subject import Subject
from quart_jwt.flask.waiting import wait


def end_with_token(subject: Subject, response: Response) -> Response:
    """
    Let a streamed response end when its token expires or is revoked.

    Files and whole bodies are sent to their end; ``JWT_END_STREAMS_WITH_TOKEN = False``
    does the same for streams.

    Args:
        subject: The request.
        response: Its response.
    """
    if not response.is_streamed or response.direct_passthrough:
        return response
    verified = verified_of(subject)
    if verified is None or verified.location is None:
        return response
    if current_settings().end_streams_with_token:
        response.response = EndingPieces(response.response, Lifetime(verified))
    return response


class EndingPieces:
    """
    The pieces of a stream, until the token is over.

    The token is looked at before and after each piece: a generator that waits between
    two of them makes one more, which is not sent.

    Args:
        pieces: The stream.
        lifetime: How long it may go on.
    """

    def __init__(self, pieces: Iterable[Any], lifetime: Lifetime) -> None:
        self._source = pieces
        self._pieces: Iterator[Any] = iter(pieces)
        self._lifetime = lifetime
        self._is_revoked = False
        self._stop_watching: Callable[[], None] | None = None
        self._ends_at: float | None = None
        if lifetime.left_s is not None:
            self._ends_at = monotonic() + lifetime.left_s

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if self._stop_watching is None:  # in the thread that sends the stream
            self._stop_watching = wait(self._watch())
        if not self._is_over():
            piece = next(self._pieces)  # it may have waited for long
            if not self._is_over():
                return piece
        self._close_source()  # a generator may hold contexts; not every client closes
        raise StopIteration

    def close(self) -> None:
        """Close the stream."""
        if self._stop_watching is not None:
            wait(self._stop(self._stop_watching))
        self._close_source()

    def _close_source(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()

    def _is_over(self) -> bool:
        return self._is_revoked or (
            self._ends_at is not None and self._ends_at <= monotonic()
        )

    async def _watch(self) -> Callable[[], None]:
        return self._lifetime.watch(self._revoke)

    async def _stop(self, stop_watching: Callable[[], None]) -> None:
        stop_watching()

    def _revoke(self) -> None:
        self._is_revoked = True
