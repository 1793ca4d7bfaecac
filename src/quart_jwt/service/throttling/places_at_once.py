"""
How many attempts may be under way in a process, and how many of one address.

A flood must not queue in front of the database, and one client's flood must not take
the places of all others: one address gets half of the places at most. What it has
beyond a few, it has only while half of them are free.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from quart_jwt.service.ground.errors import HashingBusyError


class PlacesAtOnce:
    """
    Lends places; lives as long as the throttle.

    Args:
        at_once: Attempts under way at once.
        per_address: Those of them that an address may have when half are taken.
    """

    def __init__(self, at_once: int, per_address: int) -> None:
        self._at_once = at_once
        self._per_address = per_address
        self._taken = 0
        self._taken_by: Counter[str] = Counter()

    @contextmanager
    def taken(self, address: str | None) -> Iterator[None]:
        """
        Take a place for one attempt.

        Args:
            address: Whose it is, as a digest; None if that is not known.

        Raises:
            HashingBusyError: There is none left, or none for this address.
        """
        whose = address or ""
        has_share = whose != "" and self._taken_by[whose] >= self._per_address
        if self._taken >= self._at_once:
            raise HashingBusyError(limit="attempts_at_once")
        if has_share and self._taken >= self._at_once // 2:
            raise HashingBusyError(limit="attempts_of_address")
        self._taken += 1
        self._taken_by[whose] += 1
        try:
            yield
        finally:
            self._taken -= 1
            self._taken_by[whose] -= 1
            if not self._taken_by[whose]:
                del self._taken_by[whose]
