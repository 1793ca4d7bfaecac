"""
A store in use by an application: guarded, followed, tidied up, and never left half way.
"""

import asyncio
import logging
from collections.abc import Callable
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any
from typing import TypeVar

from quart_jwt.exceptions import StoreError
from quart_jwt.stores.base import ending_of
from quart_jwt.stores.base import Store
from quart_jwt.stores.in_use.answers import Answers
from quart_jwt.stores.in_use.follower import Follower
from quart_jwt.stores.in_use.follower import PURGE_MARGIN_S
from quart_jwt.stores.in_use.guard import Guard
from quart_jwt.stores.in_use.one_loop import OneLoop
from quart_jwt.stores.wrapped import Call
from quart_jwt.stores.wrapped import wrapped
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import Outcome

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
        self._guard = Guard(
            store, clock=clock, monotonic=monotonic, timeout_s=timeout_s
        )
        self._follower = Follower(
            self._guard.store,
            clock=clock,
            monotonic=monotonic,
            bound_s=bound_s,
            max_entries=max_entries,
        )
        self._answers = Answers(self._follower, monotonic=monotonic, bound_s=bound_s)
        self._clock = clock
        self._serving: set[asyncio.Task[None]] = set()
        self._unfinished: set[asyncio.Task[Any]] = set()
        self.check_loop: Callable[[], None] = OneLoop().check
        self.store: Store = wrapped(self._guard.store, self._known)

    async def open(self) -> None:
        """
        Open the store, follow its feed and keep it tidy, until ``close``.

        A store that is away does not stop the start: it is asked again later.

        Raises:
            RuntimeError: Another event loop uses it.
        """
        self.check_loop()
        try:
            await self._guard.store.open(now=self._clock())
        except StoreError as exc:
            _logger.error("The session store is not available yet: %s", exc)  # noqa: TRY400 - a driver's traceback may show the URL
        for work in (self._follower.run(), self._purge_now_and_then()):
            task = asyncio.create_task(work)
            self._serving.add(task)

    async def close(self) -> None:
        """Finish what was begun, and let go of the store."""
        serving, self._serving = self._serving, set()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, *self._unfinished, return_exceptions=True)
        await self._guard.store.close()

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
        return self._follower.vouches_for(token)

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
        stop = self._follower.watchers.add(token, revoked)
        if self._follower.refuses(token):
            revoked()
        elif not self._follower.can_tell(token):
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

    async def _known(self, verb: str, call: Call) -> Any:
        """
        What this process revokes, it knows at once, whatever the feed does; and what
        it knows is not asked for.
        """
        self.check_loop()
        if verb == "is_revoked":
            return await self._is_revoked(call)
        answer = await call()
        if verb in {"start", "end", "end_all"}:
            self._follower.take(answer)
        elif verb == "revoke":
            self._follower.take(call.args)
        elif verb == "rotate" and answer.outcome is Outcome.REUSE and answer.family:
            self._follower.take((ending_of(answer.family),))
        return answer

    async def _is_revoked(self, call: Call) -> bool:
        (token,) = call.args
        return await self._answers.is_revoked(token, call)

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


def _log_failure(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _logger.error("A session change failed after its client had gone: %s", error)
