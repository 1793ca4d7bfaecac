"""
The nodes of a Redis Cluster, and clients that find the node of one slot.

A node that does not serve a slot answers ``MOVED`` and names the node that does. A
client that uses one slot needs no other knowledge of the cluster. redis-py's
``RedisCluster`` knows the whole cluster, but its clients reconnect to every node when
one is lost, and cannot be opened while the first primary of the cluster is lost.
"""

import asyncio
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MovedError
from redis.exceptions import TimeoutError as RedisTimeoutError

Address = tuple[str, int]

FAILURES = (RedisConnectionError, RedisTimeoutError, OSError, asyncio.CancelledError)
"""What a node that is lost looks like; a caller's deadline cancels the call."""


class Nodes:
    """
    The nodes of a cluster, as far as they are known.

    Args:
        seeds: Some of them.
        make_pool: Makes the connections to one.
    """

    def __init__(
        self, seeds: Sequence[Address], make_pool: Callable[[Address], ConnectionPool]
    ) -> None:
        self._make_pool = make_pool
        self._pools = {address: make_pool(address) for address in seeds}

    def first(self) -> ConnectionPool:
        """The connections to the first node."""
        return next(iter(self._pools.values()))

    def at(self, address: Address) -> ConnectionPool:
        """The connections to a node, which may be new."""
        if address not in self._pools:
            self._pools[address] = self._make_pool(address)
        return self._pools[address]

    def after(self, pool: ConnectionPool) -> ConnectionPool:
        """The connections to the next node; after the last comes the first."""
        pools = [*self._pools.values()]
        return pools[(pools.index(pool) + 1) % len(pools)]

    async def close(self) -> None:
        """Close the connections; they are made again when they are used."""
        for pool in self._pools.values():
            await pool.disconnect()


class OneSlotClient(Redis):
    """
    A client whose keys are all in one slot.

    It begins at the first node and follows redirections. After a failure it asks the
    next node, which knows whether another one serves the slot now; the call that
    failed is not repeated.

    Args:
        nodes: The nodes of the cluster, which may be shared.

    Attributes:
        connection_pool: The connections to the node that served the slot last.
    """

    connection_pool: ConnectionPool

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        super().__init__(connection_pool=nodes.first())

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Same as ``Redis.execute_command``, but follows one redirection."""
        try:
            return await self._execute(*args, **options)
        except MovedError as moved:
            # Without a host, it is another port of the node that answered.
            host = moved.host or self.connection_pool.connection_kwargs["host"]
            self.connection_pool = self._nodes.at((host, moved.port))
        return await self._execute(*args, **options)

    async def _execute(self, *args: Any, **options: Any) -> Any:
        pool = self.connection_pool
        try:
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except FAILURES as failure:
            if self.connection_pool is pool:  # the first of several that fail
                self.connection_pool = self._nodes.after(pool)
            if not isinstance(failure, asyncio.CancelledError):
                # Each of the others would fail one call when the node is back.
                await pool.disconnect(inuse_connections=False)
            raise

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the connections to all nodes."""
        await super().aclose(close_connection_pool)
        await self._nodes.close()
