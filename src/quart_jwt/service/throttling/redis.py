"""
The records in Redis, where the sessions are.

A swap is one script, which is one atomic step. Redis expires the records.
"""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import asynccontextmanager
from contextlib import suppress
from importlib.resources import files
from typing import cast

from quart_jwt.building_blocks import Client
from quart_jwt.building_blocks import Script
from quart_jwt.building_blocks import translated
from quart_jwt.exceptions import StoreError
from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.throttling.attempts import Change

SWAP = Script("swap", folder=files("quart_jwt.service.throttling"))


class RedisRecords:
    """
    Records in Redis.

    Args:
        client: A client of redis-py's asyncio, made with ``decode_responses=True``.
        max_counts: The most records in a pool.
        timeout_s: How long a call may take, in seconds; a Redis that hangs is away.
        prefix: What the names of keys begin with.
    """

    name = "Redis"

    def __init__(
        self,
        client: Client,
        max_counts: int,
        *,
        timeout_s: float,
        prefix: str = "quart-jwt",
    ) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._max_counts = max_counts
        self._prefix = f"{{{prefix}}}:"  # one slot of a cluster

    async def read(self, keys: Sequence[str]) -> Mapping[str, str]:
        """See ``attempts.RecordStore.read``."""
        async with self._in_time():
            names = [f"{self._prefix}attempts:{key}" for key in keys]
            found = cast("list[str | None]", await self._client.mget(names))
        return {key: text for key, text in zip(keys, found, strict=True) if text}

    async def swap(self, changes: Sequence[Change], *, now_ms: int) -> bool:
        """See ``attempts.RecordStore.swap``."""
        words: list[str | int | None] = [self._max_counts]
        for change in changes:
            words += [change.key, change.old, change.new]
            words += [change.pool, change.expires_at_ms]
        async with self._in_time():
            return bool(await SWAP.run(self._client, self._prefix, now_ms, *words))

    async def close(self) -> None:
        """Close the connections."""
        with suppress(StoreError), translated():
            await self._client.aclose()

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout_s):
                with translated():
                    yield
        except StoreError as error:
            raise StoreUnavailableError(self.name) from (error.__cause__ or error)
        except TimeoutError as error:
            raise StoreUnavailableError(self.name) from error
