"""
A circuit breaker: a store that keeps failing is left alone for a while.

Without one, every request would wait for the deadline of a store that hangs, and
one that comes back would be met by all of them at once.
"""

from collections.abc import Callable

from quart_jwt.exceptions import StoreSuspendedError

FAILURES = 5
"""Failures in a row that open the circuit; single ones are everyday."""

PAUSE_S = 1.0
"""How long it stays open before one call may try; recovery takes no longer."""


class CircuitBreaker:
    """
    Counts failures in a row, and lets one call through per pause when open.

    Args:
        monotonic: Gives seconds that only go forward.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failures = 0
        self._next_try = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the store is left alone at the moment."""
        return self._failures >= FAILURES

    def admit(self) -> None:
        """
        Let a call through, or not.

        Raises:
            StoreSuspendedError: The circuit is open, and another call is trying.
        """
        if not self.is_open:
            return
        now = self._monotonic()
        if now < self._next_try:
            raise StoreSuspendedError("The store failed a moment ago")
        # This call is the one that tries; the others wait for another pause.
        self._next_try = now + PAUSE_S

    def succeeded(self) -> None:
        """Close the circuit."""
        self._failures = 0

    def failed(self) -> None:
        """Count one failure more; open the circuit at the last of a row."""
        self._failures += 1
        if self.is_open:
            self._next_try = self._monotonic() + PAUSE_S
