"""
The counters in the memory of one process: the reference that the others equal.

For tests. A step has no ``await`` in it, so it is atomic.
"""

from quart_jwt.service.throttling.attempts import Counted
from quart_jwt.service.throttling.attempts import Limits
from quart_jwt.service.throttling.attempts import MAX_PLACES
from quart_jwt.service.throttling.attempts import PLACE_KNOWN_MS
from quart_jwt.service.throttling.attempts import Refused
from quart_jwt.service.throttling.attempts import Visit
from quart_jwt.service.throttling.waits import Count
from quart_jwt.service.throttling.waits import Pool


class MemoryAttempts:
    """
    Counts in dictionaries.

    Args:
        limits: What they go by.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._counts: dict[str, Count] = {}
        self._places: dict[str, dict[str, int]] = {}

    async def admit(self, visit: Visit, *, now_ms: int) -> Refused | None:
        """See ``attempts.Attempts.admit``."""
        rate, waits = self._limits.rate, self._limits.waits
        if visit.address is not None:
            count = rate.believed(self._counts.get(visit.address), now_ms)
            if wait_ms := rate.left_ms(count, now_ms):
                self._keep(visit.address, count)
                return Refused(Counted.ADDRESS, wait_ms)
            self._keep(visit.address, rate.admitted(count, now_ms))
        lane = self._lane(visit, now_ms)
        if lane is not None:
            count = waits.believed(self._counts.get(lane), now_ms)
            if wait_ms := waits.left_ms(count, now_ms):
                self._keep(lane, count)
                return Refused(Counted.ACCOUNT, wait_ms)
            self._keep(lane, waits.admitted(count, now_ms))
        return None

    async def succeed(self, visit: Visit, *, now_ms: int) -> None:
        """See ``attempts.Attempts.succeed``."""
        self._give_back_to_address(visit)
        lane = self._lane(visit, now_ms)
        if lane is not None:
            self._counts.pop(lane, None)
        if visit.account is not None and visit.place is not None:
            self._remember(visit.account, visit.place, now_ms)

    async def give_back(self, visit: Visit, *, now_ms: int) -> None:
        """See ``attempts.Attempts.give_back``."""
        self._give_back_to_address(visit)
        lane = self._lane(visit, now_ms)
        count = self._counts.get(lane or "")
        if lane is not None and count is not None and count.forgotten_at_ms > now_ms:
            self._keep(lane, self._limits.waits.given_back(count, now_ms))

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _lane(self, visit: Visit, now_ms: int) -> str | None:
        """What the failures of a visit are counted for."""
        if visit.account is None or visit.place is None:
            return visit.account
        known_until_ms = self._places.get(visit.account, {}).get(visit.place, 0)
        return visit.place if known_until_ms > now_ms else visit.account

    def _remember(self, account: str, place: str, now_ms: int) -> None:
        places = self._places.setdefault(account, {})
        places.pop(place, None)
        places[place] = now_ms + PLACE_KNOWN_MS
        for oldest in sorted(places, key=places.__getitem__)[:-MAX_PLACES]:
            del places[oldest]

    def _give_back_to_address(self, visit: Visit) -> None:
        count = self._counts.get(visit.address or "")
        if visit.address is not None and count is not None:
            self._keep(visit.address, self._limits.rate.given_back(count))

    def _keep(self, key: str, count: Count | None) -> None:
        if count is None:
            return
        self._counts[key] = count
        self._trim(count.pool)

    def _trim(self, pool: Pool) -> None:
        kept = [key for key, count in self._counts.items() if count.pool == pool]
        kept.sort(key=lambda key: self._counts[key].forgotten_at_ms)
        for key in kept[: -self._limits.max_counts]:
            del self._counts[key]
