"""
An open loop: requests start when they are due, whether or not earlier ones finished.

A closed loop sends its next request after the last response, so a server that stalls is
asked less often, and the requests that would have waited are missing from the
percentiles (coordinated omission). Here a latency counts from the time at which the
request was due.
"""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Clock = Callable[[], float]
Act = Callable[[float], Coroutine[Any, Any, None]]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """
    Evenly spaced arrivals.

    Attributes:
        rate: Arrivals per second.
        duration_s: For how long; arrivals at the end itself are not included.
    """

    rate: float
    duration_s: float

    @property
    def count(self) -> int:
        """How many there are, at least one."""
        return max(1, round(self.rate * self.duration_s))

    def times(self, began_s: float) -> Iterator[float]:
        """Return when each is due; computed from the start, so nothing drifts."""
        return (began_s + number / self.rate for number in range(self.count))


async def offer(
    arrivals: Arrivals,
    act: Act,
    *,
    clock: Clock,
    sleep: Sleep = asyncio.sleep,
) -> list[float]:
    """
    Start ``act`` for every arrival, and return when all have finished.

    Args:
        arrivals: When to start.
        act: Called with the time at which it was due.
        clock: Gives the time in seconds.
        sleep: Waits for so many seconds.

    Returns:
        How late the generator itself was for each arrival, in seconds. If this is not
        small, the machine of the generator limits the result.
    """
    late: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        for due_s in arrivals.times(clock()):
            wait_s = due_s - clock()
            if wait_s > 0:
                await sleep(wait_s)
            late.append(max(0.0, clock() - due_s))
            tasks.create_task(act(due_s))
            if wait_s <= 0:
                await asyncio.sleep(0)  # overdue arrivals must not starve responses
    return late
