"""The default clock: the time of the system, in seconds since 1970."""

import time


def system_time() -> float:
    """
    Return the time, in seconds since 1970.

    ``time.time`` is looked up at each call, so that freezegun and time-machine work
    also when they start after the clock was handed over.
    """
    return time.time()
