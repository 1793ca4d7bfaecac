"""
Worker threads for what must not hold up the event loop: two bounded pools.

They are our own. Sync views wait in Quart's threads for the very hooks that run
here: in one pool, views that wait could take every place. And a hook that waits
for a database must not keep signatures waiting, so those have a pool as well.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from functools import partial
from typing import Any

HOOK_THREADS = 32
"""The most sync hooks at once; asyncio's own pool has as many on a large machine."""

SIGNING_THREADS = os.cpu_count() or 1
"""Signing keeps a core busy: more threads than cores would gain nothing."""


async def offload(function: Callable[..., Any], *args: Any) -> Any:
    """Run a function that may block in a worker thread, with this context."""
    return await _run(_hook_threads(), function, *args)


async def compute(function: Callable[..., Any], *args: Any) -> Any:
    """Run a function that keeps a core busy in a worker thread, with this context."""
    return await _run(_signing_threads(), function, *args)


async def _run(
    pool: ThreadPoolExecutor, function: Callable[..., Any], *args: Any
) -> Any:
    work = partial(copy_context().run, _without_stop_iteration, function, *args)
    return await asyncio.get_running_loop().run_in_executor(pool, work)


def _without_stop_iteration(function: Callable[..., Any], *args: Any) -> Any:
    """A future cannot carry StopIteration: whoever awaits it would wait forever."""
    try:
        return function(*args)
    except StopIteration as exc:
        raise RuntimeError("A function in a worker thread ran out of items") from exc


@cache
def _hook_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(HOOK_THREADS, thread_name_prefix="quart-jwt-hook")


@cache
def _signing_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(SIGNING_THREADS, thread_name_prefix="quart-jwt-sign")
