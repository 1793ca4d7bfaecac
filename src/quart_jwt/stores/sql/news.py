"""
News of the feed: when it is worth looking again.

PostgreSQL notifies (LISTEN/NOTIFY); SQLite is looked at now and then. A notification
is only a hint: what counts is what the feed says then. One that gets lost, behind a
pooler that swallows LISTEN or on a connection that broke, delays by one look.
"""

import asyncio
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_jwt.exceptions import StoreError
from quart_jwt.stores.sql.connections import Connections

CHANNEL = "quart_jwt_feed"
SQLITE_POLL_S = 0.05
"""A look takes a fraction of a millisecond: less than 1 % of a core."""
POSTGRESQL_POLL_S = 0.5
"""Only for notifications that get lost; half of the usual bound on staleness."""


class News:
    """
    Wakes those who wait for the feed.

    Args:
        connections: The database; of PostgreSQL, one connection is kept to listen.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._listening: AsyncConnection | None = None
        self._event = asyncio.Event()
        self._turn = asyncio.Lock()
        self._endings: set[asyncio.Task[None]] = set()

    @property
    def poll_s(self) -> float:
        """Seconds after which to look again without any news."""
        return SQLITE_POLL_S if self._connections.is_sqlite else POSTGRESQL_POLL_S

    async def next(self) -> asyncio.Event:
        """
        What is set when the next news come.

        Raises:
            StoreError: The database does not answer.
        """
        if not self._connections.is_sqlite:
            async with self._turn:
                if self._listening is None:
                    self._listening = await self._listen()
        return self._event

    async def close(self) -> None:
        """Stop listening; ``next`` begins again."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await _let_go(listening)
        self._turn = asyncio.Lock()  # the next open may be on another event loop

    async def _listen(self) -> AsyncConnection:
        connection = await self._connections.borrow()
        try:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            await driver.add_listener(CHANNEL, self._heard)
            driver.add_termination_listener(self._lost)
        except BaseException as error:
            await _let_go(connection)
            if isinstance(error, Exception):
                # asyncpg's own errors: here SQLAlchemy does not stand in between.
                raise StoreError("The database does not answer") from error
            raise
        return connection

    def _heard(self, *_notification: object) -> None:
        self._event.set()
        self._event = asyncio.Event()

    def _lost(self, *_driver: object) -> None:
        """The connection broke: look at once, which listens anew."""
        listening, self._listening = self._listening, None
        if listening is not None:
            task = asyncio.get_running_loop().create_task(_let_go(listening))
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)
        self._heard()


async def _let_go(connection: AsyncConnection) -> None:
    """Close it for good: one that listens must not be lent to others."""
    with suppress(SQLAlchemyError, OSError):
        await connection.invalidate()
    with suppress(SQLAlchemyError, OSError):
        await connection.close()
