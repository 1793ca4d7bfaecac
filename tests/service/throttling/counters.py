"""
The counters that the contract is tested on, each with a way to see how much it keeps.
"""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.asyncio import RedisCluster
from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import select

import migrated
from quart_jwt.service.database import ACCOUNTS
from quart_jwt.service.database import Database
from quart_jwt.service.throttling.attempts import Attempts
from quart_jwt.service.throttling.attempts import Limits
from quart_jwt.service.throttling.count_table import CountRow
from quart_jwt.service.throttling.count_table import PlaceRow
from quart_jwt.service.throttling.memory import MemoryAttempts
from quart_jwt.service.throttling.redis import RedisAttempts
from quart_jwt.service.throttling.sql import SqlAttempts
from quart_jwt.stores.redis import client_from_url
from real_servers import PostgreSQL
from real_servers import Redis


@dataclass(frozen=True, slots=True)
class Counters:
    """
    Empty counters.

    Attributes:
        make: Gives counters of the same store that go by these limits.
        size: Says how many counts the store keeps.
    """

    make: Callable[[Limits], Attempts]
    size: Callable[[], Awaitable[int]]


Factory = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Counters]]


@asynccontextmanager
async def memory(_request: pytest.FixtureRequest) -> AsyncIterator[Counters]:
    """Give counters of this process."""
    made: list[MemoryAttempts] = []

    def make(limits: Limits) -> Attempts:
        made.append(MemoryAttempts(limits))
        return made[-1]

    async def size() -> int:
        return len(made[-1]._counts)

    yield Counters(make, size)
    await made[-1].close()


@asynccontextmanager
async def _in(database: Database) -> AsyncIterator[Counters]:
    async def size() -> int:
        (row,) = await database.rows(
            select(func.count().label("counts")).select_from(CountRow)
        )
        return int(row["counts"])

    await database.upgrade()
    await database.change(delete(CountRow))
    await database.change(delete(PlaceRow))
    yield Counters(lambda limits: SqlAttempts(database, limits), size)
    await database.close()


@asynccontextmanager
async def sqlite(request: pytest.FixtureRequest) -> AsyncIterator[Counters]:
    """Give counters in a file."""
    folder: Path = request.getfixturevalue("tmp_path")
    path = folder / "counts.db"
    migrated.lay_down(path, ACCOUNTS)
    async with _in(Database(f"sqlite+aiosqlite:///{path}")) as counters:
        yield counters


@asynccontextmanager
async def postgresql(request: pytest.FixtureRequest) -> AsyncIterator[Counters]:
    """Give counters in PostgreSQL."""
    server: PostgreSQL = request.getfixturevalue("counting_postgresql")
    async with _in(Database(server.url("counts"))) as counters:
        yield counters


def _of(server: Redis, client: "RedisCluster | None" = None) -> Counters:
    async def size() -> int:
        keys = await asyncio.to_thread(server.run, "KEYS", "*:attempts:*")
        return len(keys.splitlines())

    def make(limits: Limits) -> Attempts:
        asked = client or client_from_url(server.url)
        return RedisAttempts(asked, limits, timeout_s=30)

    return Counters(make, size)


@asynccontextmanager
async def redis(request: pytest.FixtureRequest) -> AsyncIterator[Counters]:
    """Give counters in Redis."""
    server: Redis = request.getfixturevalue("redis")
    await asyncio.to_thread(server.empty)
    yield _of(server)


@asynccontextmanager
async def redis_cluster(request: pytest.FixtureRequest) -> AsyncIterator[Counters]:
    """Give counters in a cluster, which refuses keys of two slots in one step."""
    server: Redis = request.getfixturevalue("redis_cluster")
    await asyncio.to_thread(server.empty)
    client = RedisCluster(
        "127.0.0.1", server.port, decode_responses=True, max_connections=200
    )
    yield _of(server, client)


FACTORIES: dict[str, Factory] = {
    "memory": memory,
    "sqlite": sqlite,
    "postgresql": postgresql,
    "redis": redis,
    "redis-cluster": redis_cluster,
}
SLOW = {"redis-cluster"}
