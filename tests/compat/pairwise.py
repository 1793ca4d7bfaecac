"""
The few cases of a product in which every two values still meet.

Most faults need one value or two together (NIST SP 800-142), so that these few find
most of what the full product finds.
"""

from collections.abc import Collection
from itertools import combinations

Factors = tuple[str, ...]
"""The values of a case, each in the place of its dimension."""

Pair = tuple[tuple[int, str], ...]


def pairs_of(factors: Factors) -> set[Pair]:
    """Every two values of a case, with their places; of a single value, itself."""
    placed = list(enumerate(factors))
    return set(combinations(placed, min(2, len(placed))))


def covering(cases: Collection[Factors]) -> list[Factors]:
    """
    Choose cases in which every pair occurs that occurs in all of them.

    Greedy: next comes the case with the most pairs that are still missing, of equals
    the first. The same cases give the same choice.
    """
    missing = {case: pairs_of(case) for case in cases}
    chosen: list[Factors] = []
    while missing:
        best = max(missing, key=lambda case: len(missing[case]))
        found = missing.pop(best)
        chosen.append(best)
        missing = {case: left for case in missing if (left := missing[case] - found)}
    return chosen
