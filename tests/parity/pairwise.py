"""
The few cases of a product in which every two values still meet.

Most faults need one value or two together (NIST SP 800-142), so that these few find
most of what the full product finds.
"""

from collections import Counter
from collections.abc import Collection
from itertools import chain
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

    First come those that have a pair of their own. Then, greedily, always the case
    with the most pairs that are still missing, of equals the first: the same cases
    give the same choice.
    """
    pairs = {case: pairs_of(case) for case in cases}
    times = Counter(chain.from_iterable(pairs.values()))
    chosen = [case for case in pairs if any(times[pair] == 1 for pair in pairs[case])]
    missing = {*times}.difference(*(pairs[case] for case in chosen))
    left = {case: pairs[case] & missing for case in pairs}
    while missing:
        best = max(left, key=lambda case: len(left[case]))
        chosen.append(best)
        missing -= left[best]
        left = {case: rest for case in left if (rest := left[case] & missing)}
    return chosen
