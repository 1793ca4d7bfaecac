"""What several event loops use at once works, or says so; it never hangs."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clock import Clock
from clock import START
from quart_jwt import MemoryStore
from quart_jwt.stores.base import Store
from quart_jwt.stores.in_use.store import StoreInUse
from quart_jwt.stores.jwks.remote import FetchedSet
from quart_jwt.stores.jwks.remote import Freshness
from quart_jwt.stores.jwks.remote import RemoteKeys
from stores.families import family
from stores.families import GRACE_S
from stores.families import presented
from stores.families import revoked_token
from stores.families import successor
from stores.families import token
from tokens.test_jwk import jwk

PATIENCE_S = 60
LOOPS = 4


def _in_use(store: Store, clock: Clock) -> StoreInUse:
    return StoreInUse(
        store,
        clock=clock,
        monotonic=clock,
        timeout_s=lambda: 30.0,
        bound_s=lambda: 1.0,
        max_entries=100,
    )


async def _elsewhere(work: Any) -> Any:
    """What a coroutine comes to in an event loop of its own, beside this one."""
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.to_thread(asyncio.run, work)


CALLS: dict[str, Any] = {
    "ping": lambda in_use: in_use.store.ping(),
    "try_writing": lambda in_use: in_use.store.try_writing(),
    "start": lambda in_use: in_use.store.start(family(), limit=None, now=START),
    "rotate": lambda in_use: in_use.store.rotate(
        presented(), successor(), grace_s=GRACE_S, now=START
    ),
    "end": lambda in_use: in_use.store.end("f", subject=None, now=START),
    "end_all": lambda in_use: in_use.store.end_all(
        "ada", spare=None, started_by=None, now=START
    ),
    "live": lambda in_use: in_use.store.live("ada", now=START),
    "revoke": lambda in_use: in_use.store.revoke(revoked_token(), now=START),
    "is_revoked": lambda in_use: in_use.store.is_revoked(token(), now=START),
    "changes": lambda in_use: in_use.store.changes(None, limit=1, wait_s=0, now=START),
    "purge": lambda in_use: in_use.store.purge(limit=1, now=START),
    "open": lambda in_use: in_use.open(),
}
"""What uses a store, and its follower."""


@pytest.fixture(name="used")
async def _used(clock: Clock) -> AsyncIterator[StoreInUse]:
    """A store in use by this event loop, which follows its feed."""
    in_use = _in_use(MemoryStore(), clock)
    await in_use.open()
    yield in_use
    await in_use.close()


@pytest.mark.parametrize("call", CALLS)
async def test_a_store_in_use_tells_another_event_loop(
    used: StoreInUse, call: str
) -> None:
    """Its connections, locks and tasks belong to the loop that serves."""

    async def use() -> None:
        await CALLS[call](used)

    with pytest.raises(RuntimeError, match="from two event loops"):
        await _elsewhere(use())
    if call != "open":
        await use()


async def test_nobody_is_told_in_another_event_loops_thread(used: StoreInUse) -> None:
    """A websocket or stream of another loop would be ended from the wrong thread."""

    async def watch() -> None:
        used.watch(token(), lambda: None)

    with pytest.raises(RuntimeError, match="from two event loops"):
        await _elsewhere(watch())


async def test_a_known_token_is_recognised_in_any_thread(used: StoreInUse) -> None:
    """That is answered from memory, and belongs to no loop."""

    async def ask() -> bool:
        return used.is_known_good(token(issued_at=START + 1))

    await used._parts[0].follower.catch_up()
    assert await _elsewhere(ask())


async def test_event_loops_may_use_a_store_one_after_the_other(
    store: Store, clock: Clock
) -> None:
    """As tests and scripts do, with every store."""
    await store.close()
    in_use = _in_use(store, clock)

    async def use() -> bool:
        await in_use.open()
        try:
            return await in_use.store.is_revoked(token(), now=START)
        finally:
            await in_use.close()

    for _ in range(3):
        assert await _elsewhere(use()) is False


class _Fetches:
    """An issuer that may be made to keep the first who asks waiting."""

    def __init__(self, *, keeps_first: bool) -> None:
        self.count = 0
        self.cancelled = threading.Event()
        self.asked = threading.Event()
        self._keeps_first = keeps_first

    async def __call__(self) -> FetchedSet:
        self.count += 1
        if self._keeps_first and self.count == 1:
            self.asked.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        return FetchedSet(json.dumps({"keys": [jwk("RS256", kid="a")]}).encode())


def _keys(fetches: _Fetches) -> RemoteKeys:
    freshness = Freshness(stale_limit_s=3_600, cooldown_s=0)
    return RemoteKeys(fetches, ("RS256",), freshness)


async def test_several_event_loops_ask_for_an_issuers_keys() -> None:
    """Each gets them: the first time, for an unknown key id, and after that."""
    fetches = _Fetches(keeps_first=False)
    keys = _keys(fetches)

    async def ask() -> list[int]:
        return [
            len(await keys.candidates(kid, "RS256")) for kid in ("a", "other", "a") * 5
        ]

    for _ in range(2):
        asked = [_elsewhere(ask()) for _ in range(LOOPS)]
        assert await asyncio.gather(*asked, ask()) == [[1, 0, 1] * 5] * (LOOPS + 1)
    await keys.close()


async def test_a_fetch_that_hangs_in_one_event_loop_keeps_no_other_waiting() -> None:
    """And whoever closes the keys ends it there."""
    fetches = _Fetches(keeps_first=True)
    keys = _keys(fetches)

    async def hang() -> None:
        with pytest.raises(asyncio.CancelledError):
            await keys.start()

    async def close() -> None:
        await keys.close()

    hanging = asyncio.create_task(_elsewhere(hang()))
    assert await asyncio.to_thread(fetches.asked.wait, PATIENCE_S)
    await _elsewhere(close())
    await hanging
    assert fetches.cancelled.is_set()
    assert len(await keys.candidates("a", "RS256")) == 1
    await keys.close()


async def test_a_hanging_fetch_of_another_event_loop_is_not_waited_for() -> None:
    """Each loop fetches for itself while it has no key in hand."""
    fetches = _Fetches(keeps_first=True)
    keys = _keys(fetches)
    ended = threading.Event()

    async def hang() -> None:
        task = keys.start()
        await asyncio.to_thread(ended.wait, PATIENCE_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    hanging = asyncio.create_task(_elsewhere(hang()))
    assert await asyncio.to_thread(fetches.asked.wait, PATIENCE_S)
    async with asyncio.timeout(PATIENCE_S):
        assert len(await keys.candidates("a", "RS256")) == 1
    ended.set()
    await hanging
    await keys.close()
