"""
The server's time: our own clock, put right by the ``Date`` header (RFC 9110 §6.6.1).

A token's times are the server's. A machine whose clock is ten minutes off would
otherwise renew ten minutes late, or at every request.
"""

from collections.abc import Callable
from email.utils import parsedate_to_datetime

import httpx

HALF_A_SECOND = 0.5
"""``Date`` has whole seconds, cut off: on average half a second is missing."""


class ServerClock:
    """
    Gives the server's time in epoch seconds, as well as it is known.

    Args:
        clock: Our own clock, in epoch seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ahead_s = 0.0

    def __call__(self) -> float:
        """The server's time."""
        return self._clock() + self._ahead_s

    def learn(self, response: httpx.Response) -> None:
        """Take the time from an answer that the server made a moment ago."""
        try:
            date = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return
        self._ahead_s = date.timestamp() + HALF_A_SECOND - self._clock()
