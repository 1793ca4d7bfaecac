from dataclasses import replace

import pytest

from clock import START
from quart_jwt.tokens.revocation import Revocations
from stores.families import ended
from stores.families import revoked_access
from stores.families import revoked_subject
from stores.families import revoked_token
from stores.families import token


def test_a_set_refuses_what_it_holds() -> None:
    """By token, by family, and by subject up to a second for tokens without one."""
    held = Revocations(10)
    for one in (revoked_token("t"), ended("f"), revoked_subject(issued_by=START)):
        assert held.add(one)

    assert held.refuses(token("t", issued_at=START + 1))
    assert held.refuses(token("t", family_id="g"))
    assert held.refuses(token("x", family_id="f"))
    assert held.refuses(token("x"))
    assert not held.refuses(token("x", family_id="g"))
    assert not held.refuses(token("x", issued_at=START + 1))
    assert not held.refuses(token("x", subject=None))
    assert not held.refuses(token(None, subject="grace"))


def test_names_of_different_kinds_do_not_meet() -> None:
    """A jti, a family and a subject of one name are three."""
    held = Revocations(10)
    held.add(revoked_token("ada"))

    assert not held.refuses(token("x", subject="ada"))
    assert not held.refuses(token("x", family_id="ada"))


@pytest.mark.parametrize(("number", "fits"), [(2, True), (3, True), (4, False)])
def test_a_full_set_says_so(number: int, *, fits: bool) -> None:
    """What it holds already always fits."""
    held = Revocations(3)
    results = [held.add(revoked_token(f"t{one}")) for one in range(number)]

    assert fits is results[-1]
    assert held.add(revoked_token("t0"))
    assert len(held) == min(number, 3)


@pytest.mark.parametrize(("moved", "left"), [(-1, 1), (0, 0), (1, 0)])
def test_what_has_ended_is_dropped(moved: int, left: int) -> None:
    """At its end, with the number that went."""
    held = Revocations(10)
    held.add(revoked_token(until=START))

    assert 1 - left == held.drop_ended(START + moved)
    assert left == len(held)


@pytest.mark.parametrize("second", [START + 10, None])
def test_a_longer_one_is_kept_longer(second: int | None) -> None:
    """The later end holds, whichever came first, and for ever is the latest."""
    for untils in ([START, second], [second, START]):
        held = Revocations(10)
        for until in untils:
            held.add(revoked_token(until=until))
        assert held.drop_ended(START + 9) == 0
        assert held.drop_ended(START + 10) == (0 if second is None else 1)


def test_a_set_can_be_emptied() -> None:
    """Nothing is left, neither to refuse nor to drop."""
    held = Revocations(10)
    held.add(revoked_token())
    held.clear()

    assert not held.refuses(token())
    assert held.drop_ended(START + 10**9) == len(held) == 0


@pytest.mark.parametrize("family_id", [None, "f"])
@pytest.mark.parametrize(("moved", "refuses"), [(0, True), (1, False)])
def test_access_tokens_are_refused_up_to_a_second(
    moved: int, family_id: str | None, *, refuses: bool
) -> None:
    """With a family or without; refresh tokens and other subjects' are not."""
    held = Revocations(10)
    held.add(revoked_access(issued_by=START))
    asked = token(family_id=family_id, issued_at=START + moved)

    assert refuses is held.refuses(asked)
    assert not held.refuses(replace(asked, is_refresh=True))
    assert not held.refuses(replace(asked, subject="grace"))
    assert not held.refuses(replace(asked, subject=None))


def test_a_follower_remembers_it_for_less_long() -> None:
    """As the revocation says; without a word, as long as the store."""
    one = revoked_token(until=START + 9)
    short = replace(one, followed_until=START + 1)

    assert one.as_followed() == one
    assert short.as_followed() == replace(one, until=START + 1)
