import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from clock import Clock
from clock import START
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.in_use.follower import Follower
from quart_jwt.stores.in_use.follower import KEEP_MARGIN_S
from quart_jwt.stores.in_use.follower import OVERFLOW_PAUSE_S
from quart_jwt.stores.in_use.follower import PAGE
from stores.families import family
from stores.families import revoked_token
from stores.families import token
from stores.faulty import away
from stores.faulty import faulty_store
from stores.faulty import PATIENCE_S

BOUND_S = 1.0
OLD, NEW = token(family_id="f", issued_at=START), token(issued_at=START + 1)


@pytest.fixture(name="store")
def _store() -> Any:
    return faulty_store()


@pytest.fixture(name="monotonic")
def _monotonic() -> Clock:
    return Clock(1_000)


def _follower(
    store: Any, clock: Clock, monotonic: Clock, entries: int = 10
) -> Follower:
    return Follower(
        store,
        clock=clock,
        monotonic=monotonic,
        bound_s=lambda: BOUND_S,
        max_entries=entries,
    )


@pytest.fixture(name="follower")
def _fixture(store: Any, clock: Clock, monotonic: Clock) -> Follower:
    return _follower(store, clock, monotonic)


async def test_before_it_has_read_it_cannot_tell(
    follower: Follower, store: Any
) -> None:
    """A process that has just started asks the store."""
    assert not follower.can_tell(NEW)
    assert not follower.refuses(NEW)


async def test_it_knows_what_was_revoked_before_and_since(
    follower: Follower, store: Any
) -> None:
    """Reading from the start gives what is in force, and each step what is new."""
    await store.inner.revoke(revoked_token("before"), now=START)
    await follower.step()
    await store.inner.revoke(revoked_token("since"), now=START)
    await follower.step()

    assert follower.can_tell(NEW)
    assert follower.refuses(token("before"))
    assert follower.refuses(token("since"))
    assert not follower.refuses(token("other"))


@pytest.mark.parametrize(
    ("moved", "can_tell"), [(BOUND_S, True), (BOUND_S + 0.001, False)]
)
async def test_it_can_tell_within_the_bound(
    follower: Follower, monotonic: Clock, moved: float, *, can_tell: bool
) -> None:
    """What it knows counts for as long as the bound says, and not longer."""
    await follower.step()
    monotonic.advance(moved)

    assert can_tell is follower.can_tell(NEW)


async def test_an_answer_is_as_old_as_its_question(
    follower: Follower, store: Any, monotonic: Clock
) -> None:
    """One that was on its way for longer than the bound is too old on arrival."""

    async def late() -> None:
        monotonic.advance(BOUND_S + 0.001)

    store.after = late
    await follower.step()

    assert not follower.can_tell(NEW)


async def test_a_failure_keeps_what_is_known(
    follower: Follower, store: Any, monotonic: Clock
) -> None:
    """It goes on telling until the bound, refuses what it knows, and then recovers."""
    await store.inner.revoke(revoked_token(), now=START)
    await follower.step()
    store.fault = away
    with pytest.raises(StoreError):
        await follower.step()
    assert follower.can_tell(NEW)
    monotonic.advance(BOUND_S + 1)
    assert not follower.can_tell(NEW)
    assert follower.refuses(token())
    store.fault = store.after
    await follower.step()
    assert follower.can_tell(NEW)


async def test_it_cannot_tell_of_tokens_older_than_the_store(
    follower: Follower, store: Any
) -> None:
    """A store that lost its data does not know their families: it has to say so."""
    await follower.step()
    assert follower.can_tell(token(family_id="f", issued_at=START + 1))
    assert not follower.can_tell(token(family_id="f", issued_at=START))
    assert follower.can_tell(token(issued_at=START - 1))


async def test_a_store_that_lost_its_data_is_read_anew(
    follower: Follower, store: Any, clock: Clock
) -> None:
    """Tokens of before the loss go to the store, which refuses them."""
    await store.inner.start(family(), limit=None, now=START)
    await follower.step()
    clock.advance(10)
    known = token(family_id="f", issued_at=START + 5)
    assert follower.can_tell(known)
    store.lose_everything()
    await follower.step()
    assert not follower.can_tell(NEW)
    await follower.step()

    assert follower.can_tell(NEW)
    assert not follower.can_tell(known)
    assert await store.is_revoked(known, now=START)


async def test_what_this_process_revokes_is_known_at_once(follower: Follower) -> None:
    """Without any reading."""
    follower.take((revoked_token(),))

    assert follower.refuses(token())


@pytest.mark.parametrize("by", ["feed", "hand"])
async def test_too_much_is_not_known_at_all(
    store: Any, clock: Clock, monotonic: Clock, by: str
) -> None:
    """At its last entry it can tell; with one more it does not pretend."""
    follower = _follower(store, clock, monotonic, entries=3)
    for number in range(3):
        await store.inner.revoke(revoked_token(f"t{number}"), now=START)
    await follower.step()
    assert follower.can_tell(NEW)
    more = revoked_token("one more")
    if by == "feed":
        await store.inner.revoke(more, now=START)
        await follower.step()
    else:
        follower.take((more,))

    assert not follower.can_tell(NEW)


async def test_there_is_room_again_when_tokens_have_expired(
    store: Any, clock: Clock, monotonic: Clock
) -> None:
    """What was too much once is read again, and may fit then."""
    follower = _follower(store, clock, monotonic, entries=3)
    for number in range(4):
        await store.inner.revoke(
            revoked_token(f"t{number}", until=START + number), now=START
        )
    await follower.step()
    clock.advance(10)
    await store.inner.purge(limit=10, now=START + 1)
    monotonic.advance(OVERFLOW_PAUSE_S - 0.001)
    await follower.step()
    assert not follower.can_tell(NEW)
    monotonic.advance(0.001)
    await follower.step()

    assert follower.can_tell(NEW)
    assert follower.refuses(token("t3"))


@pytest.mark.parametrize("before", [0, PAGE])
async def test_what_is_watched_hears_of_revocations_beyond_the_limit(
    store: Any, clock: Clock, monotonic: Clock, before: int
) -> None:
    """An open websocket has no other way to learn that its token was revoked."""
    follower = _follower(store, clock, monotonic, entries=3)
    told: list[str] = []
    for number in range(4 + before):
        await store.inner.revoke(revoked_token(f"t{number}"), now=START)
    follower.watchers.add(token("there"), lambda: told.append("there"))
    follower.watchers.add(token("later"), lambda: told.append("later"))
    await store.inner.revoke(revoked_token("there"), now=START)
    while not told:
        await follower.step()
    await store.inner.revoke(revoked_token("later"), now=START)
    await follower.step()

    assert told == ["there", "later"]
    assert not follower.can_tell(NEW)
    assert not follower.refuses(token("t0"))


async def test_an_answer_of_before_an_overflow_does_not_count(
    store: Any, clock: Clock, monotonic: Clock
) -> None:
    """Nobody who has forgotten half believes to know everything."""
    follower = _follower(store, clock, monotonic, entries=1)
    await follower.step()

    async def meanwhile() -> None:
        follower.take((revoked_token("a"), revoked_token("b")))

    store.after = meanwhile
    await follower.step()

    assert not follower.can_tell(NEW)


async def test_a_long_feed_is_read_to_its_end(
    store: Any, clock: Clock, monotonic: Clock
) -> None:
    """It cannot tell before the last page is in."""
    follower = _follower(store, clock, monotonic, entries=2 * PAGE)
    for number in range(PAGE + 1):
        await store.inner.revoke(revoked_token(f"t{number}"), now=START)
    await follower.step()
    assert not follower.can_tell(NEW)
    await follower.step()

    assert follower.can_tell(NEW)
    assert follower.refuses(token(f"t{PAGE}"))


@pytest.mark.parametrize(("moved", "is_kept"), [(-1, True), (0, False)])
async def test_what_has_expired_is_forgotten_after_a_margin(
    follower: Follower, store: Any, clock: Clock, moved: int, *, is_kept: bool
) -> None:
    """Clocks that are put back by less than it do not bring a token to life."""
    await store.inner.revoke(revoked_token(until=START + 5), now=START)
    await follower.step()
    clock.advance(5 + KEEP_MARGIN_S + moved)
    await follower.step()

    assert is_kept is follower.refuses(token())


async def test_it_follows_by_itself(store: Any, clock: Clock) -> None:
    """Over failures and gaps, until it is cancelled."""
    follower = Follower(
        store,
        clock=clock,
        monotonic=time.monotonic,
        bound_s=lambda: BOUND_S,
        max_entries=10,
    )
    store.fault = away

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await store.answered("changes")

    running = asyncio.create_task(follower.run())
    await store.answered("changes")
    store.fault = store.after
    await until(lambda: follower.can_tell(NEW))
    await store.inner.revoke(revoked_token(), now=START)
    await until(lambda: follower.refuses(token()))
    store.lose_everything()
    await store.inner.revoke(revoked_token("after"), now=START)
    await until(lambda: follower.refuses(token("after")))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_store_that_does_not_wait_is_not_asked_all_the_time(
    follower: Follower, store: Any, monotonic: Clock
) -> None:
    """What it did not wait is waited here; a page of news is followed at once."""
    await follower.step()
    reading = asyncio.create_task(follower.step())
    assert await reading == BOUND_S / 4
    await store.inner.revoke(revoked_token(), now=START)
    assert await follower.step() == 0


@pytest.mark.parametrize("hours", [1, 2])
async def test_a_clock_that_was_an_hour_ahead_makes_nothing_valid(
    follower: Follower, store: Any, clock: Clock, hours: int
) -> None:
    """What was forgotten by a wrong clock is read again when it is set back."""
    await store.inner.revoke(revoked_token("r", until=START + 900), now=START)
    await follower.step()
    clock.advance(hours * 3600)
    await follower.step()
    clock.advance(-hours * 3600)
    await follower.step()

    assert not follower.can_tell(NEW)
    await follower.step()
    assert follower.can_tell(NEW)
    assert follower.refuses(token("r"))


async def test_a_clock_that_is_slewed_costs_no_reading(
    follower: Follower, store: Any, clock: Clock
) -> None:
    """A step back of less than a second is NTP's daily work."""
    await follower.step()
    clock.advance(-0.9)
    await follower.step()

    assert follower.can_tell(NEW)
    assert follower.reading == 0
