"""A flood from one address on PostgreSQL: everybody else still gets a connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import delete
from sqlalchemy import select

from clock import START
from quart_jwt.service.database.database import Database
from quart_jwt.service.throttling.attempts import Attempts
from quart_jwt.service.throttling.rule import Counted
from quart_jwt.service.throttling.rule import Refused
from quart_jwt.service.throttling.rule import ThrottleLimits
from quart_jwt.service.throttling.rule import Visit
from quart_jwt.service.throttling.sql import AttemptsRow
from quart_jwt.service.throttling.sql import SqlRecords
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import Waits
from real_servers import PostgreSQL

NOW = START * 1_000
LIMITS = ThrottleLimits(waits=Waits(free=10), rate=Rate(per_minute=2))
FLOOD = 64
VISIT = Visit(address="an address")


@pytest.fixture(name="counts")
async def _counts(counting_postgresql: PostgreSQL) -> AsyncIterator[Database]:
    database = Database(counting_postgresql.url("counts"))
    await database.upgrade()
    await database.change(delete(AttemptsRow))
    yield database
    await database.close()


@asynccontextmanager
async def _locked(database: Database) -> AsyncIterator[None]:
    """Another process is changing the row of the address, and takes its time."""
    connection = await database._connections.borrow()
    async with aclosing(connection), connection.begin():
        await connection.execute(select(AttemptsRow.digest).with_for_update())
        yield


def _attempts(counts: Database) -> Attempts:
    records = SqlRecords(counts, LIMITS.max_counts)
    return Attempts(records, LIMITS)


async def test_who_is_refused_waits_for_no_lock(counts: Database) -> None:
    """A whole flood hears its wait while somebody holds the row."""
    attempts = _attempts(counts)
    for _ in range(2):
        assert await attempts.admit(VISIT, now_ms=NOW) is None
    async with _locked(counts), asyncio.timeout(60):
        answers = await asyncio.gather(
            *(attempts.admit(VISIT, now_ms=NOW) for _ in range(FLOOD))
        )
    assert answers == [Refused(Counted.ADDRESS, 30_000)] * FLOOD


async def test_counting_leaves_connections_to_others(counts: Database) -> None:
    """While a flood waits for a row, everything else is answered at once."""
    attempts = _attempts(counts)
    assert await attempts.admit(VISIT, now_ms=NOW) is None
    async with _locked(counts):
        flood = [
            asyncio.create_task(attempts.admit(VISIT, now_ms=NOW)) for _ in range(FLOOD)
        ]
        for _ in range(10):  # the flood has come as far as it can
            await counts.ping()
        assert not any(one.done() for one in flood)
    answers = await asyncio.gather(*flood)
    assert answers.count(None) == 1
