"""
What lives as long as the service: opened in order, closed in reverse.

Quart forgets what it has opened when a later part of the start fails; here a start
that fails closes it.
"""

from collections.abc import AsyncGenerator
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import asynccontextmanager
from contextlib import AsyncExitStack

from quart import Quart

Part = Callable[[], AsyncGenerator[None, None]]
"""A generator that opens, yields once, and closes."""


def serve_with(app: Quart, *parts: Part) -> Callable[[], Awaitable[None]]:
    """
    Open parts before the app serves.

    Args:
        app: The app; what is registered with it later starts later.
        parts: In the order in which they open.

    Returns:
        What closes them, for ``app.after_serving``. Quart closes in the order of
        registration: what parts stand under has to be registered before.
    """
    opened: list[AsyncExitStack] = []

    async def start() -> None:
        async with AsyncExitStack() as stack:
            for part in parts:
                await stack.enter_async_context(asynccontextmanager(part)())
            opened.append(stack.pop_all())

    async def stop() -> None:
        await opened.pop().aclose()

    app.before_serving(start)
    return stop
