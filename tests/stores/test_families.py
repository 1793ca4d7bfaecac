"""The contract of ``stores.base.Families``, on every store."""

import asyncio
from dataclasses import replace

import pytest

from clock import START
from counting import counted
from quart_jwt.exceptions import SessionLimitError
from quart_jwt.stores.base import AtLimit
from quart_jwt.stores.base import Limit
from quart_jwt.stores.base import Store
from quart_jwt.stores.memory import MemoryStore
from quart_jwt.tokens.revocation import Revocation
from stores.families import ended
from stores.families import family
from stores.families import GRACE_S
from stores.families import LEEWAY_S
from stores.families import LIFE_S
from stores.families import presented
from stores.families import stamp
from stores.families import successor


async def _ids(store: Store, subject: str = "ada", now: float = START) -> list[str]:
    return [one.family_id for one in await store.live(subject, now=now)]


async def test_a_family_comes_back_as_it_went_in(store: Store) -> None:
    """Every field survives, in any script, and so do those that are not set."""
    full = family(
        "\u00e9\U0001f600",
        "a b/c{d}:*\u0131\U0001f600",
        created_at=START + 0.25,
        refreshed_at=START + 0.25,
        absolute_exp=START + LIFE_S,
        access_until=START + 900.5,
        epoch=2**53 - 1,
        user_agent="curl/8 \u00fc",
        address="2001:db8::1",
    )
    empty = family(current=stamp("f-1", exp=None), keep_until=None)
    bare = replace(empty, current=replace(empty.current, csrf=None))
    await store.start(full, limit=None, now=START)
    await store.start(bare, limit=None, now=START)

    assert [full] == [*await store.live(full.subject, now=START)]
    assert [bare] == [*await store.live("ada", now=START + 10**9)]
    assert [*await store.live("grace", now=START)] == []


async def test_live_families_are_listed_by_age(store: Store) -> None:
    """The oldest sign-in comes first, by its id where two are of one moment."""
    for family_id, created_at in (("c", 2), ("b", 1), ("a", 2)):
        one = family(family_id, created_at=START + created_at)
        await store.start(one, limit=None, now=START + 2)

    assert await _ids(store) == ["b", "a", "c"]


@pytest.mark.parametrize(("moved", "is_live"), [(-1, True), (0, False), (1, False)])
async def test_a_family_is_live_until_its_token_expires(
    store: Store, moved: int, *, is_live: bool
) -> None:
    """At the second of its expiry it is over, to the listing and to a rotation."""
    await store.start(family(), limit=None, now=START)
    now = START + LIFE_S + moved

    listed = await _ids(store, now=now)
    rotation = await store.rotate(
        presented(), successor(now=now), grace_s=GRACE_S, now=now
    )

    assert (["f"] if is_live else []) == listed
    assert ("ROTATED" if is_live else "GONE") == rotation.outcome.name


@pytest.mark.parametrize("sessions", [1, 2, 3])
async def test_a_new_session_ends_the_oldest(store: Store, sessions: int) -> None:
    """With room for n, the n youngest stay, and the call says which it ended."""
    limit = Limit(sessions, AtLimit.END_OLDEST)
    gone: list[Revocation] = []
    for number in range(4):
        one = family(f"f{number}", created_at=START + number)
        gone += await store.start(one, limit=limit, now=START + number)

    assert [f"f{number}" for number in range(4)][-sessions:] == await _ids(store)
    assert [ended(f"f{number}") for number in range(4 - sessions)] == gone


async def test_a_lower_limit_ends_as_many_as_it_takes(store: Store) -> None:
    """After the setting was lowered, one sign-in makes up for it."""
    for number in range(3):
        one = family(f"f{number}", created_at=START + number)
        await store.start(one, limit=None, now=START)
    limit = Limit(1, AtLimit.END_OLDEST)
    last = family("last", created_at=START + 3)

    gone = await store.start(last, limit=limit, now=START + 3)

    assert [ended(f"f{number}") for number in range(3)] == [*gone]
    assert await _ids(store) == ["last"]


@pytest.mark.parametrize("sessions", [1, 2])
async def test_a_session_too_many_is_refused(store: Store, sessions: int) -> None:
    """Room for n takes n and refuses the next, which leaves no trace."""
    limit = Limit(sessions, AtLimit.REFUSE)
    for number in range(sessions):
        await store.start(family(f"f{number}"), limit=limit, now=START)

    with pytest.raises(SessionLimitError):
        await store.start(family("late"), limit=limit, now=START)

    assert [f"f{number}" for number in range(sessions)] == await _ids(store)
    assert await store.end("late", subject=None, now=START) == ()


@pytest.mark.parametrize("how", ["another's", "ended", "expired"])
async def test_only_live_sessions_of_the_subject_count(store: Store, how: str) -> None:
    """Sessions of others, ended ones and expired ones take no room."""
    now = START + LIFE_S if how == "expired" else START
    other = family("other", "grace" if how == "another's" else "ada")
    await store.start(other, limit=None, now=START)
    if how == "ended":
        await store.end("other", subject=None, now=START)

    limit = Limit(1, AtLimit.REFUSE)
    fresh = family(current=stamp("f-1", now, exp=now + LIFE_S), created_at=now)

    assert await store.start(fresh, limit=limit, now=now) == ()


@pytest.mark.parametrize("at_limit", AtLimit)
async def test_sign_ins_at_once_keep_the_limit(store: Store, at_limit: AtLimit) -> None:
    """Twenty sign-ins at the same moment leave three sessions, whatever the policy."""
    limit = Limit(3, at_limit)
    results = await asyncio.gather(
        *(
            store.start(family(f"f{number:02}"), limit=limit, now=START)
            for number in range(20)
        ),
        return_exceptions=True,
    )
    refused = [one for one in results if isinstance(one, SessionLimitError)]
    gone = [each for one in results if isinstance(one, tuple) for each in one]

    assert len(await _ids(store)) == 3
    assert len(refused) + len(gone) == 17
    assert len({each.name for each in gone}) + len(refused) == 17


async def test_ending_twice_is_ending_once(store: Store) -> None:
    """Twenty calls end a family once; the others say that there was nothing to do."""
    await store.start(family(), limit=None, now=START)

    results = await asyncio.gather(
        *(store.end("f", subject="ada", now=START + 1) for _ in range(20))
    )

    assert [ended("f")] == [each for one in results for each in one]
    assert await _ids(store) == []


@pytest.mark.parametrize(
    ("family_id", "subject", "ends"),
    [
        ("f", None, True),
        ("f", "ada", True),
        ("f", "grace", False),
        ("f", "", False),
        ("g", None, False),
    ],
)
async def test_a_family_is_ended_by_its_owner(
    store: Store, family_id: str, subject: str | None, *, ends: bool
) -> None:
    """A subject ends its own families only; no subject ends anybody's."""
    await store.start(family(), limit=None, now=START)

    gone = await store.end(family_id, subject=subject, now=START)

    assert ([ended("f")] if ends else []) == [*gone]
    assert ([] if ends else ["f"]) == await _ids(store)


async def test_an_expired_family_is_ended_within_the_leeway(store: Store) -> None:
    """Its last tokens may still pass, so its end counts until it is forgotten."""
    await store.start(family(), limit=None, now=START)
    now = START + LIFE_S + LEEWAY_S

    assert [ended("f")] == [*await store.end("f", subject="ada", now=now - 1)]
    await store.start(family("g"), limit=None, now=START)
    assert [*await store.end("g", subject="ada", now=now)] == []


async def test_all_families_end_but_the_one_to_spare(store: Store) -> None:
    """Everything of the subject ends, nothing of others, and nothing twice."""
    for family_id in ("a", "b", "c"):
        await store.start(family(family_id), limit=None, now=START)
    await store.start(family("g", "grace"), limit=None, now=START)

    others = await store.end_all("ada", spare="b", started_by=None, now=START)
    rest = await store.end_all("ada", spare=None, started_by=None, now=START)

    assert sorted(each.name for each in others) == ["a", "c"]
    assert [ended("b")] == [*rest]
    assert await _ids(store) == []
    assert await _ids(store, "grace") == ["g"]


async def test_a_sign_in_after_the_end_of_all_is_untouched(store: Store) -> None:
    """It may be of the very same second: what counts is what was there."""
    await store.start(family("old", created_at=START + 5), limit=None, now=START)
    gone = await store.end_all("ada", spare=None, started_by=None, now=START)
    await store.start(family("new"), limit=None, now=START)

    assert [ended("old")] == [*gone]
    assert await _ids(store) == ["new"]


async def test_only_sign_ins_up_to_a_moment_end(store: Store) -> None:
    """The boundary itself is included; what was refreshed since then ends as well."""
    for moved in (-1, 0, 1):
        one = family(f"f{moved}", created_at=START + moved)
        await store.start(one, limit=None, now=START + moved)
    await store.rotate(
        presented("f0-1", family_id="f0"),
        successor(now=START + 9),
        grace_s=GRACE_S,
        now=START + 9,
    )

    gone = await store.end_all("ada", spare=None, started_by=START, now=START + 10)

    assert sorted(each.name for each in gone) == ["f-1", "f0"]
    assert await _ids(store) == ["f1"]


async def test_only_sessions_of_older_epochs_end(store: Store) -> None:
    """A sign-in under the new epoch is untouched, though it was quicker."""
    for name, epoch in (("none", None), ("old", 6), ("new", 7), ("newer", 8)):
        await store.start(family(name, epoch=epoch), limit=None, now=START)

    gone = await store.end_all(
        "ada", spare=None, started_by=None, before_epoch=7, now=START
    )

    assert sorted(each.name for each in gone) == ["none", "old"]
    assert sorted(await _ids(store)) == ["new", "newer"]


async def test_a_start_costs_the_same_however_many_sessions_the_user_has() -> None:
    """Without a limit on sessions, nobody looks at those there are."""
    store = MemoryStore()
    costs = []
    for number in range(200):
        with counted() as work:
            await store.start(family(f"f-{number}"), limit=None, now=START)
        costs.append(work.calls)
    assert costs[0] >= costs[-1]
