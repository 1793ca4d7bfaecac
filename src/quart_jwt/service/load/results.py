"""
The results of a run, and their JSON form.
"""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from typing import Any

from quart_jwt.service.load.outcomes import Figures
from quart_jwt.service.load.thresholds import Thresholds
from quart_jwt.service.load.watching import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """
    What ended within one second of a run; latencies in milliseconds.

    Attributes:
        at_s: Seconds since the run began.
        answered: Requests with the expected response.
        failed: The others.
        p50_ms: Their median.
        p99_ms: Their 99th percentile.
    """

    at_s: float
    answered: int
    failed: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """
    One rate that was offered.

    Attributes:
        rate: Arrivals per second.
        took_s: Seconds until the last response.
        answered_per_s: Expected responses per second, of all kinds.
        figures: The figures of each kind of request.
        errors: How often each error came.
        generator_late_ms: The 99th percentile of how late the generator itself was.
        is_generator_late: Whether that is part of why a threshold was missed.
        missed: The thresholds that were missed, a sentence each.
        looks: What was seen of the service meanwhile.
        seconds: The same latencies second by second.
    """

    rate: float
    took_s: float
    answered_per_s: float
    figures: Sequence[Figures]
    errors: Mapping[str, int]
    generator_late_ms: float
    is_generator_late: bool
    missed: Sequence[str]
    looks: Sequence[Look]
    seconds: Sequence[Second]

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return sum(self.errors.values())

    @property
    def is_met(self) -> bool:
        """Whether it met the thresholds."""
        return not self.missed


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """
    A run.

    Attributes:
        kind: What arrived.
        is_search: Whether the rate was raised to find the saturation point.
        thresholds: What each rate had to meet.
        settings: How the service and the load were set, secrets masked.
        machine: Where it ran.
        began: When, as RFC 3339 text in UTC.
        stages: The rates, in their order.
    """

    kind: str
    is_search: bool
    thresholds: Thresholds
    settings: Mapping[str, str]
    machine: Mapping[str, str]
    began: str
    stages: Sequence[Stage]

    @property
    def best(self) -> Stage | None:
        """The saturation point of a search."""
        return best_of(self.stages)

    @property
    def errors(self) -> Counter[str]:
        """How often each error came, in all stages."""
        return sum((Counter(stage.errors) for stage in self.stages), Counter())

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` writes."""
        value = asdict(self)
        for stage, one in zip(value["stages"], self.stages, strict=True):
            stage["is_met"] = one.is_met
        value["saturation_per_s"] = None if self.best is None else self.best.rate
        return value


def best_of(stages: Sequence[Stage]) -> Stage | None:
    """Return the highest rate below every one that missed a threshold."""
    failed = [stage.rate for stage in stages if not stage.is_met]
    limit = min(failed, default=float("inf"))
    met = [stage for stage in stages if stage.is_met and stage.rate < limit]
    return max(met, key=lambda stage: stage.rate, default=None)
