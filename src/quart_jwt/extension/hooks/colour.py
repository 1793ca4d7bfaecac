"""
Whether a function is sync or async, and where it runs: on the event loop or off it.

Worker threads know the loop by a context variable, which is copied into them. It is
set where a thread may follow, so that other requests do not pay for it.
"""

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from typing import TypeVar

T = TypeVar("T")

RUNNING_LOOP: ContextVar[asyncio.AbstractEventLoop] = ContextVar("quart_jwt.loop")
"""The loop to which the worker threads of this context belong."""

_here = threading.local()


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


def on_the_loop() -> bool:
    """Whether the code that asks can await: its thread runs an event loop, and the
    code is not being stepped inside of that loop.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return False
    return loop is not getattr(_here, "stepped_in", None)


@contextmanager
def stepping() -> Iterator[None]:
    """
    Step coroutines here, even if this thread runs an event loop.

    An async test that uses Flask's sync test client has sync code in the loop's thread.
    """
    outer = getattr(_here, "stepped_in", None)
    _here.stepped_in = running_loop()
    try:
        yield
    finally:
        _here.stepped_in = outer


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


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


def remembered_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of this context if it is running; None otherwise."""
    loop = RUNNING_LOOP.get(None)
    return loop if loop is not None and loop.is_running() else None
