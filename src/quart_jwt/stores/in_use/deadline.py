"""
A deadline that the event loop's own lag does not use up.

Under load, a turn of the event loop can take longer than a store. A plain timeout
would then report an outage of a store that answered at once: its answer is there, and
the loop has not come to it.
"""

import asyncio
from collections.abc import Collection
from typing import Any

TURNS = 40
"""More turns of the event loop than any answer of a database driver takes."""


async def wait_within(tasks: Collection[asyncio.Task[Any]], deadline_s: float) -> None:
    """
    Wait until tasks are done or their time is over; cancels none.

    Args:
        tasks: At least one.
        deadline_s: Seconds. They are counted in ``TURNS`` parts, of which each takes
            at least one turn of the event loop.
    """
    for _ in range(TURNS):
        _done, pending = await asyncio.wait(tasks, timeout=deadline_s / TURNS)
        if not pending:
            return
