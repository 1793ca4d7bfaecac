"""
The thresholds, what misses them, and the search for the highest rate that meets them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from quart_jwt.service.load.outcomes import Figures

GROWTH = 1.5
"""Each rate of the search is so many times the last one, until one fails."""
PRECISION = 1.1
"""The search ends when the lowest failing rate is within 10 % of the best."""
LOWEST = 1 / 16
"""If this share of the first rate still fails, the search gives up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """
    What a rate has to meet.

    Attributes:
        p99_ms: The 99th percentile of each kind of request, in milliseconds.
        errors_percent: Requests that may fail, in percent of all.
    """

    p99_ms: float
    errors_percent: float

    def missed(self, figures: Sequence[Figures]) -> tuple[str, ...]:
        """Return a sentence for each threshold that was missed."""
        faults = [
            f"p99 of {one.kind} is {one.p99_ms:.1f} ms, above {self.p99_ms:g} ms"
            for one in figures
            if one.p99_ms is not None and one.p99_ms > self.p99_ms
        ]
        failed = sum(one.failed for one in figures)
        asked = failed + sum(one.answered for one in figures)
        if failed * 100 > self.errors_percent * asked:
            faults.append(
                f"{failed} of {asked} requests failed, above {self.errors_percent:g} %"
            )
        if asked == failed:
            faults.append("no request succeeded")
        return tuple(faults)


def next_rate(tried: Sequence[tuple[float, bool]], first: float) -> float | None:
    """
    Return the next rate to try, or None if the search is over.

    Args:
        tried: The rates so far, and whether each met the thresholds.
        first: The first rate.
    """
    failed = min((rate for rate, is_met in tried if not is_met), default=None)
    met = [
        rate for rate, is_met in tried if is_met and (failed is None or rate < failed)
    ]
    best = max(met, default=None)
    if failed is None:
        return first if best is None else best * GROWTH
    if best is None:
        return failed / 2 if failed > first * LOWEST else None
    return math.sqrt(best * failed) if failed / best > PRECISION else None
