import asyncio
from collections.abc import Callable
from collections.abc import Coroutine
from functools import partial
from typing import Any

import pytest

from clock import Clock
from clock import START
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.in_use.answers import Answers
from quart_jwt.stores.in_use.follower import Follower
from quart_jwt.stores.in_use.follower import LAPSE_S
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef
from stores.families import ended
from stores.families import family
from stores.families import revoked_token
from stores.families import token
from stores.faulty import away
from stores.faulty import faulty_store

BOUND_S = 1.0
NEW = token(issued_at=START + 1)
OLD = token("old", family_id="f", issued_at=START)
LONG = token("long", issued_at=START + 1, outlives_feed=True)

Ask = Callable[[TokenRef], Coroutine[Any, Any, bool]]


@pytest.fixture(name="store")
def _store() -> Any:
    return faulty_store()


@pytest.fixture(name="monotonic")
def _monotonic() -> Clock:
    return Clock(1_000)


@pytest.fixture(name="follower")
def _follower(store: Any, clock: Clock, monotonic: Clock) -> Follower:
    return Follower(
        store,
        clock=clock,
        monotonic=monotonic,
        bound_s=lambda: BOUND_S,
        max_entries=10,
    )


@pytest.fixture(name="asks")
def _asks(store: Any, follower: Follower, monotonic: Clock) -> Ask:
    answers = Answers(follower, monotonic=monotonic, bound_s=lambda: BOUND_S)

    async def asks(about: TokenRef) -> bool:
        asking = partial(store.is_revoked, about, now=START)
        return await answers.is_revoked(about, asking)

    return asks


async def test_a_current_follower_needs_no_store(
    asks: Ask, follower: Follower, store: Any
) -> None:
    """Neither for a good token nor for one that is known to be revoked."""
    await store.inner.revoke(revoked_token("gone"), now=START)
    await follower.step()
    store.calls.clear()

    assert not await asks(NEW)
    assert await asks(token("gone"))
    assert store.calls == []


async def test_requests_of_a_late_process_share_one_reading(
    asks: Ask, follower: Follower, store: Any, monotonic: Clock
) -> None:
    """A thousand tokens at once cost one reading of the feed, and no other question."""
    await follower.step()
    await store.inner.revoke(revoked_token("t7"), now=START)
    monotonic.advance(BOUND_S + 1)
    store.calls.clear()
    tokens = [token(f"t{number}", issued_at=START + 1) for number in range(1_000)]
    answers = await asyncio.gather(*map(asks, tokens))

    assert [at for at, is_revoked in enumerate(answers) if is_revoked] == [7]
    assert store.calls == ["changes"]


async def test_a_reading_that_is_late_itself_counts_for_those_who_waited(
    asks: Ask, follower: Follower, store: Any, monotonic: Clock
) -> None:
    """Its answer is as of their question, however long the event loop took."""

    async def lag() -> None:
        monotonic.advance(BOUND_S + 1)

    await follower.step()
    store.after = lag
    await lag()
    store.calls.clear()

    assert not await asks(NEW)
    assert store.calls == ["changes"]


async def test_a_shared_question_is_not_older_than_the_bound(
    asks: Ask, store: Any, monotonic: Clock
) -> None:
    """One that hangs since before a revocation does not answer a later request."""
    hang = asyncio.Event()
    store.after = hang.wait
    first = asyncio.create_task(asks(NEW))
    while store.calls != ["is_revoked"]:  # noqa: ASYNC110 - the fake has no event for it
        await asyncio.sleep(0)
    await store.inner.revoke(revoked_token(), now=START)
    monotonic.advance(BOUND_S + 0.001)
    second = asyncio.create_task(asks(NEW))
    await asyncio.sleep(0)
    hang.set()

    assert not await first
    assert await second


async def test_a_caller_that_goes_away_leaves_the_answer_to_the_others(
    asks: Ask, store: Any
) -> None:
    """The shared question is not cancelled with whoever asked first."""
    hang = asyncio.Event()
    store.fault = hang.wait
    callers = [asyncio.create_task(asks(NEW)) for _ in range(3)]
    await asyncio.sleep(0)
    callers[0].cancel()
    await asyncio.sleep(0)
    hang.set()

    assert await asyncio.gather(*callers[1:]) == [False, False]
    assert store.calls == ["is_revoked"]


async def test_a_store_that_is_away_is_an_error_for_all(
    asks: Ask, follower: Follower, store: Any, monotonic: Clock
) -> None:
    """Nobody passes because somebody else's question failed."""
    await follower.step()
    monotonic.advance(BOUND_S + 1)
    store.fault = away
    store.calls.clear()
    answers = await asyncio.gather(
        *(asks(NEW) for _ in range(100)), return_exceptions=True
    )

    assert {type(one) for one in answers} == {StoreError}
    assert store.calls == ["changes", "is_revoked"]


@pytest.mark.parametrize("about", [OLD, LONG], ids=["old", "long"])
async def test_what_the_feed_cannot_tell_is_asked_once(
    asks: Ask, follower: Follower, store: Any, about: TokenRef
) -> None:
    """A token as old as the store's data, and one that outlives the feed's memory."""
    await store.inner.start(family(), limit=None, now=START)
    await follower.step()
    store.calls.clear()
    for _ in range(10):
        assert not await asks(about)

    assert store.calls == ["is_revoked"]


@pytest.mark.parametrize("how", ["token", "family", "access"])
async def test_what_was_found_good_is_revoked_for_good(
    asks: Ask, follower: Follower, store: Any, how: str
) -> None:
    """Through the feed, and also after the feed's entry has gone."""
    await store.inner.start(family(), limit=None, now=START)
    await follower.step()
    assert not await asks(OLD)
    if how == "family":
        await store.inner.end("f", subject=None, now=START)
    else:
        scope, name = (Scope.TOKEN, "old") if how == "token" else (Scope.ACCESS, "ada")
        cut = Revocation(scope=scope, name=name, until=None, issued_by=START)
        await store.inner.revoke(cut, now=START)
    await follower.step()
    assert await asks(OLD)
    follower._revoked.clear()  # as time does

    assert await asks(OLD)


async def test_a_revocation_while_the_store_is_asked_counts(
    asks: Ask, follower: Follower, store: Any
) -> None:
    """The answer was on its way already: the feed has the last word."""
    await store.inner.start(family(), limit=None, now=START)
    await follower.step()

    async def meanwhile() -> None:
        store.after = store.fault
        follower.take((ended("f"),))

    store.after = meanwhile

    assert await asks(OLD)
    assert OLD not in follower._good


async def test_a_pause_in_following_forgets_what_was_found_good(
    asks: Ask, follower: Follower, store: Any, clock: Clock
) -> None:
    """Meanwhile an entry may have come and gone, so the store is asked again."""
    await follower.step()
    assert not await asks(LONG)
    gone = Revocation(scope=Scope.TOKEN, name="long", until=None, followed_until=START)
    await store.inner.revoke(gone, now=START)
    await store.inner.purge(limit=10, now=START + 1)
    clock.advance(LAPSE_S + 1)
    await follower.step()

    assert await asks(LONG)


async def test_a_store_that_lost_its_data_forgets_what_was_found_good(
    asks: Ask, follower: Follower, store: Any
) -> None:
    """Tokens of families that it does not know any more are refused."""
    await store.inner.start(family(), limit=None, now=START)
    await follower.step()
    assert not await asks(OLD)
    store.lose_everything()
    await follower.step()
    await follower.step()

    assert await asks(OLD)


async def test_one_event_loop_does_not_wait_for_another(asks: Ask, store: Any) -> None:
    """An app may be asked in two; each has its own question."""
    loop, hang = asyncio.new_event_loop(), asyncio.Event()
    store.fault = hang.wait
    elsewhere = asyncio.to_thread(loop.run_until_complete, asks(NEW))
    waiting = asyncio.create_task(elsewhere)
    while store.calls != ["is_revoked"]:  # noqa: ASYNC110 - another loop does it
        await asyncio.sleep(0.001)
    store.fault = store.after
    try:
        assert not await asks(NEW)
    finally:
        loop.call_soon_threadsafe(hang.set)
        assert not await waiting
        loop.close()
    assert store.calls == ["is_revoked", "is_revoked"]
