"""
The counters that the contract is tested on, each with a way to see how much it keeps.
"""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
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
from quart_jwt.service.database.database import ACCOUNTS
from quart_jwt.service.database.database import Database
from quart_jwt.service.throttling.attempts import Attempts
from quart_jwt.service.throttling.attempts import Change
from quart_jwt.service.throttling.redis import RedisRecords
from quart_jwt.service.throttling.rule import ThrottleLimits
from quart_jwt.service.throttling.sql import AttemptsRow
from quart_jwt.service.throttling.sql import SqlRecords
from quart_jwt.stores.redis.store import client_from_url
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

    make: Callable[[ThrottleLimits], Attempts]
    size: Callable[[], Awaitable[int]]


Factory = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Counters]]


class MemoryRecords:
    """Records in a dictionary; a step has no ``await`` in it, so it is atomic."""

    name = "Memory"

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    async def read(self, keys: Sequence[str]) -> Mapping[str, str]:
        """See ``attempts.RecordStore.read``."""
        return {key: self.texts[key] for key in keys if key in self.texts}

    async def swap(self, changes: Sequence[Change], *, now_ms: int) -> bool:
        """See ``attempts.RecordStore.swap``; nothing expires."""
        if any(self.texts.get(change.key) != change.old for change in changes):
            return False
        self.texts |= {change.key: change.new for change in changes}
        return True

    async def close(self) -> None:
        """There is nothing to let go of."""


def memory_attempts(limits: ThrottleLimits) -> Attempts:
    """Attempts that only this process counts."""
    return Attempts(MemoryRecords(), limits)


@asynccontextmanager
async def _in(database: Database) -> AsyncIterator[Counters]:
    def make(limits: ThrottleLimits) -> Attempts:
        records = SqlRecords(database, limits.max_counts)
        return Attempts(records, limits)

    async def size() -> int:
        (row,) = await database.rows(
            select(func.count().label("counts")).select_from(AttemptsRow)
        )
        return int(row["counts"])

    await database.upgrade()
    await database.change(delete(AttemptsRow))
    yield Counters(make, size)
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

    def make(limits: ThrottleLimits) -> Attempts:
        asked = client or client_from_url(server.url)
        records = RedisRecords(asked, limits.max_counts, timeout_s=30)
        return Attempts(records, limits)

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
    "sqlite": sqlite,
    "postgresql": postgresql,
    "redis": redis,
    "redis-cluster": redis_cluster,
}
SLOW = {"redis-cluster"}
