"""The contract of ``stores.base.Families.rotate``, on every store."""

import asyncio
from collections import Counter

import pytest

from clock import START
from quart_jwt.stores.base import Store
from quart_jwt.tokens.rotation import Outcome
from quart_jwt.tokens.rotation import Rotation
from stores.families import ended
from stores.families import family
from stores.families import GRACE_S
from stores.families import LEEWAY_S
from stores.families import LIFE_S
from stores.families import presented
from stores.families import successor
from stores.families import token


@pytest.fixture(autouse=True)
async def _started(store: Store) -> None:
    await store.start(family(), limit=None, now=START)


async def _rotate(
    store: Store,
    old: str,
    new: str,
    now: float = START,
    *,
    grace_s: float = GRACE_S,
) -> Rotation:
    return await store.rotate(
        presented(old), successor(new, now), grace_s=grace_s, now=now
    )


def _jti(rotation: Rotation) -> str | None:
    return rotation.family.current.jti if rotation.family else None


async def test_a_rotation_puts_the_successor_in(store: Store) -> None:
    """The family goes on with it, remembers the one before, and is refreshed."""
    now = START + 7.5
    rotation = await _rotate(store, "f-1", "f-2", now)
    expected = family(
        current=successor("f-2", now).stamp,
        previous_jti="f-1",
        rotated_at=now,
        refreshed_at=now,
        keep_until=START + 7 + LIFE_S + LEEWAY_S,
    )

    assert Rotation(Outcome.ROTATED, expected) == rotation
    assert [expected] == [*await store.live("ada", now=now)]


@pytest.mark.parametrize(
    ("moved", "grace_s", "outcome"),
    [
        (-1, GRACE_S, Outcome.SAME_SUCCESSOR),
        (0, GRACE_S, Outcome.SAME_SUCCESSOR),
        (GRACE_S - 1, GRACE_S, Outcome.SAME_SUCCESSOR),
        (GRACE_S - 0.01, GRACE_S, Outcome.SAME_SUCCESSOR),
        (GRACE_S, GRACE_S, Outcome.REUSE),
        (GRACE_S + 1, GRACE_S, Outcome.REUSE),
        (0, 0, Outcome.REUSE),
        (-1, 0, Outcome.REUSE),
    ],
)
async def test_the_predecessor_has_a_grace(
    store: Store, moved: float, grace_s: float, outcome: Outcome
) -> None:
    """Within it the same successor is given, at its end and later it is reuse."""
    first = await _rotate(store, "f-1", "f-2", START + 1)
    again = await _rotate(store, "f-1", "f-3", START + 1 + moved, grace_s=grace_s)

    assert outcome is again.outcome
    if outcome is Outcome.SAME_SUCCESSOR:
        assert first.family == again.family
    else:
        assert again.family is not None
        assert START + 1 + moved == again.family.revoked_at


async def test_replays_do_not_move_the_grace(store: Store) -> None:
    """One replay each second: the first ten get the successor, the rest nothing."""
    await _rotate(store, "f-1", "f-2")
    outcomes = [
        (await _rotate(store, "f-1", f"x{second}", START + second)).outcome
        for second in range(60)
    ]

    assert outcomes[:GRACE_S] == [Outcome.SAME_SUCCESSOR] * GRACE_S
    assert outcomes[GRACE_S : GRACE_S + 1] == [Outcome.REUSE]
    assert {Outcome.GONE} == set(outcomes[GRACE_S + 1 :])


@pytest.mark.parametrize("presenting", ["f-1", "f-0", "", "F-2"])
async def test_an_older_token_is_reuse_even_in_a_grace(
    store: Store, presenting: str
) -> None:
    """Only the immediate predecessor has a grace, and only by its exact name."""
    await _rotate(store, "f-1", "f-2")
    await _rotate(store, "f-2", "f-3")

    assert Outcome.REUSE is (await _rotate(store, presenting, "x")).outcome
    assert [*await store.live("ada", now=START)] == []


async def test_after_reuse_everything_is_gone(store: Store) -> None:
    """Reuse ends the family once; its current token and all others are gone then."""
    await _rotate(store, "f-1", "f-2")
    await _rotate(store, "f-2", "f-3")
    reuse = await _rotate(store, "f-1", "x")
    later = [(await _rotate(store, f"f-{n}", "x")).outcome for n in (1, 2, 3)]
    feed = await store.changes(None, limit=10, wait_s=0, now=START)

    assert Outcome.REUSE is reuse.outcome
    assert later == [Outcome.GONE] * 3
    assert (ended("f"),) == feed.revocations
    assert await store.is_revoked(token(family_id="f"), now=START)


async def test_a_long_chain_keeps_one_family(store: Store) -> None:
    """A hundred rotations leave one row, and each token was good once."""
    for number in range(1, 101):
        now = START + number
        rotation = await _rotate(store, f"f-{number}", f"f-{number + 1}", now)
        assert Outcome.ROTATED is rotation.outcome

    (only,) = await store.live("ada", now=START + 100)
    assert (only.current.jti, only.previous_jti) == ("f-101", "f-100")
    assert only.created_at == START


@pytest.mark.parametrize("which", ["family", "subject", "both"])
async def test_a_foreign_token_changes_nothing(store: Store, which: str) -> None:
    """A family that is not there, or another's, is gone, and no family ends."""
    foreign = presented(
        family_id="f" if which == "subject" else "nowhere",
        subject="ada" if which == "family" else "grace",
    )
    rotation = await store.rotate(foreign, successor(), grace_s=GRACE_S, now=START)

    assert Rotation(Outcome.GONE, None) == rotation
    assert [family()] == [*await store.live("ada", now=START)]


async def test_an_ended_family_is_gone(store: Store) -> None:
    """After a logout neither the current token nor its predecessor buys anything."""
    await _rotate(store, "f-1", "f-2")
    await store.end("f", subject="ada", now=START)

    for jti in ("f-1", "f-2", "f-0"):
        assert Outcome.GONE is (await _rotate(store, jti, "x")).outcome


async def test_no_rotation_outlives_the_absolute_end(store: Store) -> None:
    """Successors are cut to it, and at that second the family is over."""
    bounded = family("g", absolute_exp=START + 1_500)
    await store.start(bounded, limit=None, now=START)
    ends = []
    for number, now in enumerate((START + 600, START + 1_200, START + 1_500), 1):
        rotation = await store.rotate(
            presented(f"g-{number}", family_id="g"),
            successor(f"g-{number + 1}", now),
            grace_s=GRACE_S,
            now=now,
        )
        exp = rotation.family.current.exp if rotation.family else None
        ends.append((rotation.outcome.name, exp))

    assert ends == [
        ("ROTATED", START + 1_500),
        ("ROTATED", START + 1_500),
        ("GONE", START + 1_500),
    ]


@pytest.mark.parametrize(
    ("life_s", "exp", "keep_until"),
    [
        (10, START + 10, START + LIFE_S + LEEWAY_S),
        (None, None, None),
    ],
)
async def test_a_family_is_kept_for_the_longest_of_its_tokens(
    store: Store, life_s: int | None, exp: int | None, keep_until: float | None
) -> None:
    """A setting made shorter does not make it forget tokens from before."""
    new = successor(life_s=life_s)
    rotation = await store.rotate(presented(), new, grace_s=GRACE_S, now=START)

    assert rotation.family is not None
    assert exp == rotation.family.current.exp
    assert keep_until == rotation.family.keep_until


@pytest.mark.parametrize("grace_s", [GRACE_S, 0])
async def test_a_hundred_rotations_at_once_are_one(
    store: Store, grace_s: float
) -> None:
    """One is ROTATED; with a grace all get its successor, without one it is reuse."""
    rotations = await asyncio.gather(
        *(_rotate(store, "f-1", f"new-{n}", grace_s=grace_s) for n in range(100))
    )
    outcomes = Counter(rotation.outcome for rotation in rotations)
    (winner,) = (one for one in rotations if one.outcome is Outcome.ROTATED)
    expected = (
        {Outcome.ROTATED: 1, Outcome.SAME_SUCCESSOR: 99}
        if grace_s
        else {Outcome.ROTATED: 1, Outcome.REUSE: 1, Outcome.GONE: 98}
    )

    assert expected == outcomes
    assert {_jti(winner)} == {_jti(one) for one in rotations}
    assert (1 if grace_s else 0) == len(await store.live("ada", now=START))


async def test_a_logout_wins_over_every_refresh(store: Store) -> None:
    """Whatever races with it, nothing of the family is alive afterwards."""
    results = await asyncio.gather(
        *(_rotate(store, "f-1", f"a-{n}") for n in range(10)),
        store.end("f", subject="ada", now=START),
        *(_rotate(store, "f-1", f"b-{n}") for n in range(10)),
    )
    reached = {
        _jti(one)
        for one in results
        if isinstance(one, Rotation) and one.outcome is not Outcome.GONE
    }

    assert [*await store.live("ada", now=START)] == []
    assert len(reached) <= 1
    for jti in ("f-1", *filter(None, reached)):
        assert Outcome.GONE is (await _rotate(store, jti, "x")).outcome


async def test_cancelled_rotations_leave_a_whole_family(store: Store) -> None:
    """Whenever the caller goes away, the old token or its successor goes on."""
    for steps in range(20):
        start = family(f"c{steps}")
        await store.start(start, limit=None, now=START)
        going = asyncio.create_task(
            store.rotate(
                presented(f"c{steps}-1", family_id=f"c{steps}"),
                successor("new"),
                grace_s=GRACE_S,
                now=START,
            )
        )
        for _ in range(steps):
            await asyncio.sleep(0)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        again = await store.rotate(
            presented(f"c{steps}-1", family_id=f"c{steps}"),
            successor("newer"),
            grace_s=GRACE_S,
            now=START,
        )
        assert (again.outcome, _jti(again)) in {
            (Outcome.ROTATED, "newer"),
            (Outcome.SAME_SUCCESSOR, "new"),
        }
