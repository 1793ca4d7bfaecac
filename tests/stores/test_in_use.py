from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

import pytest

from clock import Clock
from clock import START
from quart_jwt.stores.base import AtLimit
from quart_jwt.stores.base import Limit
from quart_jwt.stores.base import Store
from quart_jwt.stores.in_use.store import StoreInUse
from stores.families import family
from stores.families import GRACE_S
from stores.families import presented
from stores.families import revoked_token
from stores.families import successor
from stores.families import token
from stores.faulty import away
from stores.faulty import faulty_store


@pytest.fixture(name="inner")
def _inner() -> Any:
    return faulty_store()


@pytest.fixture(name="in_use")
async def _in_use(inner: Any, clock: Clock) -> AsyncIterator[StoreInUse]:
    """A store in use that does not follow its feed."""
    in_use = StoreInUse(
        inner,
        clock=clock,
        monotonic=clock,
        timeout_s=lambda: 30.0,
        bound_s=lambda: 1.0,
        max_entries=100,
    )
    await in_use.store.start(family(), limit=None, now=START)
    yield in_use
    await in_use.close()


async def _end(store: Store) -> None:
    await store.end("f", subject=None, now=START)


async def _end_all(store: Store) -> None:
    await store.end_all("ada", spare=None, started_by=None, now=START)


async def _revoke(store: Store) -> None:
    await store.revoke(revoked_token("t"), now=START)


async def _sign_in_beyond_the_limit(store: Store) -> None:
    limit = Limit(1, AtLimit.END_OLDEST)
    later = family("g", created_at=START + 1)
    await store.start(later, limit=limit, now=START + 1)


async def _use_a_refresh_token_again(store: Store) -> None:
    late = START + GRACE_S + 1
    for jti, now in (("f-2", START), ("f-3", late)):
        await store.rotate(presented(), successor(jti, now), grace_s=GRACE_S, now=now)


@pytest.mark.parametrize(
    "revoke",
    [_end, _end_all, _revoke, _sign_in_beyond_the_limit, _use_a_refresh_token_again],
)
async def test_what_this_process_revokes_is_refused_without_asking(
    in_use: StoreInUse, inner: Any, revoke: Callable[[Store], Awaitable[None]]
) -> None:
    """At once, also when the store goes away in the next moment."""
    await revoke(in_use.store)
    inner.fault = away

    assert await in_use.store.is_revoked(token("t", family_id="f"), now=START)
