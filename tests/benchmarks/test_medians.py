"""Medians, ratios and percentiles."""

import pytest
from benchmarks.medians import median_of
from benchmarks.medians import paired_ratio
from benchmarks.medians import percentile
from benchmarks.medians import spread


def test_each_figure_has_its_own_median() -> None:
    """The figures of a median may come from different rounds."""
    rounds = [{"a": 1.0, "b": 9.0}, {"a": 3.0, "b": 7.0}, {"a": 2.0, "b": 8.0}]

    assert median_of(rounds) == {"a": 2.0, "b": 8.0}


def test_no_rounds_have_no_median() -> None:
    """Nothing measured is an error and not a zero."""
    with pytest.raises(ValueError, match="no rounds"):
        median_of([])


def test_a_ratio_is_formed_within_a_round() -> None:
    """A machine that is slow for a round changes no ratio."""
    assert paired_ratio([200, 20, 198], [100, 10, 99]) == 2.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param([], [], id="none"),
        pytest.param([1.0], [1.0, 2.0], id="unequal"),
    ],
)
def test_rounds_that_do_not_pair_have_no_ratio(
    one: list[float], other: list[float]
) -> None:
    """Both sides have to have been in every round."""
    with pytest.raises(ValueError, match=r"rounds|shorter|longer"):
        paired_ratio(one, other)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([10.0, 10.0], 0.0, id="equal"),
        pytest.param([9.0, 10.0, 11.0], 0.2, id="apart"),
        pytest.param([0.0, 0.0], 0.0, id="zero"),
    ],
)
def test_spread_is_a_share_of_the_median(values: list[float], expected: float) -> None:
    """The spread says how far rounds lie apart."""
    assert expected == pytest.approx(spread(values))


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        pytest.param(0, 1.0, id="least"),
        pytest.param(50, 50.0, id="middle"),
        pytest.param(99, 99.0, id="high"),
        pytest.param(99.5, 100.0, id="between"),
        pytest.param(100, 100.0, id="most"),
    ],
)
def test_a_percentile_is_a_value_that_was_there(
    percent: float, expected: float
) -> None:
    """The nearest rank is taken, and nothing is interpolated."""
    values = [float(number) for number in range(100, 0, -1)]

    assert expected == percentile(values, percent)


def test_no_values_have_no_percentile() -> None:
    """Nothing measured is an error here, too."""
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)
