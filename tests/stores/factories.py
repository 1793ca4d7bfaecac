"""
The stores that the contract is tested on. A store joins by adding its factory.

A factory gives a context manager over an empty store, opened at ``START``. What it
needs (a file, a server) it asks of pytest's request.
"""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import RedisCluster

import migrated
from clock import START
from pooler import PgBouncer
from quart_jwt.stores.base import Store
from quart_jwt.stores.memory import MemoryStore
from quart_jwt.stores.partitioned import PartitionedStore
from quart_jwt.stores.redis.cluster import from_url as cluster_from_url
from quart_jwt.stores.redis.store import from_url
from quart_jwt.stores.redis.store import RedisStore
from quart_jwt.stores.sql.schema import SESSIONS
from quart_jwt.stores.sql.store import SQLStore
from real_servers import PostgreSQL
from real_servers import Redis

Factory = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Store]]


@asynccontextmanager
async def memory(_request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Give a store in this process."""
    store = MemoryStore()
    await store.open(now=START)
    yield store
    await store.close()


@asynccontextmanager
async def partitioned(_request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Give a store in three parts, which are in this process."""
    store = PartitionedStore([MemoryStore() for _ in range(3)])
    await store.open(now=START)
    yield store
    await store.close()


@asynccontextmanager
async def sqlite(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Give a store in a file."""
    folder: Path = request.getfixturevalue("tmp_path")
    path = folder / "sessions.db"
    migrated.lay_down(path, SESSIONS)
    store = SQLStore(f"sqlite+aiosqlite:///{path}")
    await store.open(now=START)
    yield store
    await store.close()


@asynccontextmanager
async def postgresql(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Give a store in a database whose tables are empty."""
    server: PostgreSQL = request.getfixturevalue("postgresql")
    store = SQLStore(server.url("sessions"))
    await store.upgrade()
    await asyncio.to_thread(server.empty, "sessions")
    await store.open(now=START)
    yield store
    await store.close()


@asynccontextmanager
async def pgbouncer(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Give a store in an empty database, by way of PgBouncer in transaction mode."""
    server: PostgreSQL = request.getfixturevalue("postgresql")
    pooler: PgBouncer = request.getfixturevalue("pgbouncer")
    store = SQLStore(pooler.url("sessions"))
    await store.upgrade()
    await asyncio.to_thread(server.empty, "sessions")
    await store.open(now=START)
    yield store
    await store.close()


@asynccontextmanager
async def redis(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Give a store in a Redis that is empty."""
    server: Redis = request.getfixturevalue("redis")
    await asyncio.to_thread(server.empty)
    store = from_url(server.url)
    await store.open(now=START)
    yield store
    await store.close()


@asynccontextmanager
async def redis_cluster(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Give a store in a cluster, which refuses keys of two slots in one step."""
    server: Redis = request.getfixturevalue("redis_cluster")
    await asyncio.to_thread(server.empty)
    client = RedisCluster(
        "127.0.0.1", server.port, decode_responses=True, max_connections=200
    )
    store = RedisStore(client)
    await store.open(now=START)
    yield store
    await store.close()


@asynccontextmanager
async def redis_nodes(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Give a store whose subjects are spread over the three nodes of a cluster."""
    nodes: list[Redis] = request.getfixturevalue("redis_nodes")
    for node in nodes:
        await asyncio.to_thread(node.empty)
    store = cluster_from_url(f"redis+cluster://127.0.0.1:{nodes[0].port}")
    await store.open(now=START)
    yield store
    await store.close()


FACTORIES: dict[str, Factory] = {
    "memory": memory,
    "partitioned": partitioned,
    "sqlite": sqlite,
    "postgresql": postgresql,
    "pgbouncer": pgbouncer,
    "redis": redis,
    "redis-cluster": redis_cluster,
    "redis-nodes": redis_nodes,
}
"""Every store, by the name that its tests carry."""

SLOW = {"pgbouncer", "redis-cluster", "redis-nodes"}
"""What takes a quarter of a second to connect to, and what repeats another's tests."""
