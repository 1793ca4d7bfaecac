"""
A store in use by an application: followed, and never left half way.
"""

import asyncio
import logging
from collections.abc import Callable
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any
from typing import TypeVar

from quart_jwt.exceptions import StoreError
from quart_jwt.stores.base import Store
from quart_jwt.stores.in_use.followed import FollowedStore
from quart_jwt.stores.in_use.follower import Follower
from quart_jwt.stores.in_use.one_loop import OneLoop
from quart_jwt.stores.partitioned import PartitionedStore
from quart_jwt.tokens.revocation import TokenRef

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

    Attributes:
        store: The verbs. ``is_revoked`` asks the store only if the feed cannot tell.
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
        self.check_loop: Callable[[], None] = OneLoop().check
        stores = store.parts if isinstance(store, PartitionedStore) else (store,)
        self._parts = [
            FollowedStore(
                part,
                name=_name_of(number, len(stores)),
                check_loop=self.check_loop,
                clock=clock,
                monotonic=monotonic,
                timeout_s=timeout_s,
                bound_s=bound_s,
                max_entries=-(-max_entries // len(stores)),
            )
            for number, part in enumerate(stores)
        ]
        self._clock = clock
        self._unfinished: set[asyncio.Task[Any]] = set()
        self._spread: PartitionedStore | None = None
        self._only: Follower | None = self._parts[0].follower
        self.store: Store = self._parts[0].store
        if isinstance(store, PartitionedStore):
            self._only = None
            self._spread = PartitionedStore([part.store for part in self._parts])
            self.store = self._spread

    async def open(self) -> None:
        """
        Open the store, follow its feed and keep it tidy, until ``close``.

        An unavailable store does not prevent the start; it is opened later.

        Raises:
            RuntimeError: Another event loop uses it.
        """
        self.check_loop()
        await asyncio.gather(*(part.open() for part in self._parts))

    async def close(self) -> None:
        """Finish what was begun, and close the store."""
        await asyncio.gather(*self._unfinished, return_exceptions=True)
        # All of them first: the parts may share connections.
        await asyncio.gather(*(part.stop() for part in self._parts))
        await asyncio.gather(*(part.close() for part in self._parts))

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """
        Run to the end what must not stop half way, even if the client goes away.

        Raises:
            Exception: What ``work`` raises, if the caller still waits for it.
        """
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_log_failure)
            raise

    def is_known_good(self, token: TokenRef) -> bool:
        """Whether the feed can tell that a token was not revoked; asks nothing."""
        follower = self._only or self._follower_of(token)
        return follower is not None and follower.vouches_for(token)

    def _follower_of(self, token: TokenRef) -> Follower | None:
        """The follower that knows about a token; None if there is none."""
        if self._spread is None:
            return self._only
        if token.subject is None and token.family_id is not None:
            return None
        return self._parts[self._spread.number_of(token.subject)].follower

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

        Raises:
            RuntimeError: Another event loop uses the store. The function would be
                called in that loop's thread.
        """
        self.check_loop()
        follower = self._follower_of(token)
        if follower is None:
            revoked()
            return lambda: None
        stop = follower.watchers.add(token, revoked)
        if follower.refuses(token):
            revoked()
        elif not follower.can_tell(token):
            # It may have been revoked since the store was asked about it.
            task = asyncio.create_task(self._ask_once_more(token, revoked))
            self._unfinished.add(task)
            task.add_done_callback(self._unfinished.discard)
        return stop

    async def _ask_once_more(
        self, token: TokenRef, revoked: Callable[[], object]
    ) -> None:
        with suppress(StoreError):
            if await self.store.is_revoked(token, now=self._clock()):
                revoked()

    async def purge(self) -> None:
        """Remove what no token could need any more, in small steps."""
        await asyncio.gather(*(part.purge() for part in self._parts))


def _name_of(number: int, count: int) -> str:
    """What the log calls a part."""
    return "The session store" if count == 1 else f"Group {number} of the session store"


def _log_failure(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _logger.error("A session change failed after its client had gone: %s", error)
