"""
The keys of an issuer elsewhere: fetched ahead, kept when fetching fails.

A request never waits for the network while a usable key is in hand. The set is fetched
again before it is too old, in the background; when that fails, the last good one serves
until ``stale_limit_s``. There is one fetch at a time (single-flight), and unknown key
ids cause at most one per cooldown. Several event loops may ask; each fetches for itself
if none has a key.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import TypeVar

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import KeysUnavailableError
from quart_jwt.tokens.jwks import PublishedKeys
from quart_jwt.tokens.jwks import read_published
from quart_jwt.tokens.key_ring import KeyRing
from quart_jwt.tokens.keys import VerifyingKey

T = TypeVar("T")

DEFAULT_AGE_S = 300.0
"""How old a set gets whose server does not say: as with PyJWT's own client."""

MIN_AGE_S = 60.0
MAX_AGE_S = 24 * 3600.0
"""Limits for the lifetime that a server sends."""

AHEAD = 0.75
"""The share of its age at which a set is fetched again."""

FIRST_RETRY_S = 1.0
LAST_RETRY_S = 30.0
"""After a failure it is tried again: after a second, then twice as long each time."""

_logger = logging.getLogger("quart_jwt")


class FetchError(Exception):
    """Raised when a set did not come, or not as it should; says why."""


@dataclass(frozen=True, slots=True)
class FetchedSet:
    """
    What a server sent.

    Attributes:
        body: The document.
        max_age_s: How long the server says that it holds, in seconds, if it does.
    """

    body: bytes
    max_age_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """
    How old keys may get.

    Attributes:
        stale_limit_s: How long the last good set serves when fetching fails.
        cooldown_s: The least time between fetches that unknown key ids cause.
    """

    stale_limit_s: float = 24 * 3600.0
    cooldown_s: float = 30.0


class RemoteKeys:
    """
    The keys of one issuer.

    Args:
        fetch: Gets the set as it is now, in bounded time, or raises FetchError.
        algorithms: The algorithms that the issuer may use.
        freshness: How old the keys may get.
        clock: Gives the time in seconds; it must never be put back.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[FetchedSet]],
        algorithms: tuple[str, ...],
        freshness: Freshness,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._algorithms = algorithms
        self._freshness = freshness
        self._clock = clock
        self._held: KeyRing | None = None
        self._fetched_at = self._tried_at = -inf
        self._failures = 0
        self._abandoned = False
        self._running: asyncio.Task[None] | None = None
        self._planned: asyncio.TimerHandle | None = None
        self._planned_in: asyncio.AbstractEventLoop | None = None

    async def candidates(
        self, kid: str | None, algorithm: str
    ) -> tuple[VerifyingKey, ...]:
        """
        The keys that a token may have been signed with: at once if one is in hand.

        Args:
            kid: The id that the token names, or None.
            algorithm: The algorithm that it names.

        Raises:
            KeysUnavailableError: There is no usable set, and none can be had now.
        """
        held = self._usable()
        if held is None:
            return _known(await self._first_set(), kid, algorithm)
        found = _known(held, kid, algorithm)
        if found or not self._may_look_for_new_keys():
            return found
        await self.refresh()
        return _known(self._usable() or held, kid, algorithm)

    def counts(self, key: VerifyingKey) -> bool:
        """Whether a key that a token was verified with is still one of these."""
        held = self._usable()
        return held is not None and key in held.of(key.algorithm)

    async def refresh(self) -> None:
        """Fetch the set, or join a fetch in progress; never raises."""
        # A request that is cancelled must not take the others' fetch with it.
        await asyncio.shield(self.start())

    def start(self) -> asyncio.Task[None]:
        """Begin to fetch, unless that is under way."""
        loop = asyncio.get_running_loop()
        task = self._running
        if task is None or task.done() or task.get_loop() is not loop:
            self._forget_plan()
            self._tried_at = self._clock()
            # Not in the context of the request that happens to come first.
            task = loop.create_task(self._replace(), context=Context())
            self._running = task
        return task

    async def pretend(self, document: bytes) -> None:
        """Take a JWK Set for the issuer's from now on: tests speak for it then."""

        async def fetch() -> FetchedSet:
            return FetchedSet(document)

        await self.close()
        self._fetch = fetch
        await self.refresh()

    def abandon(self) -> None:
        """Fetch no more by itself; what is in hand serves those who still hold it."""
        self._abandoned = True

    async def close(self) -> None:
        """Stop fetching; wait until that has happened, unless it is another loop's."""
        self._forget_plan()
        task, self._running = self._running, None
        if task is None or task.done():
            return
        if task.get_loop() is not asyncio.get_running_loop():
            _call_in(task.get_loop(), task.cancel)
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def _usable(self) -> KeyRing | None:
        is_old = self._clock() - self._fetched_at >= self._freshness.stale_limit_s
        return None if is_old else self._held

    async def _first_set(self) -> KeyRing:
        if self._is_fetching() or self._clock() - self._tried_at >= self._retry_s():
            await self.refresh()
        held = self._usable()
        if held is None:
            raise KeysUnavailableError("The keys of the issuer are not available")
        return held

    def _may_look_for_new_keys(self) -> bool:
        since = self._clock() - self._tried_at
        return self._is_fetching() or since >= self._freshness.cooldown_s

    def _is_fetching(self) -> bool:
        return self._running is not None and not self._running.done()

    async def _replace(self) -> None:
        """Put a new set in place of the old one; if that fails, leave it there."""
        try:
            fetched = await self._fetch()
            published = await in_worker(read_published, fetched.body, self._algorithms)
        except (ConfigurationError, FetchError) as exc:
            _logger.warning("The keys of an issuer could not be fetched: %s", exc)
            self._fail()
            return
        except Exception:
            # Whatever a hostile set provokes, the last good one stays in hand.
            _logger.exception("The keys of an issuer could not be read")
            self._fail()
            return
        self._hold(published)
        age_s = DEFAULT_AGE_S if fetched.max_age_s is None else fetched.max_age_s
        self._plan(AHEAD * min(max(age_s, MIN_AGE_S), MAX_AGE_S))

    def _fail(self) -> None:
        self._failures += 1
        self._plan(self._retry_s())

    def _hold(self, published: PublishedKeys) -> None:
        if self._held is None or published.ring != self._held:
            for reason in published.refused:
                _logger.warning("A key of an issuer was left out: %s", reason)
        self._held, self._fetched_at, self._failures = (
            published.ring,
            self._clock(),
            0,
        )

    def _retry_s(self) -> float:
        if not self._failures:
            return 0.0
        return min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(self._failures - 1, 10))

    def _plan(self, seconds: float) -> None:
        self._forget_plan()
        self._planned_in = loop = asyncio.get_running_loop()
        self._planned = loop.call_later(seconds, self._start_planned)

    def _start_planned(self) -> None:
        self._planned = None
        # The task that planned this is over by now.
        if not self._abandoned:
            self.start()

    def _forget_plan(self) -> None:
        planned, self._planned = self._planned, None
        if planned is not None and self._planned_in is not None:
            _call_in(self._planned_in, planned.cancel)


def _call_in(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    """Call what belongs to an event loop; it may be another thread's, or closed."""
    if loop is asyncio.get_running_loop():
        function()
        return
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function)


def _known(ring: KeyRing, kid: str | None, algorithm: str) -> tuple[VerifyingKey, ...]:
    # These keys have no times: they count as long as the set names them.
    return ring.candidates(kid, algorithm, -inf)


async def in_worker(function: Callable[..., T], *args: object) -> T:
    """
    Run a function in a thread of our own.

    asyncio's pool is where sync views wait for the very keys that come from here.
    """
    return await asyncio.get_running_loop().run_in_executor(_worker(), function, *args)


@cache
def _worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="quart-jwt-jwks")
