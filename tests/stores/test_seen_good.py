import pytest

from clock import Clock
from quart_jwt.stores.in_use.seen_good import SeenGood


@pytest.mark.parametrize(("moved", "is_within"), [(9, True), (10, True), (11, False)])
def test_a_token_that_was_seen_is_remembered(
    clock: Clock, moved: int, *, is_within: bool
) -> None:
    """For as long as is asked, from the last time that it was seen."""
    seen = SeenGood(clock)
    seen.note("a")
    clock.advance(100)
    seen.note("a")
    clock.advance(moved)

    assert is_within is seen.within("a", 10)
    assert not seen.within("b", 10)


def test_a_token_without_an_id_is_never_seen(clock: Clock) -> None:
    """There is nothing to remember it by."""
    seen = SeenGood(clock)
    seen.note(None)

    assert not seen.within(None, 10)


@pytest.mark.parametrize(("others", "is_kept"), [(1, True), (2, True), (3, False)])
def test_the_one_seen_longest_ago_makes_room(
    clock: Clock, others: int, *, is_kept: bool
) -> None:
    """The memory is bounded, and what falls out of it is refused."""
    seen = SeenGood(clock, max_entries=3)
    seen.note("a")
    for number in range(others):
        seen.note(f"b{number}")

    assert is_kept is seen.within("a", 10)
