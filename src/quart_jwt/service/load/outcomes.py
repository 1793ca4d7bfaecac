"""
What became of each request, and the figures made of it.

A request that failed has no latency: a fast refusal must not improve the percentiles.
It counts as an error instead.
"""

import math
from collections import Counter
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    One request.

    Attributes:
        kind: What was asked, such as ``login``.
        due_s: When it was due, in seconds of the generator's clock.
        ended_s: When its response was complete.
        fault: What went wrong, without any secret; None for the expected response.
    """

    kind: str
    due_s: float
    ended_s: float
    fault: str | None = None

    @property
    def latency_ms(self) -> float:
        """Milliseconds from the time at which it was due."""
        return (self.ended_s - self.due_s) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """
    The figures of one kind of request; latencies in milliseconds.

    Attributes:
        kind: What was asked.
        answered: Requests with the expected response.
        failed: The others.
        p50_ms: The median, or None if no request succeeded.
        p95_ms: The 95th percentile.
        p99_ms: The 99th percentile.
        max_ms: The longest.
    """

    kind: str
    answered: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None


def percentile(ordered: Sequence[float], percent: float) -> float | None:
    """
    Return a percentile by nearest rank: a value that was measured, none in between.

    Args:
        ordered: The values, smallest first.
        percent: Above 0, up to 100.
    """
    if not ordered:
        return None
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def figures_of(outcomes: Iterable[Outcome]) -> tuple[Figures, ...]:
    """Return the figures of each kind, in the order in which the kinds came."""
    latencies: defaultdict[str, list[float]] = defaultdict(list)
    failed: Counter[str] = Counter()
    for one in outcomes:
        known = latencies[one.kind]
        if one.fault is None:
            known.append(one.latency_ms)
        else:
            failed[one.kind] += 1
    return tuple(
        _figures(kind, sorted(known), failed[kind]) for kind, known in latencies.items()
    )


def _figures(kind: str, ordered: Sequence[float], failed: int) -> Figures:
    return Figures(
        kind=kind,
        answered=len(ordered),
        failed=failed,
        p50_ms=percentile(ordered, 50),
        p95_ms=percentile(ordered, 95),
        p99_ms=percentile(ordered, 99),
        max_ms=percentile(ordered, 100),
    )
