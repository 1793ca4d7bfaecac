"""
The colour of functions, and the bridges between them.

A sync function in a worker thread may wait for the event loop; a sync function
on the loop itself may not, but it can finish whatever never suspends. The loop
is known to the threads by a context variable, which Quart copies into them; it is
set where a thread may follow, so that no other request pays for it.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any
from typing import TypeVar

T = TypeVar("T")

RUNNING_LOOP: ContextVar[asyncio.AbstractEventLoop] = ContextVar("quart_jwt.loop")
"""The loop to which the worker threads of this context belong."""


class WouldSuspendError(RuntimeError):
    """Raised when a coroutine has to wait and its caller cannot."""


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling ``function`` gives something to await: partials and
    objects with an async ``__call__`` included.
    """
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004 - its colour is the question
    )


def remember_loop() -> None:
    """Let the worker threads of this context find the running loop."""
    RUNNING_LOOP.set(asyncio.get_running_loop())


def remembering_loop(
    to_async: Callable[..., Callable[..., Awaitable[Any]]],
) -> Callable[..., Callable[..., Awaitable[Any]]]:
    """
    Let sync code find the loop, wherever the app runs such code in a thread.

    Args:
        to_async: The app's ``sync_to_async``.
    """

    @functools.wraps(to_async)
    def remembering(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        run = to_async(function)

        @functools.wraps(run)  # Quart marks what it has made async
        async def run_remembering(*args: Any, **kwargs: Any) -> Any:
            remember_loop()
            return await run(*args, **kwargs)

        return run_remembering

    return remembering


def on_the_loop() -> bool:
    """Whether this thread runs an event loop right now."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine to its end without an event loop.

    Raises:
        WouldSuspendError: It has to wait for something; it was closed.
    """
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise WouldSuspendError


def run_from_sync(coroutine: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine for a sync caller: through the loop from a worker thread,
    by hand where there is no loop to wait for.

    Raises:
        WouldSuspendError: The caller is on the loop, or there is none, and the
            coroutine has to wait.
    """
    loop = RUNNING_LOOP.get(None)
    if on_the_loop() or loop is None or not loop.is_running():
        return finish(coroutine)
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()
