"""
How our coroutines wait, on the event loop and in a thread.

A verification is one coroutine. On the loop it is awaited. A ``def`` view steps it in
its own thread with ``finish``: hooks are then called there, as under Flask, and what
needs the loop goes through ``via_loop``, for which the thread waits.
"""

import asyncio
import threading
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from typing import TypeVar

from quart_jwt.extension.hooks.colour import finish
from quart_jwt.extension.hooks.colour import on_the_loop
from quart_jwt.extension.hooks.colour import remember_loop
from quart_jwt.extension.hooks.colour import remembered_loop
from quart_jwt.extension.hooks.colour import running_loop
from quart_jwt.extension.hooks.colour import stepping
from quart_jwt.extension.hooks.jobs import jobs_here
from quart_jwt.extension.hooks.jobs import Pump
from quart_jwt.extension.hooks.request_thread import HOST

T = TypeVar("T")
LoopSource = Callable[[], asyncio.AbstractEventLoop]

_here = threading.local()


async def via_loop(awaitable: Awaitable[T]) -> T:
    """
    Await something that needs the event loop: a store, a request body, an async hook.

    On the loop it is just awaited. A thread that steps this coroutine waits for the
    loop, and runs plain code of its request meanwhile.

    Raises:
        WouldSuspendError: There is no loop that this thread could wait for.
    """
    if on_the_loop():
        return await awaitable
    return run_from_sync(_awaiting(awaitable))


def run_from_sync(coroutine: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine for a sync caller: on the loop if the caller is in a thread, by
    hand if there is no loop to wait for.

    Raises:
        WouldSuspendError: The caller is on the loop, or there is none, and the
            coroutine has to wait.
    """
    spare: LoopSource | None = getattr(_here, "spare_loop", None)
    if spare is not None and not on_the_loop():
        return wait_for(coroutine, spare)
    loop = remembered_loop()
    if on_the_loop() or loop is None:
        return finish(coroutine)
    future = asyncio.run_coroutine_threadsafe(coroutine, loop)
    jobs = jobs_here()
    result: T = future.result() if jobs is None else jobs.serve_while_waiting(future)
    return result


def wait_for(coroutine: Coroutine[Any, Any, T], spare: LoopSource) -> T:
    """
    Run a coroutine on the event loop that serves this request, and wait for it.

    Meanwhile this thread makes the calls that the coroutine wants made in it.

    Args:
        coroutine: The coroutine; it gets a copy of the caller's context variables.
        spare: Gives a loop where none serves, or where this very thread runs it.
    """
    loop = remembered_loop()
    if loop is None or loop is running_loop():
        loop = spare()
    jobs = jobs_here()
    if jobs is not None:
        return _served(jobs.serve_while_waiting, coroutine, loop)
    pump = Pump()
    token = HOST.set(pump)
    try:
        return _served(pump.serve_while_waiting, coroutine, loop)
    finally:
        HOST.reset(token)


def step(coroutine: Coroutine[Any, Any, T], spare: LoopSource) -> T:
    """
    Step one of our own coroutines in this thread, hooks included.

    Args:
        coroutine: The coroutine; what it waits for is waited for with ``via_loop``.
        spare: As for ``wait_for``.
    """
    with stepping(), _waiting_with(spare):
        return finish(coroutine)


@contextmanager
def _waiting_with(spare: LoopSource) -> Iterator[None]:
    outer = getattr(_here, "spare_loop", None)
    _here.spare_loop = spare
    try:
        yield
    finally:
        _here.spare_loop = outer


def _served(
    serve: Callable[[Any], T],
    coroutine: Coroutine[Any, Any, T],
    loop: asyncio.AbstractEventLoop,
) -> T:
    return serve(asyncio.run_coroutine_threadsafe(_remembering(coroutine), loop))


async def _remembering(coroutine: Coroutine[Any, Any, T]) -> T:
    remember_loop()
    return await coroutine


async def _awaiting(awaitable: Awaitable[T]) -> T:
    return await awaitable
