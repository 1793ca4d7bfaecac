"""
A short-lived cache of the counters: which keys have to wait, and until when.

Attempts during a wait change nothing, so they need not be counted: a flood from one
address costs the store one query a second, not one per request.

A wait is cached for a second. It may end early, when a concurrent attempt succeeds or
is not counted after all; this process then drops it at once.
"""

from quart_jwt.service.throttling.rule import Counted
from quart_jwt.service.throttling.rule import Refused
from quart_jwt.service.throttling.rule import Visit
from quart_jwt.service.throttling.waits import SECOND_MS

BELIEVED_MS = SECOND_MS
MAX_KNOWN = 10_000
"""About 3 MB; the oldest entry is evicted first."""


class KnownWaits:
    """Remembers refusals; lives as long as the throttle."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[Refused, int]] = {}

    def refusal(self, visit: Visit, *, now_ms: int) -> Refused | None:
        """Return what the counters would say, if that is known."""
        for digest in (visit.address, _lane(visit)):
            refused, heard_ms = self._heard.get(digest or "", (None, 0))
            if refused is None:
                continue
            passed_ms = now_ms - heard_ms
            if 0 <= passed_ms < min(BELIEVED_MS, refused.wait_ms):
                return Refused(refused.by, refused.wait_ms - passed_ms)
        return None

    def remember(self, visit: Visit, refused: Refused, *, now_ms: int) -> None:
        """Take in what the counters have said."""
        is_address = refused.by is Counted.ADDRESS
        digest = visit.address if is_address else _lane(visit)
        if digest is None:
            return
        self._heard.pop(digest, None)
        self._heard[digest] = (refused, now_ms)
        if len(self._heard) > MAX_KNOWN:
            del self._heard[next(iter(self._heard))]

    def forget(self, visit: Visit) -> None:
        """Drop the entry, because an attempt was uncounted."""
        for digest in (visit.address, _lane(visit)):
            self._heard.pop(digest or "", None)


def _lane(visit: Visit) -> str | None:
    """An account may be open in one place and wait in another."""
    return visit.place or visit.account
