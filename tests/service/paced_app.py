"""
An application for workers: answers at once, slowly, never, or hangs its process.

Workers import it by name (``service.paced_app:app``), so it stands on nothing but the
standard library.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Event = dict[str, Any]
Send = Callable[[Event], Awaitable[None]]


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Event]], send: Send
) -> None:
    """Serve one connection."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    way = WAYS[scope["path"]]
    if way is not _at_once:
        print("in flight:", scope["path"], flush=True)  # noqa: T201 - tests wait for it
    await way()
    body = str(os.getpid()).encode()
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Callable[[], Awaitable[Event]], send: Send) -> None:
    """Start, unless the test wants a start that fails, and end."""
    await receive()
    if "PACED_APP_FAILS" in os.environ:
        await send({"type": "lifespan.startup.failed", "message": "no luck"})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _at_once() -> None:
    """Answer."""


async def _slowly() -> None:
    """Answer after two seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(2):
            await asyncio.Event().wait()


async def _never() -> None:
    """Wait for what never comes, until cancelled."""
    await asyncio.Event().wait()


async def _stubbornly() -> None:
    """Wait for what never comes, also when cancelled: a thread is asleep."""
    await asyncio.to_thread(_sleep_on)


def _sleep_on() -> None:
    threading.Event().wait(600)


async def _hang() -> None:
    """Keep the event loop from doing anything else."""
    _sleep_on()


WAYS: dict[str, Callable[[], Awaitable[None]]] = {
    "/": _at_once,
    "/slow": _slowly,
    "/never": _never,
    "/stuck": _stubbornly,
    "/hang": _hang,
}
