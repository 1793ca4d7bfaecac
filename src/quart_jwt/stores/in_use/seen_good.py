"""
Tokens that were found good a moment ago: what ``allow_for`` goes by.

While a store does not answer, those of them that were seen within the allowed time
may pass. No other token passes, and no token that is known to be revoked.
"""

from collections import OrderedDict
from collections.abc import Callable

MAX_ENTRIES = 100_000
"""The one seen longest ago makes room: it is refused, which is the safe side."""


class SeenGood:
    """
    When each token was last found not to be revoked.

    Args:
        monotonic: Gives seconds that only go forward.
        max_entries: The most tokens to remember.
    """

    def __init__(
        self, monotonic: Callable[[], float], max_entries: int = MAX_ENTRIES
    ) -> None:
        self._monotonic = monotonic
        self._max_entries = max_entries
        self._seen: OrderedDict[str, float] = OrderedDict()

    def note(self, jti: str | None) -> None:
        """Remember that a token was found good now."""
        if jti is None:
            return
        self._seen.pop(jti, None)  # to the end, whatever another thread does
        self._seen[jti] = self._monotonic()
        if len(self._seen) > self._max_entries:
            self._seen.popitem(last=False)

    def within(self, jti: str | None, seconds: float) -> bool:
        """Whether a token was found good at most so many seconds ago."""
        seen_at = None if jti is None else self._seen.get(jti)
        return seen_at is not None and self._monotonic() - seen_at <= seconds
