"""The choice of cases that `make test` asks both sides about."""

from itertools import chain
from itertools import product

import pytest

from parity.matrix import GROUPS
from parity.pairwise import covering
from parity.pairwise import pairs_of


@pytest.mark.parametrize("name", GROUPS)
def test_every_two_values_meet(name: str) -> None:
    """No pair of values that the full product has is missing in the choice."""
    every = {*GROUPS[name]}
    chosen = covering(every)
    expected = set(chain.from_iterable(map(pairs_of, every)))

    assert {*chosen} <= every
    assert expected == set(chain.from_iterable(map(pairs_of, chosen)))


def test_three_dimensions_take_little_more_than_two() -> None:
    """Of ten times ten times ten cases, hardly more than a hundred are needed."""
    digits = [*map(str, range(10))]
    chosen = covering([*product(digits, repeat=3)])

    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert len({(case[one], case[other]) for case in chosen}) == 100
    assert 100 <= len(chosen) <= 150


def test_a_value_without_another_is_kept() -> None:
    """A case of one value stands for itself."""
    assert covering([("a",), ("b",)]) == [("a",), ("b",)]
    assert {((0, "a"),)} == pairs_of(("a",))


def test_the_choice_is_the_same_every_time() -> None:
    """Equal products give equal choices, so that a failure can be run again."""
    every = [*product("ab", "cd", "ef")]

    assert covering(every) == covering([*every])
