"""
The body of a request that is answered without reading it.

Hypercorn puts the pieces of a body into a bounded queue, and the end of the request
behind them. If the app does not read them, the connection waits for space in the queue
for ever, even after the client has disconnected: a few hundred bytes from any client
would leak a file descriptor.
"""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

END_S = 1.0
"""How long the end of a request may take after its answer; servers tell it at once."""

ANNOUNCING = frozenset({b"content-length", b"transfer-encoding"})
"""The headers that announce a body in HTTP/1."""

ANNOUNCED = frozenset({"1.0", "1.1"})
"""The versions of HTTP in which a body is announced."""


def may_have_body(scope: Any) -> bool:
    """
    Say whether a body may come with a request.

    RFC 9112 §6.3: in HTTP/1 it is announced; in HTTP/2 it just comes.
    """
    if scope["type"] != "http":
        return False
    if scope.get("http_version") not in ANNOUNCED:
        return True
    return any(name in ANNOUNCING for name, _ in scope["headers"])


async def answer_unread(
    scope: Any, receive: Callable[[], Awaitable[Any]], answering: Awaitable[None]
) -> None:
    """
    Send an answer, and forget meanwhile what comes of the request's body.

    Args:
        scope: The ASGI scope of the request.
        receive: Gives its events.
        answering: Sends the answer.
    """
    if not may_have_body(scope):
        await answering
        return
    dropping = asyncio.create_task(_drop(receive))
    try:
        await answering
        await asyncio.wait([dropping], timeout=END_S)
    finally:
        dropping.cancel()


async def _drop(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] == "http.request":
        pass
