"""A store in parts: what is lost with one part, and what is not."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clock import Clock
from clock import START
from quart_jwt.exceptions import FeedGapError
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.in_use.store import StoreInUse
from quart_jwt.stores.partitioned import PartitionedStore
from stores.families import family
from stores.families import revoked_token
from stores.families import token
from stores.faulty import away
from stores.faulty import faulty_store

PARTS = 2
PATIENCE_S = 60


@pytest.fixture(name="parts")
def _parts() -> list[Any]:
    return [faulty_store() for _ in range(PARTS)]


@pytest.fixture(name="store")
def _store(parts: list[Any]) -> PartitionedStore:
    return PartitionedStore(parts)


@pytest.fixture(name="in_use")
async def _in_use(store: PartitionedStore, clock: Clock) -> AsyncIterator[StoreInUse]:
    """A store in use; a test reads the feeds itself."""
    in_use = StoreInUse(
        store,
        clock=clock,
        monotonic=clock,
        timeout_s=lambda: 30.0,
        bound_s=lambda: 1.0,
        max_entries=100,
    )
    yield in_use
    await in_use.close()


def _subject_in(store: PartitionedStore, number: int) -> str:
    """A subject of a part."""
    names = (f"user {at}" for at in range(1_000))
    return next(name for name in names if store.number_of(name) == number)


async def _read_feeds(in_use: StoreInUse) -> None:
    for part in in_use._parts:
        await part.follower.catch_up()


def test_a_subject_stays_in_its_part() -> None:
    """Whatever the process: another release that looks elsewhere finds no session."""
    store = PartitionedStore([faulty_store() for _ in range(16)])
    names = ["ada", "grace", "", None, "\u00e9", "\ud800"]
    assert [store.number_of(name) for name in names] == [8, 3, 0, 0, 14, 8]


async def test_a_lost_part_says_nothing_about_others(
    store: PartitionedStore, parts: list[Any], in_use: StoreInUse, clock: Clock
) -> None:
    """Its subjects are refused after the bound; others are known from memory."""
    there, lost = _subject_in(store, 0), _subject_in(store, 1)
    for name in (there, lost):
        await in_use.store.start(family(name, name), limit=None, now=START)
    tokens = {
        name: token(name, family_id=name, subject=name, issued_at=START + 1)
        for name in (there, lost)
    }
    await _read_feeds(in_use)
    assert all(map(in_use.is_known_good, tokens.values()))

    parts[1].fault = away
    clock.advance(2)
    await _read_feeds(in_use)

    assert in_use.is_known_good(tokens[there])
    assert not in_use.is_known_good(tokens[lost])
    assert not await in_use.store.is_revoked(tokens[there], now=clock())
    with pytest.raises(StoreError):
        await in_use.store.is_revoked(tokens[lost], now=clock())
    await in_use.store.ping()
    await in_use.store.try_writing()
    assert await in_use.store.end(there, subject=None, now=clock())
    with pytest.raises(StoreError):
        await in_use.store.end(lost, subject=None, now=clock())


async def test_the_log_names_what_is_lost(
    parts: list[Any], in_use: StoreInUse, caplog: pytest.LogCaptureFixture
) -> None:
    """One line when it is lost, and one when it is back."""
    parts[1].fault = away
    await in_use.open()
    async with asyncio.timeout(60):
        while "Group 1 of the session store keeps failing" not in caplog.text:
            for part in in_use._parts:
                await part.follower.catch_up()
    assert "Group 1 of the session store is not available yet" in caplog.text
    assert "Group 0" not in caplog.text


async def test_without_any_part_there_is_no_store(
    store: PartitionedStore, parts: list[Any]
) -> None:
    """Nothing answers, so a health check fails."""
    for part in parts:
        part.fault = away
    for asking in (store.ping(), store.try_writing(), store.open(now=START)):
        with pytest.raises(StoreError):
            await asking


async def test_a_jti_is_revoked_in_every_part_or_it_is_an_error(
    store: PartitionedStore, parts: list[Any]
) -> None:
    """The part that says who was first is asked last, so that a repetition counts."""
    parts[1].fault = away
    with pytest.raises(StoreError):
        await store.revoke(revoked_token(subject=None), now=START)
    parts[1].fault = _fine

    assert await store.revoke(revoked_token(subject=None), now=START)
    assert not await store.revoke(revoked_token(subject=None), now=START)


async def _fine() -> None:
    """No fault any more."""


async def test_a_session_without_a_subject_is_refused(
    store: PartitionedStore, in_use: StoreInUse
) -> None:
    """No part can be asked about it: not even its watcher waits."""
    lost = token(family_id="f", subject=None, issued_at=START + 1)
    await store.start(family(), limit=None, now=START)
    await _read_feeds(in_use)
    told: list[None] = []
    stop = in_use.watch(lost, lambda: told.append(None))
    stop()

    assert not in_use.is_known_good(lost)
    assert await in_use.store.is_revoked(lost, now=START)
    assert told == [None]


async def test_a_watcher_is_told_by_the_subjects_part(
    store: PartitionedStore, in_use: StoreInUse
) -> None:
    """And by no other."""
    name = _subject_in(store, 1)
    await in_use.store.start(family(name, name), limit=None, now=START)
    await _read_feeds(in_use)
    told: list[None] = []
    watched = token(name, family_id=name, subject=name, issued_at=START + 1)
    in_use.watch(watched, lambda: told.append(None))
    assert told == []

    await store.end(name, subject=name, now=START)
    await _read_feeds(in_use)

    assert told == [None]


async def test_news_of_one_part_are_told_at_once(store: PartitionedStore) -> None:
    """Nobody waits until the other parts have some, too."""
    name = _subject_in(store, 1)
    await store.start(family(name, name), limit=None, now=START)
    begun = await store.changes(None, limit=9, wait_s=0, now=START)
    waiting = asyncio.create_task(
        store.changes(begun.position, limit=9, wait_s=3_600, now=START)
    )
    await store.end(name, subject=name, now=START)

    told = await asyncio.wait_for(waiting, PATIENCE_S)
    assert [one.name for one in told.revocations] == [name]


async def test_a_part_that_is_lost_keeps_no_other_from_opening(
    store: PartitionedStore, parts: list[Any]
) -> None:
    """A command ends the sessions of the users that can be reached."""
    parts[0].fault = away
    await store.open(now=START)
    parts[1].fault = away
    with pytest.raises(StoreError):
        await store.open(now=START)


async def test_a_purge_stops_at_its_limit(store: PartitionedStore) -> None:
    """However many parts there are."""
    for number in range(PARTS):
        for at in range(2):
            name = _subject_in(store, number)
            await store.start(family(f"{name} {at}", name), limit=None, now=START)
    later = START + 10**6

    assert [await store.purge(limit=3, now=later) for _ in range(3)] == [3, 1, 0]


@pytest.mark.parametrize("position", ["", "[]", "{}", '["a"]', "a-1"])
async def test_a_position_of_another_store_is_a_gap(
    store: PartitionedStore, position: str
) -> None:
    """Such as one from a time at which the sessions were not in parts."""
    with pytest.raises(FeedGapError):
        await store.changes(position, limit=1, wait_s=0, now=START)
