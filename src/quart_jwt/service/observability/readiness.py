"""
Readiness: whether this process can do its work, told without asking anybody.

One task looks at the database and the session store once a second. A probe gets the
last result, so a flood of probes causes no queries, and one lost packet takes no
process out of service: it takes three misses in a row, and two hits bring it back.
Whether they can be written to is tried every ten seconds, and with each look while they
cannot.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from contextlib import suppress
from math import inf

from quart_jwt.building_blocks import wait_within

logger: logging.Logger = logging.getLogger(__name__)

EVERY_S = 1.0
DEADLINE_S = 2.0
"""For one look: what takes longer is of no use to a request either. The lag of our own
event loop does not count, because another instance would not answer sooner.
"""

MISSES = 3
HITS = 2

WRITE_EVERY_S = 10.0
"""
A few bytes on the disk for each process; logins fail no longer than that before the
load balancer notices.
"""

Check = Callable[[], Awaitable[None]]
"""Returns if a part answers, and raises any exception if not."""


class NowAndThen:
    """
    A check that is made now and then while it succeeds, and each time while it fails.

    Args:
        check: The check.
        every_s: How long a success counts, in seconds.
        monotonic: Gives seconds that only go forward.
    """

    def __init__(
        self,
        check: Check,
        *,
        every_s: float = WRITE_EVERY_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._check = check
        self._every_s = every_s
        self._monotonic = monotonic
        self._good_until = -inf

    async def __call__(self) -> None:
        """Make the check, unless it has succeeded a moment ago."""
        now = self._monotonic()
        if now >= self._good_until:
            await self._check()
            self._good_until = now + self._every_s


class Readiness:
    """
    Looks after the parts that a request needs.

    Args:
        checks: The parts, by name.
    """

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._is_ready: bool | None = None  # None before the first look
        self._against = 0  # looks in a row that say otherwise
        self._late: dict[str, asyncio.Task[bool]] = {}
        self._enough = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        """Whether every part answers, as far as is known."""
        return self._is_ready is True

    async def serving(self) -> AsyncGenerator[None, None]:
        """Look once before the first request, and then on, until the service ends."""
        await self.look()
        looking = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            # A look is not cut short: a driver may leave its connection behind then.
            self._enough.set()
            await looking
            for task in self._late.values():
                task.cancel()
            await asyncio.gather(*self._late.values(), return_exceptions=True)

    async def look(self) -> None:
        """
        Ask every part once, all at the same time; never raises.

        A part that has not answered an earlier look yet is not asked again.
        """
        late = {name: task for name, task in self._late.items() if not task.done()}
        asked = {
            name: asyncio.create_task(_answers(check))
            for name, check in self._checks.items()
            if name not in late
        }
        if asked:
            await wait_within(asked.values(), DEADLINE_S)
        in_time = {
            name for name, task in asked.items() if task.done() and task.result()
        }
        self._late = {**late, **{n: t for n, t in asked.items() if not t.done()}}
        self._note([name for name in self._checks if name not in in_time])

    def _note(self, silent: list[str]) -> None:
        good = not silent
        if good == self._is_ready:
            self._against = 0
            return
        self._against += 1
        if self._is_ready is None or self._against >= (HITS if good else MISSES):
            self._is_ready, self._against = good, 0
            if good:
                logger.info("ready")
            else:
                logger.error("not ready: no answer from: %s", ", ".join(silent))

    async def _keep_looking(self) -> None:
        while not self._enough.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._enough.wait()
            if not self._enough.is_set():
                await self.look()


async def _answers(check: Check) -> bool:
    try:
        await check()
    except Exception:  # noqa: BLE001 - whatever a driver raises, it is no answer
        return False
    return True
