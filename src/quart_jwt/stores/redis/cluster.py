"""
Sessions in a Redis Cluster, spread over its slots.

Each subject belongs to one of ``GROUPS`` groups. The keys of a group have one hash tag,
so they are in one slot, where a script changes a session and the group's feed in one
atomic step. A group is a ``RedisStore`` of its own. The number of groups is part of the
keys' names: if it changed, all sessions would be lost.
"""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.stores.partitioned import PartitionedStore
from quart_jwt.stores.redis.nodes import Address
from quart_jwt.stores.redis.nodes import Nodes
from quart_jwt.stores.redis.nodes import OneSlotClient
from quart_jwt.stores.redis.scripts import Client
from quart_jwt.stores.redis.store import CONNECT_TIMEOUT_S
from quart_jwt.stores.redis.store import MAX_CONNECTIONS
from quart_jwt.stores.redis.store import RedisStore
from quart_jwt.stores.redis.store import SOCKET_TIMEOUT_S

GROUPS = 16
"""Enough for eight primaries. Each costs a process one connection, which waits."""

PORT = 6379
SCHEMES = {"redis+cluster": "redis", "rediss+cluster": "rediss"}


class RedisClusterStore(PartitionedStore):
    """
    Keeps sessions and revocations in a Redis Cluster.

    Args:
        make_client: Makes a client of redis-py's asyncio, with
            ``decode_responses=True`` and without retries. It is called once for each
            group, so that a node that fails concerns its own groups only.
        prefix: What the names of keys begin with, before the number of the group.

    Raises:
        ConfigurationError: The client gives bytes.
    """

    def __init__(
        self, make_client: Callable[[], Client], *, prefix: str = "quart-jwt"
    ) -> None:
        super().__init__(
            [
                RedisStore(make_client(), prefix=f"{prefix}:{number:x}")
                for number in range(GROUPS)
            ]
        )


def from_url(url: str) -> RedisClusterStore:
    """
    The store of ``redis+cluster://`` and ``rediss+cluster://``.

    Args:
        url: Some nodes of the cluster, as in
            ``redis+cluster://user:password@a:6379,b:6379``; its query has parameters
            of redis-py.

    Raises:
        ConfigurationError: It cannot be read; the message does not show it.
    """
    try:
        scheme, _separator, rest = url.partition("://")
        user, at, hosts = urlsplit(url).netloc.rpartition("@")
        seeds = [_address(host) for host in hosts.split(",")]
        # With one host and port, it is a URL that redis-py reads.
        one = f"{SCHEMES[scheme]}://{user}{at}node{rest[len(user + at + hosts) :]}"
        options = parse_url(one)
    except (KeyError, ValueError):
        raise ConfigurationError("Redis Cluster's URL cannot be read") from None
    if options.pop("db", 0):
        raise ConfigurationError("A Redis Cluster has only database 0")
    nodes = Nodes(seeds, lambda address: _pool(address, options))
    return RedisClusterStore(lambda: OneSlotClient(nodes))


def _pool(address: Address, options: Mapping[str, Any]) -> BlockingConnectionPool:
    host, port = address
    ours: dict[str, Any] = {
        "decode_responses": True,
        # Beside those that wait for news.
        "max_connections": GROUPS + MAX_CONNECTIONS,
        "timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": SOCKET_TIMEOUT_S,
        "retry": Retry(NoBackoff(), 0),
    }
    return BlockingConnectionPool(**{**ours, **options, "host": host, "port": port})


def _address(text: str) -> Address:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("A node needs a host")
    return parts.hostname, parts.port or PORT
