import asyncio
import time
from collections.abc import Awaitable
from collections.abc import Callable

from quart_jwt.stores.in_use.deadline import wait_within

ANSWER_TURNS = 20
"""Turns of the event loop that an answer takes, as those of a database driver do."""


async def _answer() -> str:
    for _ in range(ANSWER_TURNS):
        await asyncio.sleep(0)
    return "answer"


async def _with_lag(lag_s: float, waiting: Callable[[], Awaitable[None]]) -> None:
    """Let each turn of the event loop take so long meanwhile."""
    done = False

    async def lag() -> None:
        while not done:
            time.sleep(lag_s)  # noqa: ASYNC251 - that is the point
            await asyncio.sleep(0)

    lagging = asyncio.create_task(lag())
    await waiting()
    done = True
    await lagging


async def test_an_answer_that_waits_for_our_own_event_loop_is_in_time() -> None:
    """Each turn takes a fifth of the deadline, and the answer takes twenty of them."""
    task = asyncio.create_task(_answer())
    await _with_lag(0.005, lambda: wait_within([task], 0.025))

    assert task.done()


async def test_what_hangs_is_left_at_the_deadline() -> None:
    """It is not cancelled, and the others have their answers."""
    hanging = asyncio.create_task(asyncio.Event().wait())
    answering = asyncio.create_task(_answer())
    await wait_within([hanging, answering], 0.01)
    done = (hanging.done(), answering.done())
    hanging.cancel()

    assert done == (False, True)
