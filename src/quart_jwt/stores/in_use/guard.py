"""
The guard around any store: a deadline for every call, a circuit breaker, one error.

A store may hang, fail in its driver's own words, or be away when the app starts. To
the rings above it either answers in time or raises a ``StoreError``.
"""

import asyncio
import logging
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any
from typing import TypeVar

from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import StoreError
from quart_jwt.exceptions import StoreTimeoutError
from quart_jwt.stores.base import Store
from quart_jwt.stores.in_use.circuit_breaker import CircuitBreaker
from quart_jwt.stores.in_use.deadline import wait_within
from quart_jwt.stores.wrapped import Call
from quart_jwt.stores.wrapped import wrapped

SETTLE_S = 1.0
"""How long a driver may take to end a call that was cancelled."""

OPEN_TIMEOUT_S = 10.0
"""
Opening may have to create tables; requests that wait for it keep the usual deadline.
"""

T = TypeVar("T")
Clock = Callable[[], float]

_logger = logging.getLogger("quart_jwt")


class Guard:
    """
    Makes a store answer in time or raise ``StoreError``.

    It is opened at the first call if it could not be opened before.

    Args:
        store: The store to guard.
        clock: Gives the time in epoch seconds.
        monotonic: Gives seconds that only go forward.
        timeout_s: Gives the deadline of a call, in seconds.
        name: What the log calls it.

    Attributes:
        store: The guarded store.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        monotonic: Clock,
        timeout_s: Clock,
        name: str = "The session store",
    ) -> None:
        self._name = name
        self._unguarded = store
        self._clock = clock
        self._timeout_s = timeout_s
        self._breaker = CircuitBreaker(monotonic)
        self._is_open = False
        self._opening: asyncio.Task[None] | None = None
        self._left_behind: set[asyncio.Task[Any]] = set()
        self.store: Store = wrapped(store, self._guarded)

    async def _guarded(self, verb: str, call: Call) -> Any:
        if verb == "open":
            return await self._answer(self._opened(**call.keywords), OPEN_TIMEOUT_S)
        if verb == "close":
            return await self._close()
        self._breaker.admit()
        # A reader of the feed may wait for news; that is not the store's delay.
        waits_s = call.keywords.get("wait_s", 0)
        return await self._answer(self._once_open(call), self._timeout_s() + waits_s)

    async def _close(self) -> None:
        """Close the store, which can be opened again; never raises."""
        self._is_open, self._opening = False, None
        await self.settle()
        try:
            await self._outcome(self._unguarded.close(), OPEN_TIMEOUT_S)
        except StoreError as exc:
            _logger.warning("%s did not close: %s", self._name, exc)

    async def settle(self) -> None:
        """
        Wait a short time for the calls that were given up to end.

        They are cancelled already. A driver that is cancelled again while it closes its
        connection leaves it open, and so does one whose pool is closed meanwhile.
        """
        loop = asyncio.get_running_loop()
        if leaving := {one for one in self._left_behind if one.get_loop() is loop}:
            _done, stuck = await asyncio.wait(leaving, timeout=SETTLE_S)
            for task in stuck:
                task.cancel()

    async def _once_open(self, call: Call) -> Any:
        if not self._is_open:
            await self._opened(self._clock())
        return await call()

    async def _opened(self, now: float) -> None:
        """Open the store, once for all who wait, and longer than any of them does."""
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open(now))
            self._opening.add_done_callback(_retrieve)
        await asyncio.shield(self._opening)

    async def _open(self, now: float) -> None:
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            await self._unguarded.open(now=now)
        self._is_open = True

    async def _answer(self, work: Coroutine[Any, Any, T], deadline_s: float) -> T:
        """Wait for an answer and count how it went."""
        try:
            result = await self._outcome(work, deadline_s)
        except StoreError:
            self._count_failure()
            raise
        except JWTExtendedException:
            self._count_success()
            raise
        self._count_success()
        return result

    async def _outcome(self, work: Coroutine[Any, Any, T], deadline_s: float) -> T:
        """
        Wait for what work comes to.

        The work is a task of its own: a driver that is slow to cancel does not delay
        the caller.
        """
        task = asyncio.create_task(work)
        try:
            await wait_within({task}, deadline_s)
        finally:
            if not task.done():
                self._leave_behind(task)
        return _result(task)

    def _leave_behind(self, task: asyncio.Task[Any]) -> None:
        self._left_behind.add(task)
        task.add_done_callback(self._left_behind.discard)
        task.add_done_callback(_retrieve)
        task.cancel()

    def _count_failure(self) -> None:
        was_open = self._breaker.is_open
        self._breaker.failed()
        if self._breaker.is_open and not was_open:
            _logger.error("%s keeps failing: retrying once a second", self._name)

    def _count_success(self) -> None:
        if self._breaker.is_open:
            _logger.info("%s answers again", self._name)
        self._breaker.succeeded()


def _result(task: asyncio.Task[T]) -> T:
    """What a task came to; whatever a driver raised is a StoreError from here on."""
    if not task.done():
        raise StoreTimeoutError("The session store did not answer in time")
    try:
        return task.result()
    except (StoreError, JWTExtendedException):
        raise
    except TimeoutError as exc:
        raise StoreTimeoutError("The session store did not answer in time") from exc
    except asyncio.CancelledError as exc:
        raise StoreError("The session store was closed meanwhile") from exc
    except Exception as exc:
        # Not with the driver's words: they may show what was to be stored.
        raise StoreError("The session store failed") from exc


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Retrieve the outcome of a task that is no longer awaited."""
    if not task.cancelled():
        task.exception()
