"""
A store in use by an application: guarded, followed, tidied up, and never left half way.
"""

import asyncio
import logging
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from typing import TypeVar

from quart_jwt.exceptions import StoreError
from quart_jwt.stores.base import ending_of
from quart_jwt.stores.base import Limit
from quart_jwt.stores.base import Store
from quart_jwt.stores.in_use.follower import Follower
from quart_jwt.stores.in_use.follower import KEEP_MARGIN_S
from quart_jwt.stores.in_use.guard import GuardedStore
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import Outcome
from quart_jwt.tokens.rotation import Presented
from quart_jwt.tokens.rotation import Rotation
from quart_jwt.tokens.rotation import Successor

PURGE_EVERY_S = 60.0
PURGE_AT_MOST = 1_000
"""Rows per step: a purge must not hold up a login."""

T = TypeVar("T")
Clock = Callable[[], float]

_logger = logging.getLogger("quart_jwt")


class StoreInUse:
    """
    What the rings above ask about sessions.

    Args:
        store: The store.
        clock: Gives the time in epoch seconds.
        monotonic: Gives seconds that only go forward.
        timeout_s: Gives the deadline of a call, in seconds.
        bound_s: Gives the most seconds by which a revocation may be known late.
        max_entries: The most revocations to hold in memory.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        monotonic: Clock,
        timeout_s: Clock,
        bound_s: Clock,
        max_entries: int,
    ) -> None:
        self._guarded = GuardedStore(
            store, clock=clock, monotonic=monotonic, timeout_s=timeout_s
        )
        self._follower = Follower(
            self._guarded,
            clock=clock,
            monotonic=monotonic,
            bound_s=bound_s,
            max_entries=max_entries,
        )
        self._clock = clock
        self._serving: set[asyncio.Task[None]] = set()
        self._unfinished: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """
        Open the store, follow its feed and keep it tidy, until ``close``.

        A store that is away does not stop the start: it is asked again later.
        """
        try:
            await self._guarded.open(now=self._clock())
        except StoreError as exc:
            _logger.error("The session store is not there yet: %s", exc)  # noqa: TRY400 - a driver's traceback may show the URL
        for work in (self._follower.run(), self._purge_now_and_then()):
            task = asyncio.create_task(work)
            self._serving.add(task)

    async def close(self) -> None:
        """Finish what was begun, and let go of the store."""
        serving, self._serving = self._serving, set()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, *self._unfinished, return_exceptions=True)
        await self._guarded.close()

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """
        Run to the end what must not stop half way, even if the client goes away.

        Raises:
            Exception: What ``work`` raises, if anybody is still there to hear it.
        """
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_log_failure)
            raise

    async def ping(self) -> None:
        """See ``stores.base.Lifecycle.ping``."""
        await self._guarded.ping()

    async def start(
        self, family: Family, *, limit: Limit | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.start``."""
        return self._taken(await self._guarded.start(family, limit=limit, now=now))

    async def rotate(
        self, presented: Presented, successor: Successor, *, grace_s: float, now: float
    ) -> Rotation:
        """See ``stores.base.Families.rotate``."""
        rotation = await self._guarded.rotate(
            presented, successor, grace_s=grace_s, now=now
        )
        if rotation.outcome is Outcome.REUSE and rotation.family is not None:
            self._taken((ending_of(rotation.family),))
        return rotation

    async def end(
        self, family_id: str, *, subject: str | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.end``."""
        gone = await self._guarded.end(family_id, subject=subject, now=now)
        return self._taken(gone)

    async def end_all(
        self,
        subject: str,
        *,
        spare: str | None,
        started_by: float | None,
        now: float,
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.end_all``."""
        gone = await self._guarded.end_all(
            subject, spare=spare, started_by=started_by, now=now
        )
        return self._taken(gone)

    async def live(self, subject: str, *, now: float) -> Sequence[Family]:
        """See ``stores.base.Families.live``."""
        return await self._guarded.live(subject, now=now)

    async def revoke(self, revocation: Revocation, *, now: float) -> None:
        """See ``stores.base.RevokedTokens.revoke``."""
        await self._guarded.revoke(revocation, now=now)
        self._taken((revocation,))

    async def is_revoked(self, token: TokenRef, *, now: float) -> bool:
        """See ``stores.base.RevokedTokens.is_revoked``; asks the store only if the
        feed cannot tell.
        """
        if self._follower.refuses(token):
            return True
        if self._follower.can_tell(token):
            return False
        return await self._guarded.is_revoked(token, now=now)

    def watch(
        self, token: TokenRef, revoked: Callable[[], object]
    ) -> Callable[[], None]:
        """
        Have a function called when a token is revoked, here or by another process.

        It is called at once if that has happened already.

        Args:
            token: The token.
            revoked: The function; it must not raise.

        Returns:
            What stops watching.
        """
        stop = self._follower.watchers.add(token, revoked)
        if self._follower.refuses(token):
            revoked()
        return stop

    def _taken(self, revocations: tuple[Revocation, ...]) -> tuple[Revocation, ...]:
        """Known at once in the process that revoked, whatever the feed does."""
        self._follower.take(revocations)
        return revocations

    async def _purge_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(PURGE_EVERY_S)
            with suppress(StoreError):
                await self.purge()

    async def purge(self) -> None:
        """Remove what no token could need any more, in small steps."""
        now = self._clock() - KEEP_MARGIN_S
        while await self._guarded.purge(limit=PURGE_AT_MOST, now=now) >= PURGE_AT_MOST:
            pass


def _log_failure(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _logger.error("A session change failed after its client had gone: %s", error)
