"""Percentiles, thresholds, and the search for the saturation point."""

from collections.abc import Callable

import pytest

from quart_jwt.service.load.outcomes import Figures
from quart_jwt.service.load.outcomes import figures_of
from quart_jwt.service.load.outcomes import Outcome
from quart_jwt.service.load.outcomes import percentile
from quart_jwt.service.load.thresholds import next_rate
from quart_jwt.service.load.thresholds import Thresholds


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [(1, 50, 1), (2, 50, 1), (99, 99, 99), (100, 99, 99), (101, 99, 100), (4, 100, 4)],
)
def test_a_percentile_is_a_value_that_was_measured(
    count: int, percent: float, expected: float
) -> None:
    """The nearest rank, at the bounds of a rank."""
    assert percentile(range(1, count + 1), percent) == expected


def test_nothing_has_no_percentile() -> None:
    """Without values there is none."""
    assert percentile([], 99) is None


def test_a_failed_request_does_not_improve_the_percentiles() -> None:
    """A quick refusal is an error and has no latency."""
    refused = [Outcome("login", 0, 0.001, "login: 503 busy")] * 99
    (figures,) = figures_of([*refused, Outcome("login", 0, 2)])

    assert (figures.answered, figures.failed, figures.p50_ms) == (1, 99, 2000)


def _figures(p99_ms: float | None, answered: int = 99, failed: int = 0) -> Figures:
    return Figures(
        kind="verify",
        answered=answered,
        failed=failed,
        p50_ms=p99_ms,
        p95_ms=p99_ms,
        p99_ms=p99_ms,
        max_ms=p99_ms,
    )


@pytest.mark.parametrize(
    ("figures", "faults"),
    [
        (_figures(50), 0),
        (_figures(50.1), 1),
        (_figures(50, answered=99, failed=1), 0),
        (_figures(50, answered=98, failed=2), 1),
        (_figures(None, answered=0, failed=9), 2),
        (_figures(None, answered=0), 1),
    ],
    ids=["met", "slow", "few errors", "errors", "all failed", "nothing"],
)
def test_a_missed_threshold_is_said(figures: Figures, faults: int) -> None:
    """At the threshold is met, above it is missed, and no success never passes."""
    thresholds = Thresholds(p99_ms=50, errors_percent=1)

    assert len(thresholds.missed([figures])) == faults


def _searched(is_met: Callable[[float], bool], first: float) -> list[float]:
    tried: list[tuple[float, bool]] = []
    while (rate := next_rate(tried, first)) is not None:
        tried.append((rate, is_met(rate)))
        assert len(tried) < 30
    return [rate for rate, met in tried if met]


@pytest.mark.parametrize("limit", [9.0, 100.0, 777.0])
def test_the_search_ends_within_a_tenth_of_the_limit(limit: float) -> None:
    """From below and from above, whatever the first rate is."""
    best = max(_searched(lambda rate: rate <= limit, first=50))

    assert limit / 1.1 <= best <= limit


def test_the_search_gives_up_where_nothing_is_met() -> None:
    """A service that never meets the thresholds ends it."""
    assert _searched(lambda _rate: False, first=64) == []
