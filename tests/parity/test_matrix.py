"""The same request to both sides gives the same status, JSON and cookies."""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pytest

from parity import flask_side
from parity.matrix import Group
from parity.matrix import GROUPS
from parity.pairwise import covering
from parity.pairwise import Factors
from parity.quart_side import Colour
from parity.sides import both

one_loop = pytest.mark.asyncio(loop_scope="module")
"""One loop for all: making one takes longer than to ask both sides."""

COVERING: dict[str, list[Factors]] = {
    name: sorted(covering(group)) for name, group in GROUPS.items()
}
"""Every two values of a group meet in them."""

REST = {name: sorted({*GROUPS[name]} - {*COVERING[name]}) for name in GROUPS}
SYNC = {
    name: [*GROUPS[name]][::7]
    for name in ("guarded", "protected", "hooked", "viewed", "baked")
}


def _tests(chosen: dict[str, list[Factors]], *, slow: bool = False) -> Iterator[Any]:
    """One test for all cases of a group that have the same first value."""
    marks = [pytest.mark.slow] if slow else []
    for name, cases in chosen.items():
        for first, alike in groupby(sorted(cases), lambda factors: factors[0]):
            part = {factors: GROUPS[name][factors] for factors in alike}
            rest = "-rest" * slow
            yield pytest.param(part, id=f"{name}:{first}{rest}", marks=marks)


async def _differences(cases: Group, colour: Colour = "async") -> list[Any]:
    return [
        (factors, expected, actual)
        for factors, (expected, actual) in [
            (factors, await both(case, colour)) for factors, case in cases.items()
        ]
        if expected != actual
    ]


@one_loop
@pytest.mark.parametrize("cases", [*_tests(COVERING), *_tests(REST, slow=True)])
async def test_both_sides_answer_alike(cases: Group) -> None:
    """An async view behind quart-jwt answers as one behind the original."""
    assert await _differences(cases) == []


@one_loop
@pytest.mark.parametrize("cases", [*_tests(SYNC)])
async def test_a_plain_view_answers_alike(cases: Group) -> None:
    """A ``def`` view, which Quart runs in a thread, makes no difference."""
    assert await _differences(cases, "sync") == []


@pytest.mark.parametrize(
    ("chosen", "many"),
    [
        pytest.param(COVERING, 10, id="pairs"),
        pytest.param(GROUPS, 20, id="all", marks=pytest.mark.slow),
    ],
)
def test_the_matrix_is_not_of_one_sort(
    chosen: Mapping[str, Iterable[Factors]], many: int
) -> None:
    """At least 400 cases reach every default status, many of each."""
    statuses = Counter(
        flask_side.ask(GROUPS[name][factors]).status
        for name, cases in chosen.items()
        for factors in cases
    )

    assert sum(statuses.values()) >= 400
    assert {200, 400, 401, 422, 500} <= {s for s, n in statuses.items() if n >= many}
