from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clock import START
from quart_jwt.tokens.rotation import earlier
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import later
from quart_jwt.tokens.rotation import Outcome
from quart_jwt.tokens.rotation import Position
from quart_jwt.tokens.rotation import rotate
from quart_jwt.tokens.rotation import Standing
from stores.families import family
from stores.families import GRACE_S
from stores.families import LIFE_S
from stores.families import presented
from stores.families import successor

ROTATED_AT = START + 100
FAMILY = family(
    current=successor("f-2").stamp, previous_jti="f-1", rotated_at=float(ROTATED_AT)
)


@pytest.mark.parametrize(
    ("jti", "moved", "grace_s", "position"),
    [
        ("f-2", 0, GRACE_S, Position.CURRENT),
        ("f-2", 10**6, 0, Position.CURRENT),
        ("f-1", GRACE_S - 1, GRACE_S, Position.PREDECESSOR),
        ("f-1", 1 - GRACE_S, GRACE_S, Position.PREDECESSOR),
        ("f-1", -GRACE_S, GRACE_S, Position.LATE_PREDECESSOR),
        ("f-1", -3600, GRACE_S, Position.LATE_PREDECESSOR),
        ("f-1", GRACE_S, GRACE_S, Position.LATE_PREDECESSOR),
        ("f-1", GRACE_S + 1, GRACE_S, Position.LATE_PREDECESSOR),
        ("f-1", 0, 0, Position.LATE_PREDECESSOR),
        ("f-1", -5, 0, Position.LATE_PREDECESSOR),
        ("f-0", 0, GRACE_S, Position.ANCESTOR),
        ("", 0, GRACE_S, Position.ANCESTOR),
    ],
)
def test_a_token_has_a_position(
    jti: str, moved: int, grace_s: int, position: Position
) -> None:
    """Only the immediate predecessor has a grace, counted from its rotation."""
    now = ROTATED_AT + moved

    assert position is FAMILY.position_of(jti, grace_s=grace_s, now=now)


def test_a_new_family_has_no_predecessor() -> None:
    """Whatever is not its first token, is an ancestor."""
    assert Position.ANCESTOR is family().position_of("x", grace_s=60, now=START)


@pytest.mark.parametrize(
    ("changes", "now", "standing"),
    [
        ({}, START + LIFE_S - 1, Standing.LIVE),
        ({}, START + LIFE_S, Standing.OVER),
        ({"revoked_at": START}, START, Standing.OVER),
        ({"current": successor(life_s=None).stamp}, START + 10**9, Standing.LIVE),
    ],
)
def test_a_family_is_live_or_over(
    changes: dict[str, Any], now: int, standing: Standing
) -> None:
    """It is over when it was ended or has expired, and some never expire."""
    assert standing is family(**changes).standing_at(now)


def test_the_first_end_counts() -> None:
    """Ending a family that was ended does not move the moment."""
    once = FAMILY.ended_at(START + 1)

    assert once.revoked_at == START + 1
    assert once is once.ended_at(START + 2)


def test_nothing_changes_unless_the_table_says_so() -> None:
    """A replay within the grace and a dead family come back as they were."""
    for one, now in ((FAMILY, ROTATED_AT), (FAMILY.ended_at(START), ROTATED_AT)):
        rotation = rotate(
            one, presented("f-1"), successor("f-3"), grace_s=GRACE_S, now=now
        )
        assert one is rotation.family


@given(
    presenting=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 12)), min_size=1, max_size=30
    ),
    grace_s=st.sampled_from([0, GRACE_S]),
)
def test_there_is_never_a_second_branch(
    presenting: list[tuple[int, int]], grace_s: int
) -> None:
    """Each token is rotated once, and reuse ends the family for good."""
    one: Family = replace(family(), keep_until=None)
    now, handed_out, rotated = float(START), ["f-1"], set()
    for index, moved in presenting:
        now += moved
        jti = handed_out[-1 - index % len(handed_out)]
        was_over = one.standing_at(now) is Standing.OVER
        new = f"f-{len(handed_out) + 1}"
        rotation = rotate(
            one, presented(jti), successor(new, now), grace_s=grace_s, now=now
        )
        assert rotation.family is not None
        one = rotation.family
        assert was_over == (rotation.outcome is Outcome.GONE)
        if rotation.outcome is Outcome.ROTATED:
            assert jti not in rotated
            rotated.add(jti)
            handed_out.append(new)
        if rotation.outcome is Outcome.SAME_SUCCESSOR:
            assert (one.previous_jti, one.current.jti) == (jti, handed_out[-1])
        assert one.current.jti == handed_out[-1]


@pytest.mark.parametrize(
    ("one", "other", "first", "last"),
    [(1, 2, 1, 2), (2, 1, 1, 2), (None, 1, 1, None), (1, None, 1, None)],
)
def test_never_is_later_than_any_end(
    one: int | None, other: int | None, first: int, last: int | None
) -> None:
    """None stands for never, in both orders."""
    assert first == earlier(one, other)
    assert last == later(one, other)
    assert earlier(None, None) is later(None, None) is None
