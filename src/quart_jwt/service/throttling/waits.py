"""
The rules, pure: what an attempt makes of a count, and how long one has to wait.

An account has ``Waits``: some failures are free, and each further one makes the next
attempt wait, twice as long each time, up to a bound. An address has a ``Rate``: GCRA,
which lets a minute's worth through at once and then one after the other. An attempt
that has to wait changes nothing, so nobody's wait grows by knocking meanwhile.

An attempt that did not fail by its own doing is given back: whoever met an outage has
guessed nothing.

Times are whole milliseconds since 1970, so that the stores and this module count alike.
Clocks differ, and step: a time that no clock near ours can have written is brought down
to the longest wait from now, so that nobody waits for a clock that was wrong.
"""

from dataclasses import dataclass
from dataclasses import replace
from typing import Literal

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS

SKEW_MS = MINUTE_MS
"""
How far the clocks of two machines may be apart.

Within it a time is believed: if each machine shortened what the other has written,
asking them in turn would be a way around the rate.
"""

Pool = Literal["address", "free", "waiting"]
"""What a count is bounded with: addresses; accounts that may try, and that wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """
    What is remembered of one account, place or address.

    Attributes:
        pool: What it is bounded with.
        attempts: How many have been let through.
        open_at_ms: When the next is let through; of an address, when its whole
            allowance is there again (the theoretical arrival time of GCRA).
        forgotten_at_ms: From when on it counts as if there were none.
    """

    pool: Pool
    attempts: int
    open_at_ms: int
    forgotten_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """
    Growing waits: NIST SP 800-63B section 5.2.2 names 30 seconds up to an hour.

    Attributes:
        free: How many failures make nobody wait; 1 or more.
        first_ms: The wait after them; each later one is twice as long.
        longest_ms: But never longer than this.
        forgotten_after_ms: A count is forgotten so long after its last wait.
    """

    free: int
    first_ms: int = 30 * SECOND_MS
    longest_ms: int = HOUR_MS
    forgotten_after_ms: int = 24 * HOUR_MS

    @property
    def growing_ms(self) -> tuple[int, ...]:
        """The waits below the longest, the first one first."""
        waits = []
        wait_ms = self.first_ms
        while wait_ms < self.longest_ms:
            waits.append(wait_ms)
            wait_ms *= 2
        return tuple(waits)

    def after(self, attempts: int) -> int:
        """Return how long the attempt behind so many has to wait, in milliseconds."""
        if attempts < self.free:
            return 0
        growing_ms = self.growing_ms
        beyond = attempts - self.free
        return growing_ms[beyond] if beyond < len(growing_ms) else self.longest_ms

    def left_ms(self, count: Count | None, now_ms: int) -> int:
        """Return how long the next attempt has to wait; 0 for not at all."""
        # Free failures make nobody wait, whatever another machine's clock said.
        if count is None or count.attempts < self.free:
            return 0
        return max(0, count.open_at_ms - now_ms)

    def believed_until_ms(self, now_ms: int) -> int:
        """Return the latest time that a clock near ours can have written."""
        return now_ms + self.longest_ms + SKEW_MS

    def believed(self, count: Count | None, now_ms: int) -> Count | None:
        """Return the count, with the longest wait from now if its own cannot be."""
        if count is None or count.open_at_ms <= self.believed_until_ms(now_ms):
            return count
        open_at_ms = now_ms + self.longest_ms
        forgotten_at_ms = open_at_ms + self.forgotten_after_ms
        return replace(count, open_at_ms=open_at_ms, forgotten_at_ms=forgotten_at_ms)

    def admitted(self, count: Count | None, now_ms: int) -> Count:
        """Return the count with one more attempt; only when there is no wait left."""
        is_known = count is not None and count.forgotten_at_ms > now_ms
        attempts = 1 + (count.attempts if is_known and count else 0)
        open_at_ms = now_ms + self.after(attempts)
        return Count(
            pool="free" if attempts < self.free else "waiting",
            attempts=attempts,
            open_at_ms=open_at_ms,
            forgotten_at_ms=open_at_ms + self.forgotten_after_ms,
        )

    def given_back(self, count: Count, now_ms: int) -> Count:
        """
        Return the count with one attempt less, and open: that attempt had waited.

        The failures before it stay.
        """
        attempts = max(0, count.attempts - 1)
        open_at_ms = min(count.open_at_ms, now_ms)
        return Count(
            pool="free" if attempts < self.free else "waiting",
            attempts=attempts,
            open_at_ms=open_at_ms,
            forgotten_at_ms=open_at_ms + self.forgotten_after_ms,
        )


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

    def left_ms(self, count: Count | None, now_ms: int) -> int:
        """Return how long the next attempt has to wait; 0 for not at all."""
        if count is None:
            return 0
        return max(0, count.open_at_ms - self.tolerance_ms - now_ms)

    def believed_until_ms(self, now_ms: int) -> int:
        """Return the latest time that a clock near ours can have written."""
        return self._fullest_ms(now_ms) + SKEW_MS

    def believed(self, count: Count | None, now_ms: int) -> Count | None:
        """Return the count, or a minute that is used up if its time cannot be."""
        if count is None or count.open_at_ms <= self.believed_until_ms(now_ms):
            return count
        open_at_ms = self._fullest_ms(now_ms)
        return replace(count, open_at_ms=open_at_ms, forgotten_at_ms=open_at_ms)

    def _fullest_ms(self, now_ms: int) -> int:
        return now_ms + self.tolerance_ms + self.interval_ms

    def admitted(self, count: Count | None, now_ms: int) -> Count:
        """Return the count with one more attempt; only when there is no wait left."""
        begun = count if count is not None and count.open_at_ms > now_ms else None
        open_at_ms = max(now_ms, begun.open_at_ms if begun else 0) + self.interval_ms
        return Count(
            pool="address",
            attempts=1 + (begun.attempts if begun else 0),
            open_at_ms=open_at_ms,
            forgotten_at_ms=open_at_ms,
        )

    def given_back(self, count: Count) -> Count:
        """Return the count with one attempt less: it was no failure."""
        open_at_ms = count.open_at_ms - self.interval_ms
        return Count(
            pool="address",
            attempts=count.attempts - 1,
            open_at_ms=open_at_ms,
            forgotten_at_ms=open_at_ms,
        )
