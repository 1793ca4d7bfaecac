"""The same request to both sides gives the same status, JSON and cookies."""

from collections import Counter

import pytest

from compat import flask_side
from compat.case import Case
from compat.matrix import GROUPS
from compat.sides import both

one_loop = pytest.mark.asyncio(loop_scope="module")
"""One loop for all: making one takes longer than to ask both sides."""

MATRIX = [
    pytest.param(case, id=f"{group}:{case.name}")
    for group, cases in GROUPS.items()
    for case in cases
]
SYNC = [
    pytest.param(case, id=f"{group}:{case.name}")
    for group in ("guarded", "protected", "hooked", "viewed", "baked")
    for case in GROUPS[group][::7]
]


@one_loop
@pytest.mark.parametrize("case", MATRIX)
async def test_both_sides_answer_alike(case: Case) -> None:
    """An async view behind quart-jwt answers as one behind the original."""
    expected, actual = await both(case)

    assert expected == actual


@one_loop
@pytest.mark.parametrize("case", SYNC)
async def test_a_plain_view_answers_alike(case: Case) -> None:
    """A ``def`` view, which Quart runs in a thread, makes no difference."""
    expected, actual = await both(case, "sync")

    assert expected == actual


def test_the_matrix_is_not_of_one_sort() -> None:
    """At least 400 cases reach every default status, many of each."""
    statuses = Counter(
        flask_side.ask(case).status for cases in GROUPS.values() for case in cases
    )

    assert sum(statuses.values()) >= 400
    assert {200, 400, 401, 422, 500} <= {s for s, n in statuses.items() if n >= 20}
