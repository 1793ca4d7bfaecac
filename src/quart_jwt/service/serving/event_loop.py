"""
The event loop: uvloop where it is installed, or asyncio's own.

``worker_class`` of ``hypercorn.toml`` chooses, as it does for the ``hypercorn``
command. uvloop comes with the ``service`` extra, but not on Windows, where it does not
exist; there, and wherever it is missing, asyncio's loop serves.
"""

import asyncio
import gc
from collections.abc import Callable
from collections.abc import Coroutine
from importlib import import_module
from importlib.util import find_spec
from typing import Any

LOOPS = ("uvloop", "asyncio")
"""What ``worker_class`` may say."""


def run(main: Coroutine[Any, Any, None], worker_class: str) -> None:
    """
    Run a coroutine to its end, as ``asyncio.run``, in a process that serves.

    What was imported lives as long as the process. Garbage collections skip it: a full
    one would otherwise hold up every request for some 60 ms.

    Args:
        main: What to run.
        worker_class: One of ``LOOPS``.
    """
    gc.collect()
    gc.freeze()
    with asyncio.Runner(loop_factory=loop_factory(worker_class)) as runner:
        runner.run(main)


def loop_factory(
    worker_class: str,
) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the event loop; None for asyncio's own."""
    if worker_class != "uvloop" or find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = import_module(
        "uvloop"
    ).new_event_loop
    return factory
