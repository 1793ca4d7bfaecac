"""
The arithmetic of waits, pure: what an attempt makes of a count, and how long to wait.

An account has ``Waits``: some failures are free, and each further one makes the next
attempt wait, twice as long each time, up to a bound. An address has a ``Rate``: GCRA,
which admits a minute's worth at once and then one attempt after the other.

Times are whole milliseconds since 1970. Clocks differ, and step: a time that no clock
near ours can have written is reduced to the longest wait from now, so that a wrong
clock cannot lock users out.
"""

from dataclasses import dataclass
from dataclasses import replace
from typing import Protocol

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS

SKEW_MS = MINUTE_MS
"""
How far the clocks of two machines may be apart.

A time within it is accepted: if each machine shortened what the other has written,
asking them in turn would be a way around the rate.
"""


@dataclass(frozen=True, slots=True)
class Count:
    """
    The attempts of one account, place or address.

    Attributes:
        attempts: How many were admitted.
        open_at_ms: When the next is admitted; of an address, when its whole
            allowance is available again (the theoretical arrival time of GCRA).
    """

    attempts: int = 0
    open_at_ms: int = 0


NO_ATTEMPTS = Count()


class Rule(Protocol):
    """What ``Waits`` and ``Rate`` have in common."""

    def left_ms(self, count: Count, now_ms: int) -> int:
        """Return how long the next attempt has to wait; 0 for not at all."""

    def longest_until_ms(self, now_ms: int) -> int:
        """Return the end of the longest wait that begins now."""

    def admitted(self, count: Count, now_ms: int) -> Count:
        """Return the count with one more attempt; only when there is no wait left."""

    def given_back(self, count: Count, now_ms: int) -> Count:
        """Return the count with one attempt less: it was no failure."""

    def forgotten_at_ms(self, count: Count) -> int:
        """Return the time from which a count has no effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """
    Growing waits: NIST SP 800-63B section 5.2.2 names 30 seconds up to an hour.

    Attributes:
        free: How many failures cause no wait; 1 or more.
        first_ms: The wait after them; each later one is twice as long.
        longest_ms: But never longer than this.
        forgotten_after_ms: A count is forgotten so long after its last wait.
    """

    free: int
    first_ms: int = 30 * SECOND_MS
    longest_ms: int = HOUR_MS
    forgotten_after_ms: int = 24 * HOUR_MS

    def after(self, attempts: int) -> int:
        """Return how long the attempt behind so many has to wait, in milliseconds."""
        if attempts < self.free:
            return 0
        # The exponent is bounded: counts of a long attack make huge powers of two.
        doublings = min(attempts - self.free, self.longest_ms.bit_length())
        return min(self.longest_ms, self.first_ms << doublings)

    def left_ms(self, count: Count, now_ms: int) -> int:
        """See ``Rule.left_ms``."""
        # Free failures cause no wait, whatever another machine's clock said.
        return 0 if count.attempts < self.free else max(0, count.open_at_ms - now_ms)

    def longest_until_ms(self, now_ms: int) -> int:
        """See ``Rule.longest_until_ms``."""
        return now_ms + self.longest_ms

    def admitted(self, count: Count, now_ms: int) -> Count:
        """See ``Rule.admitted``."""
        is_known = self.forgotten_at_ms(count) > now_ms
        attempts = 1 + (count.attempts if is_known else 0)
        return Count(attempts, now_ms + self.after(attempts))

    def given_back(self, count: Count, now_ms: int) -> Count:
        """See ``Rule.given_back``; the wait is over, the failures before it stay."""
        return Count(count.attempts - 1, min(count.open_at_ms, now_ms))

    def forgotten_at_ms(self, count: Count) -> int:
        """See ``Rule.forgotten_at_ms``."""
        return count.open_at_ms + self.forgotten_after_ms if count.attempts else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """
    So many in a minute, all at once or one after the other.

    Attributes:
        per_minute: From 1 to 60,000.
    """

    per_minute: int

    @property
    def interval_ms(self) -> int:
        """What one attempt takes out of the minute."""
        return MINUTE_MS // self.per_minute

    @property
    def tolerance_ms(self) -> int:
        """How far attempts may be ahead of an even pace."""
        return (self.per_minute - 1) * self.interval_ms

    def left_ms(self, count: Count, now_ms: int) -> int:
        """See ``Rule.left_ms``."""
        if count.attempts <= 0:  # all given back: only a clock that stepped would wait
            return 0
        return max(0, count.open_at_ms - self.tolerance_ms - now_ms)

    def longest_until_ms(self, now_ms: int) -> int:
        """See ``Rule.longest_until_ms``."""
        return now_ms + self.tolerance_ms + self.interval_ms

    def admitted(self, count: Count, now_ms: int) -> Count:
        """See ``Rule.admitted``."""
        begun = count if count.open_at_ms > now_ms else Count(0, now_ms)
        return Count(begun.attempts + 1, begun.open_at_ms + self.interval_ms)

    def given_back(self, count: Count, now_ms: int) -> Count:  # noqa: ARG002 - a Rule
        """See ``Rule.given_back``."""
        return Count(count.attempts - 1, count.open_at_ms - self.interval_ms)

    def forgotten_at_ms(self, count: Count) -> int:
        """See ``Rule.forgotten_at_ms``."""
        return count.open_at_ms


def attempted(rule: Rule, count: Count, now_ms: int) -> tuple[Count, int]:
    """Return what an attempt makes of a count, and the wait in ms if it is refused."""
    longest_ms = rule.longest_until_ms(now_ms)
    if count.open_at_ms > longest_ms + SKEW_MS:
        count = replace(count, open_at_ms=longest_ms)
    left_ms = rule.left_ms(count, now_ms)
    return (count, left_ms) if left_ms else (rule.admitted(count, now_ms), 0)
