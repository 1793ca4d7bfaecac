"""
The sampler: what happens too often to be counted one by one is read now and then.

The cache and the lane of ``/auth/verify`` count in plain integers, at no cost worth
measuring. Every second this task carries the difference over; twice a second it
looks how late the event loop wakes it, which is what every other request waits, too.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator
from collections.abc import Callable

from quart_jwt.building_blocks import CacheInfo
from quart_jwt.building_blocks import VerifiedTokens
from quart_jwt.service.ground.values import HashLoad
from quart_jwt.service.observability.metrics import Metrics

logger: logging.Logger = logging.getLogger(__name__)

TICK_S = 0.5
TICKS_A_SAMPLE = 2

_EMPTY = CacheInfo(
    hits=0, misses=0, evictions=0, entries=0, bytes=0, max_entries=0, max_bytes=0
)


class Sampler:
    """
    Carries over what is counted elsewhere.

    Args:
        metrics: Where it goes.
        cache: Gives the verified-token cache as it is now.
        hash_load: Gives how busy the hashing pool is.

    Attributes:
        lane_refusals: How often the lane has refused since the last sample, by code.
    """

    def __init__(
        self,
        metrics: Metrics,
        cache: Callable[[], VerifiedTokens],
        hash_load: Callable[[], HashLoad],
    ) -> None:
        self.lane_refusals: Counter[str] = Counter()
        self._metrics = metrics
        self._cache = cache
        self._hash_load = hash_load
        self._last_cache: VerifiedTokens | None = None
        self._before = _EMPTY
        self._has_failed = False

    async def serving(self) -> AsyncGenerator[None, None]:
        """Sample until the service ends, and once more then."""
        self._metrics.processes.set(1)
        self.sample()
        sampling = asyncio.create_task(self._sample_always())
        try:
            yield
        finally:
            sampling.cancel()
            await asyncio.gather(sampling, return_exceptions=True)
            self.sample()

    def sample(self) -> None:
        """Carry over what has been counted since the last time."""
        self._try(self._sample)

    async def _sample_always(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            for _ in range(TICKS_A_SAMPLE):
                due = loop.time() + TICK_S
                await asyncio.sleep(TICK_S)
                self._try(self._metrics.loop_lag.observe, max(0.0, loop.time() - due))
            self.sample()

    def _try(self, step: Callable[..., None], *arguments: float) -> None:
        """Go on after a failure: the next time all may be well again."""
        try:
            step(*arguments)
        except Exception as error:  # noqa: BLE001 - it must not end the sampling
            if not self._has_failed:
                self._has_failed = True
                logger.error("metrics could not be sampled: %r", error)  # noqa: TRY400 - the sentence says it

    def _sample(self) -> None:
        self._sample_cache(self._cache())
        refused, self.lane_refusals = self.lane_refusals, Counter()
        for code, times in refused.items():
            self._metrics.refused("gateway", code, times)
        load = self._hash_load()
        self._metrics.hashing.running.set(load.running)
        self._metrics.hashing.waiting.set(load.waiting)
        self._metrics.hashing.most.set(load.limit)

    def _sample_cache(self, cache: VerifiedTokens) -> None:
        now = cache.info()
        # New settings, such as a new key, come with a new cache that begins at 0.
        before = self._before if cache is self._last_cache else _EMPTY
        self._last_cache, self._before = cache, now
        metrics = self._metrics.cache
        metrics.lookups.labels("hit").inc(now.hits - before.hits)
        metrics.lookups.labels("miss").inc(now.misses - before.misses)
        metrics.evictions.inc(now.evictions - before.evictions)
        metrics.entries.set(now.entries)
        metrics.bytes.set(now.bytes)
        metrics.max_bytes.set(now.max_bytes)
