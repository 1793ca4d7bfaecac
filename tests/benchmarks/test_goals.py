"""Goals are judged by the figures of one run."""

from typing import Any

import pytest
from benchmarks.goals import goals
from benchmarks.goals import is_met
from benchmarks.goals import judge
from benchmarks.goals import Sign

from benchmarks_findings import findings
from benchmarks_findings import sample


def _verdicts(results: dict[str, Any]) -> dict[str, str]:
    return {each.figure: each.verdict for each in judge(results)}


@pytest.mark.parametrize(
    ("sign", "value", "expected"),
    [
        pytest.param("≤", 2.9, True, id="most-below"),
        pytest.param("≤", 3.0, True, id="most-at"),
        pytest.param("≤", 3.1, False, id="most-above"),
        pytest.param("≥", 2.9, False, id="least-below"),
        pytest.param("≥", 3.0, True, id="least-at"),
        pytest.param("≥", 3.1, True, id="least-above"),
        pytest.param("<", 2.9, True, id="less-below"),
        pytest.param("<", 3.0, False, id="less-at"),
        pytest.param("<", 3.1, False, id="less-above"),
    ],
)
def test_a_bound_has_a_right_side(sign: Sign, value: float, expected: bool) -> None:
    """Below, at and above a bound of three."""
    assert expected is is_met(sign, value, 3.0)


def test_what_was_not_measured_is_never_met() -> None:
    """A run without figures meets nothing, and misses nothing either."""
    assert {"not measured"} == {*_verdicts({}).values()}


def test_every_goal_of_a_whole_run_is_judged() -> None:
    """A run with all sections leaves no goal open."""
    assert "not measured" not in _verdicts(findings()).values()


def test_goals_have_names_of_their_own() -> None:
    """No two goals speak of the same figure."""
    names = [goal.figure for goal in goals()]

    assert sorted({*names}) == sorted(names)


def test_a_ratio_is_judged_by_rounds() -> None:
    """A protected route at 97 % of the bare one misses 0.98, and 99 % meets it."""
    results = findings()
    figure = "protected ÷ bare Quart, warm token, Hypercorn: requests/s"
    verdicts = []
    for share in (0.97, 0.99):
        results["throughput"]["warm@hypercorn"] = [
            sample(requests_per_s=1_000 * share),
            sample(requests_per_s=1_000 * share),
        ]
        verdicts.append(_verdicts(results)[figure])

    assert verdicts == ["missed", "met"]


def test_less_cpu_is_a_higher_ratio() -> None:
    """CPU is compared the other way round, so that more is better everywhere."""
    results = findings()
    results["throughput"]["warm@granian"] = [sample(cpu_us=200), sample(cpu_us=200)]
    figure = "bare Quart ÷ protected, warm token, Granian: CPU per request"

    assert next(
        (each.measured.split()[0], each.verdict)
        for each in judge(results)
        if each.figure == figure
    ) == ("0.5", "missed")


def test_the_longest_lag_is_no_median() -> None:
    """One round with a lag above the bound misses the goal."""
    results = findings()
    results["storms"]["rsa"][0]["lag_max_ms"] = 51.0

    assert _verdicts(results)["RSA-4096 signing: loop lag, longest"] == "missed"


def test_a_contender_that_dropped_out_is_not_measured() -> None:
    """A contender with fewer rounds than its peer has no ratio."""
    results = findings()
    results["throughput"]["raw@granian"].pop()
    figure = "forward-auth ÷ raw ASGI hello, Granian: requests/s"

    assert _verdicts(results)[figure] == "not measured"
