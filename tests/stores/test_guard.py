import asyncio
import logging
from typing import Any

import pytest

from clock import Clock
from clock import START
from quart_jwt.exceptions import SessionLimitError
from quart_jwt.exceptions import StoreError
from quart_jwt.exceptions import StoreSuspendedError
from quart_jwt.exceptions import StoreTimeoutError
from quart_jwt.stores.base import AtLimit
from quart_jwt.stores.base import Limit
from quart_jwt.stores.base import Store
from quart_jwt.stores.in_use.circuit_breaker import FAILURES
from quart_jwt.stores.in_use.guard import Guard
from stores.families import family
from stores.families import revoked_token
from stores.families import token
from stores.faulty import away
from stores.faulty import faulty_store
from stores.faulty import foreign
from stores.faulty import hanging
from stores.faulty import slow

SHORT_S = 0.02


class Deadline:
    """Long, for a loaded machine, until a test makes it short."""

    seconds = 30.0


@pytest.fixture(name="deadline")
def _deadline() -> Deadline:
    return Deadline()


@pytest.fixture(name="store")
def _store() -> Any:
    return faulty_store()


@pytest.fixture(name="guarded")
def _guarded(store: Any, clock: Clock, deadline: Deadline) -> Store:
    return Guard(
        store, clock=clock, monotonic=clock, timeout_s=lambda: deadline.seconds
    ).store


async def _ask(guarded: Store) -> bool:
    return await guarded.is_revoked(token(), now=START)


async def test_a_store_is_opened_when_it_is_needed(guarded: Store, store: Any) -> None:
    """Also without a server's start, once, however many ask at the same time."""
    store.fault = slow
    await asyncio.gather(*(_ask(guarded) for _ in range(5)))

    assert store.calls == ["open", *["is_revoked"] * 5]


async def test_a_store_that_is_away_is_opened_later(guarded: Store, store: Any) -> None:
    """An opening that failed is tried again by the next call."""
    store.fault = away
    with pytest.raises(StoreError):
        await guarded.open(now=START)
    store.fault = slow

    assert not await _ask(guarded)
    assert store.calls == ["open", "open", "is_revoked"]


async def test_opening_takes_longer_than_a_call_may(
    guarded: Store, store: Any, deadline: Deadline
) -> None:
    """Whoever waits has its deadline, and the opening goes on for the next one."""
    opened = asyncio.Event()
    store.fault = opened.wait
    deadline.seconds = SHORT_S
    with pytest.raises(StoreTimeoutError):
        await _ask(guarded)
    opened.set()
    deadline.seconds = 30

    assert not await _ask(guarded)
    assert store.calls == ["open", "is_revoked"]


async def test_a_foreign_error_is_translated(guarded: Store, store: Any) -> None:
    """What a driver says stays behind: it may hold a password."""
    await guarded.open(now=START)
    store.fault = foreign
    with pytest.raises(StoreError, match="failed") as caught:
        await _ask(guarded)

    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ConnectionResetError)


async def test_a_hanging_store_costs_a_bounded_wait(
    guarded: Store, store: Any, deadline: Deadline
) -> None:
    """Even one that cannot be cancelled; what it was asked is left behind."""
    await guarded.open(now=START)
    store.fault = hanging
    deadline.seconds = SHORT_S
    with pytest.raises(StoreTimeoutError):
        await _ask(guarded)
    store.fault = slow
    await guarded.close()


async def test_a_store_that_times_out_by_itself_is_the_same(
    guarded: Store, store: Any
) -> None:
    """A driver's own time-out is one of ours."""

    async def too_late() -> None:
        raise TimeoutError

    await guarded.open(now=START)
    store.fault = too_late
    with pytest.raises(StoreTimeoutError):
        await _ask(guarded)


async def test_a_failing_store_is_left_alone(
    guarded: Store,
    store: Any,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After a row of failures it is not asked, until one call finds it well again."""
    caplog.set_level(logging.INFO)
    await guarded.open(now=START)
    store.fault = away
    for _ in range(FAILURES):
        with pytest.raises(StoreError, match="away"):
            await _ask(guarded)
    asked = len(store.calls)
    for _ in range(10):
        with pytest.raises(StoreSuspendedError):
            await _ask(guarded)
    assert len(store.calls) == asked

    store.fault = slow
    clock.advance(1)
    assert not await _ask(guarded)
    assert not await _ask(guarded)
    said = [record.levelno for record in caplog.records]
    assert said == [logging.ERROR, logging.INFO]


async def test_a_refusal_is_no_failure(guarded: Store, store: Any) -> None:
    """The limit of sessions is an answer, and a good one."""
    limit = Limit(1, AtLimit.REFUSE)
    await guarded.start(family(), limit=limit, now=START)
    for _ in range(2 * FAILURES):
        with pytest.raises(SessionLimitError):
            await guarded.start(family("g"), limit=limit, now=START)

    assert not await _ask(guarded)


async def test_waiting_for_news_is_not_counted(
    guarded: Store, deadline: Deadline
) -> None:
    """A reader may wait longer than a call may take."""
    await guarded.open(now=START)
    deadline.seconds = 0.5
    changes = await guarded.changes(None, limit=10, wait_s=0.6, now=START)

    assert changes.revocations == ()


async def test_every_verb_goes_through(guarded: Store, store: Any) -> None:
    """The guarded store does what the store does."""
    await guarded.ping()
    await guarded.start(family(), limit=None, now=START)
    assert [family()] == [*await guarded.live("ada", now=START)]
    assert len(await guarded.end("f", subject=None, now=START)) == 1
    assert await guarded.end_all("ada", spare=None, started_by=None, now=START) == ()
    await guarded.revoke(revoked_token(), now=START)
    assert await _ask(guarded)
    assert await guarded.purge(limit=10, now=START) == 0


async def test_a_cancelled_call_leaves_nothing_running(
    guarded: Store, store: Any
) -> None:
    """Whoever goes away takes the question along."""
    await guarded.open(now=START)
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def waiting() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    store.fault = waiting
    asking = asyncio.create_task(_ask(guarded))
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await cancelled.wait()


async def test_closing_never_fails(
    guarded: Store, store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that is away is closed all the same, and can be opened again."""
    await guarded.open(now=START)
    store.fault = foreign
    await guarded.close()
    store.fault = slow

    assert not await _ask(guarded)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "hunter2" not in caplog.text


async def test_closing_is_no_answer(
    guarded: Store, store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that has never answered is not well again because it was let go."""
    caplog.set_level(logging.INFO)
    store.fault = away
    for _ in range(FAILURES):
        with pytest.raises(StoreError):
            await _ask(guarded)
    store.fault = slow
    caplog.clear()
    await guarded.close()

    assert caplog.records == []


async def test_a_call_that_is_cut_off_by_closing_is_a_store_error(
    guarded: Store, store: Any
) -> None:
    """At the end of serving whoever still waits hears that the store is not there."""
    await guarded.open(now=START)

    async def cancelled() -> None:
        raise asyncio.CancelledError

    store.fault = cancelled
    with pytest.raises(StoreError, match="closed"):
        await _ask(guarded)
