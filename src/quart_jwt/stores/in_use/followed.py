"""
One store as a process uses it: guarded, followed and purged.

It is a store by itself, or one part of a ``PartitionedStore``. Each part has a guard,
a circuit breaker and a follower of its own, so that one that is late or unavailable
says nothing about the others.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from quart_jwt.exceptions import StoreError
from quart_jwt.stores.base import ending_of
from quart_jwt.stores.base import Store
from quart_jwt.stores.in_use.answers import Answers
from quart_jwt.stores.in_use.follower import Follower
from quart_jwt.stores.in_use.follower import PURGE_MARGIN_S
from quart_jwt.stores.in_use.guard import Guard
from quart_jwt.stores.wrapped import Call
from quart_jwt.stores.wrapped import wrapped
from quart_jwt.tokens.rotation import Outcome

PURGE_EVERY_S = 60.0
PURGE_AT_MOST = 1_000
"""Rows per step: a purge must not hold up a login."""

Clock = Callable[[], float]

_logger = logging.getLogger("quart_jwt")


class FollowedStore:
    """
    A store, and what this process knows of it.

    Args:
        store: The store.
        name: What the log calls it.
        check_loop: Called before each verb; raises in a second event loop.
        clock: Gives the time in epoch seconds.
        monotonic: Gives seconds that only go forward.
        timeout_s: Gives the deadline of a call, in seconds.
        bound_s: Gives the most seconds by which a revocation may be known late.
        max_entries: The most revocations to hold in memory.

    Attributes:
        store: The verbs. ``is_revoked`` asks the store only if the feed cannot tell.
        follower: What is known of the feed.
    """

    def __init__(
        self,
        store: Store,
        *,
        name: str,
        check_loop: Callable[[], None],
        clock: Clock,
        monotonic: Clock,
        timeout_s: Clock,
        bound_s: Clock,
        max_entries: int,
    ) -> None:
        self._name = name
        self._check_loop = check_loop
        self._clock = clock
        self._guard = Guard(
            store, name=name, clock=clock, monotonic=monotonic, timeout_s=timeout_s
        )
        self.follower: Follower = Follower(
            self._guard.store,
            clock=clock,
            monotonic=monotonic,
            bound_s=bound_s,
            max_entries=max_entries,
        )
        self._answers = Answers(self.follower, monotonic=monotonic, bound_s=bound_s)
        self._serving: set[asyncio.Task[None]] = set()
        self.store: Store = wrapped(self._guard.store, self._known)

    async def open(self) -> None:
        """
        Open the store, follow its feed and purge it now and then, until ``stop``.

        An unavailable store does not prevent the start; it is opened later.
        """
        try:
            await self._guard.store.open(now=self._clock())
        except StoreError as exc:
            _logger.error("%s is not available yet: %s", self._name, exc)  # noqa: TRY400 - a driver's traceback may show the URL
        for work in (self.follower.run(), self._purge_now_and_then()):
            task = asyncio.create_task(work)
            self._serving.add(task)

    async def stop(self) -> None:
        """Stop following, and let calls that were given up end."""
        serving, self._serving = self._serving, set()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await self._guard.settle()

    async def close(self) -> None:
        """Close the store, after ``stop``."""
        await self._guard.store.close()

    async def _known(self, verb: str, call: Call) -> Any:
        """
        What this process revokes, it knows at once, whatever the feed does; and what
        it knows is not asked for.
        """
        self._check_loop()
        if verb == "is_revoked":
            (token,) = call.args
            return await self._answers.is_revoked(token, call)
        answer = await call()
        if verb in {"start", "end", "end_all"}:
            self.follower.take(answer)
        elif verb == "revoke":
            self.follower.take(call.args)
        elif verb == "rotate" and answer.outcome is Outcome.REUSE and answer.family:
            self.follower.take((ending_of(answer.family),))
        return answer

    async def _purge_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(PURGE_EVERY_S)
            with suppress(StoreError):
                await self.purge()

    async def purge(self) -> None:
        """Remove what no token could need any more, in small steps."""
        now = self._clock() - PURGE_MARGIN_S
        while (
            await self._guard.store.purge(limit=PURGE_AT_MOST, now=now) >= PURGE_AT_MOST
        ):
            pass
