"""Live progress on standard error: what runs, what it gave, how long it still takes."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

MINUTE_S = 60


class Progress:
    """
    Says one line per step.

    Args:
        planned_s: How long everything takes by plan.
        stream: Where the lines go.
        clock: Gives the time in seconds.
    """

    def __init__(
        self,
        planned_s: float,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._planned_s = planned_s
        self._done_s = 0.0
        self._stream = stream or sys.stderr
        self._clock = clock
        self._began = clock()

    def say(self, text: str) -> None:
        """Print a line with the time so far."""
        gone = minutes(self._clock() - self._began)
        self._stream.write(f"[{gone}, {self._left()}] {text}\n")
        self._stream.flush()

    def step(self, planned_s: float, text: str = "") -> None:
        """Count a step of the plan as done, and say what it gave."""
        self._done_s += planned_s
        if text:
            self.say(text)

    def _left(self) -> str:
        if not self._done_s:
            return f"~{minutes(self._planned_s)} planned"
        pace = (self._clock() - self._began) / self._done_s
        return f"~{minutes(max(0.0, self._planned_s - self._done_s) * pace)} left"


def minutes(seconds: float) -> str:
    """Seconds as minutes and seconds."""
    whole = int(seconds)
    return f"{whole // MINUTE_S}:{whole % MINUTE_S:02d}"
