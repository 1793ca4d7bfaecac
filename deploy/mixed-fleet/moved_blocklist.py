"""The same blocklist as the Quart side asks it: the same keys and rows, awaited."""

from datetime import datetime
from datetime import UTC

import redis.asyncio
from fleet import KEEP_REVOKED_S
from sqlalchemy import insert
from sqlalchemy import make_url
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine
from token_blocklist import create_table
from token_blocklist import is_database
from token_blocklist import token_blocklist

ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


class RedisBlocklist:
    """A key for each revoked ``jti``, which Redis forgets by itself."""

    def __init__(self, url: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(url)

    async def open(self) -> None:
        """Redis is asked when it is needed."""

    async def close(self) -> None:
        """Let go of the connections."""
        await self._redis.aclose()

    async def revoke(self, jti: str) -> None:
        """Refuse a token from now on."""
        await self._redis.set(jti, "", ex=KEEP_REVOKED_S)

    async def has(self, jti: str) -> bool:
        """Whether a token was revoked."""
        return await self._redis.get(jti) is not None


class SQLBlocklist:
    """A row for each revoked ``jti``."""

    def __init__(self, url: str) -> None:
        sync_url = make_url(url)
        driver = ASYNC_DRIVERS[sync_url.get_backend_name()]
        self._engine = create_async_engine(sync_url.set(drivername=driver))

    async def open(self) -> None:
        """Make the table if the other side has not."""
        async with self._engine.begin() as connection:
            await connection.run_sync(create_table)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._engine.dispose()

    async def revoke(self, jti: str) -> None:
        """Refuse a token from now on."""
        row = insert(token_blocklist).values(jti=jti, created_at=datetime.now(UTC))
        async with self._engine.begin() as connection:
            await connection.execute(row)

    async def has(self, jti: str) -> bool:
        """Whether a token was revoked."""
        question = select(token_blocklist.c.id).where(token_blocklist.c.jti == jti)
        async with self._engine.connect() as connection:
            return await connection.scalar(question) is not None


def open_blocklist(url: str) -> RedisBlocklist | SQLBlocklist:
    """Give the blocklist at an address."""
    return SQLBlocklist(url) if is_database(url) else RedisBlocklist(url)
