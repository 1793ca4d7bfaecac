"""What PgBouncer's transaction mode adds to the contract, which tests/stores holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

import pooler
import real_servers
from clock import START
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.stores.sql.connections import Connections
from quart_jwt.stores.sql.store import SQLStore
from quart_jwt.stores.urls import store_from_url
from quart_jwt.tokens.rotation import Outcome
from stores.families import family
from stores.families import GRACE_S
from stores.families import presented
from stores.families import successor
from stores.families import token

pytestmark = pytest.mark.slow

PROCESSES = 4
"""Stores with pools of their own, as processes have them."""
ROUNDS = 8


@pytest.fixture(name="stores")
async def _stores(
    postgresql: real_servers.PostgreSQL, pgbouncer: pooler.PgBouncer
) -> AsyncIterator[list[SQLStore]]:
    async with AsyncExitStack() as stack:
        stores = [SQLStore(pgbouncer.url("sessions")) for _ in range(PROCESSES)]
        await stores[0].upgrade()
        await asyncio.to_thread(postgresql.empty, "sessions")
        for store in stores:
            await store.open(now=START)
            stack.push_async_callback(store.close)
        yield stores


async def test_readers_never_get_the_answer_to_another_question(
    stores: list[SQLStore],
) -> None:
    """Different statements of many clients run over few connections at once."""
    await stores[0].start(family(), limit=None, now=START)

    async def asking(store: SQLStore) -> None:
        for _ in range(ROUNDS):
            assert not await store.is_revoked(token(family_id="f"), now=START)
            assert [one.family_id for one in await store.live("ada", now=START)] == [
                "f"
            ]
            assert await store.is_revoked(token(family_id="none"), now=START)
            await store.ping()

    async with asyncio.TaskGroup() as tasks:
        for store in stores * 5:
            tasks.create_task(asking(store))


async def test_an_end_reaches_the_readers_of_other_processes(
    stores: list[SQLStore],
) -> None:
    """By polling: nothing is heard of a notification there."""
    teller, reader, *_others = stores
    await teller.start(family(), limit=None, now=START)
    begun = await reader.changes(None, limit=9, wait_s=0, now=START)
    waiting = asyncio.create_task(
        reader.changes(
            begun.position, limit=9, wait_s=real_servers.PATIENCE_S, now=START
        )
    )
    await teller.end("f", subject="ada", now=START)

    assert [one.name for one in (await waiting).revocations] == ["f"]


async def test_a_statement_is_completed_although_its_caller_is_cancelled(
    postgresql: real_servers.PostgreSQL, stores: list[SQLStore]
) -> None:
    """PgBouncer before 1.21 may exit when a client asks it to cancel a statement."""
    store = stores[0]
    await store.start(family(), limit=None, now=START)
    direct = Connections(postgresql.url("sessions"))
    async with aclosing(await direct.borrow()) as locking:
        await locking.execute(text("LOCK TABLE quart_jwt_families"))
        rotating = asyncio.create_task(
            store.rotate(presented(), successor("new"), grace_s=GRACE_S, now=START)
        )
        await _somebody_waits_for_a_lock(direct)
        rotating.cancel()
        with pytest.raises(asyncio.CancelledError):
            await rotating
    await direct.close()
    again = await store.rotate(
        presented(), successor("newer"), grace_s=GRACE_S, now=START
    )

    assert again.outcome is Outcome.SAME_SUCCESSOR
    assert again.family is not None
    assert again.family.current.jti == "new"


async def _somebody_waits_for_a_lock(direct: Connections) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(real_servers.PATIENCE_S):
        while not await direct.read(  # noqa: ASYNC110 - another process waits
            lambda connection: connection.scalar(waiting)
        ):
            await asyncio.sleep(0.01)


def test_the_option_has_two_values() -> None:
    """A slip does not fall back to what fails behind a pooler."""
    with pytest.raises(ConfigurationError, match="must be true or false"):
        store_from_url("postgresql://ada:hunter2@host/d?pgbouncer=yes")
