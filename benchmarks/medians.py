"""Medians of rounds, and ratios within a round: how many numbers become one."""

import statistics
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

PERCENT = 100


def median_of(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """
    The median of each figure over the rounds.

    Args:
        rounds: One mapping per round, all with the same names.

    Raises:
        ValueError: There are no rounds.
    """
    if not rounds:
        raise ValueError("There are no rounds to take a median of")
    return {
        name: statistics.median(each[name] for each in rounds) for name in rounds[0]
    }


def paired_ratio(numerators: Iterable[float], denominators: Iterable[float]) -> float:
    """
    The median of the ratios of each round.

    The two were measured side by side in a round, so what slows a machine down
    for a while falls out.

    Raises:
        ValueError: There are no rounds, or not as many on both sides.
    """
    pairs = list(zip(numerators, denominators, strict=True))
    if not pairs:
        raise ValueError("There are no rounds to compare")
    return statistics.median(one / other for one, other in pairs)


def spread(values: Sequence[float]) -> float:
    """How far the rounds lie apart, as a share of their median."""
    middle = statistics.median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def percentile(values: Iterable[float], percent: float) -> float:
    """
    The smallest value that ``percent`` of the values do not exceed (nearest rank).

    Raises:
        ValueError: There are no values.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("There are no values to take a percentile of")
    rank = -(-len(ordered) * percent // PERCENT)
    return ordered[max(0, int(rank) - 1)]
