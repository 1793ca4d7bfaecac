"""
How our coroutines wait, on the event loop and in a thread.

A verification is one coroutine. On the loop it is awaited. A ``def`` view steps it in
its own thread with ``finish``: hooks are then called there, as under Flask, and what
needs the loop goes through ``via_loop``, for which the thread waits.
"""

import asyncio
from collections.abc import Awaitable
from collections.abc import Coroutine
from typing import Any
from typing import TypeVar

from quart_jwt.extension.hooks.colour import finish
from quart_jwt.extension.hooks.colour import on_the_loop
from quart_jwt.extension.hooks.colour import remembered_loop
from quart_jwt.extension.hooks.jobs import jobs_here

T = TypeVar("T")


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
    loop = remembered_loop()
    if on_the_loop() or loop is None:
        return finish(coroutine)
    future = asyncio.run_coroutine_threadsafe(coroutine, loop)
    jobs = jobs_here()
    result: T = future.result() if jobs is None else jobs.serve_while_waiting(future)
    return result


async def _awaiting(awaitable: Awaitable[T]) -> T:
    return await awaitable
