"""
What a stranger can have written again and again: one line a minute, and a count.

Who is refused for trying too often could otherwise fill the disk with saying so. The
metrics count each; the audit log has the first of a minute, and says with the next one
how many it has left out.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

MINUTE_S = 60.0
MAX_REMEMBERED = 4_096
"""Those who were first are forgotten first, and their next event is written."""


@dataclass(slots=True)
class _Written:
    at: float
    left_out: int = 0


class Repeats:
    """Remembers what has been written lately."""

    def __init__(self) -> None:
        self._written: OrderedDict[Hashable, _Written] = OrderedDict()

    def left_out(self, what: Hashable, now: float) -> int | None:
        """
        Return how many were left out since the last that was written; None if this
        one is to be left out, too.

        Args:
            what: What is the same each time.
            now: The time, in seconds since 1970.
        """
        before = self._written.get(what)
        if before is not None and 0 <= now - before.at < MINUTE_S:
            before.left_out += 1
            return None
        self._written.pop(what, None)
        self._written[what] = _Written(now)
        if len(self._written) > MAX_REMEMBERED:
            self._written.popitem(last=False)
        return 0 if before is None else before.left_out
