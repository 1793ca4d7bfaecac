"""
Notifications of the feed: when to read it again.

PostgreSQL notifies (LISTEN/NOTIFY). SQLite counts commits (``PRAGMA data_version``),
and reading that number costs some microseconds, where a look at the feed takes a
transaction and two visits to a thread. A notification is only a hint: one that is
lost on a connection that broke delays until the feed's end is asked for again.
PgBouncer in transaction mode has no LISTEN, so there the end is polled.
"""

import asyncio
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_jwt.exceptions import StoreError
from quart_jwt.stores.sql.connections import Connections
from quart_jwt.stores.sql.tables import FEED

CHANNEL = "quart_jwt_feed"
END = f"SELECT name, last FROM {FEED.name}"  # noqa: S608 - a name of ours
"""The row of the feed; there is one."""
SQLITE_POLL_S = 0.05
"""It bounds the delay to other processes; each wake-up costs CPU time."""
POSTGRESQL_POLL_S = 0.5
"""Only for notifications that get lost; half of the usual bound on staleness."""


class News(Protocol):
    """
    Says when the feed may have changed.
    """

    async def mark(self) -> object:
        """
        Return a mark, to be taken before a look: nothing falls in between then.

        Two marks that are equal mean that nothing was committed between them.

        Raises:
            StoreError: The database does not answer.
        """

    async def wait(self, mark: object, most_s: float) -> bool:
        """
        Return True when there may be news, and False when the time is over.

        Args:
            mark: What ``mark`` returned before the last look.
            most_s: How long to wait, in seconds.
        """

    async def close(self) -> None:
        """Let go of the database; ``mark`` begins again."""


class SQLiteNews:
    """
    Compares the number of commits, on a connection of its own that never writes.

    ``data_version`` changes with each commit of any other connection, of this process
    or another (https://sqlite.org/pragma.html#pragma_data_version). It is read on the
    event loop: it does not wait, and touches the log's index in shared memory alone.

    Args:
        connections: The database.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._plain: sqlite3.Connection | None = None

    async def mark(self) -> object:
        """See ``News``; a mark that equals no other if the number cannot be read."""
        return self._version()

    async def wait(self, mark: object, most_s: float) -> bool:
        """See ``News``."""
        until = time.monotonic() + most_s
        while (left_s := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left_s, SQLITE_POLL_S))
            if self._version() != mark:
                return True
        return False

    async def close(self) -> None:
        """See ``News``."""
        plain, self._plain = self._plain, None
        if plain is not None:
            plain.close()

    def _version(self) -> object:
        try:
            if self._plain is None:
                self._plain = self._connections.plain_sqlite()
            (version,) = self._plain.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:  # the look that follows says what is wrong
            return object()
        return self._plain, version


@dataclass(frozen=True, slots=True)
class _Mark:
    """
    Where the feed ended, and the event that is set when the next news come.
    """

    end: tuple[object, ...]
    event: asyncio.Event = field(compare=False)


class PostgreSQLNews:
    """
    Listens on a connection of its own, and asks there where the feed ends.

    That is one statement by the driver alone, a fraction of what a look costs. Entries
    are numbered in the order of their commits, so the last number says it all.

    Args:
        connections: The database.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._listening: AsyncConnection | None = None
        self._event = asyncio.Event()
        self._turn = asyncio.Lock()
        self._endings: set[asyncio.Task[None]] = set()

    async def mark(self) -> object:
        """See ``News``."""
        async with self._turn:
            if self._listening is None:
                self._listening = await self._listen()
            event = self._event  # before the end is read: nothing falls in between
            return _Mark(await self._end(self._listening), event)

    async def wait(self, mark: object, most_s: float) -> bool:
        """See ``News``."""
        if not isinstance(mark, _Mark):
            raise TypeError("A mark of other news")
        wait_s = min(most_s, POSTGRESQL_POLL_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                return await mark.event.wait()
        return wait_s < most_s  # the notification may have been lost

    async def close(self) -> None:
        """See ``News``."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await _let_go(listening)
        self._turn = asyncio.Lock()  # the next open may be on another event loop

    async def _end(self, listening: AsyncConnection) -> tuple[object, ...]:
        try:
            raw = await listening.get_raw_connection()
            driver: Any = raw.driver_connection
            row = await driver.fetchrow(END)
        except Exception as error:
            self._lost()
            # asyncpg's own errors: here SQLAlchemy does not stand in between.
            raise StoreError("The database does not answer") from error
        return (object(),) if row is None else tuple(row)

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
        """The connection broke: read at once, which listens again."""
        listening, self._listening = self._listening, None
        if listening is not None:
            task = asyncio.get_running_loop().create_task(_let_go(listening))
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)
        self._heard()


class PolledNews:
    """
    Asks where the feed ends, every half second: PgBouncer does not pass LISTEN on.

    Args:
        connections: The database.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def mark(self) -> object:
        """See ``News``."""

        async def asked(connection: AsyncConnection) -> object:
            row = (await connection.execute(text(END))).one_or_none()
            return object() if row is None else tuple(row)

        return await self._connections.read(asked)

    async def wait(self, mark: object, most_s: float) -> bool:
        """See ``News``."""
        del mark  # the look that follows compares
        wait_s = min(most_s, POSTGRESQL_POLL_S)
        await asyncio.sleep(wait_s)
        return wait_s < most_s

    async def close(self) -> None:
        """See ``News``; nothing is held."""


async def _let_go(connection: AsyncConnection) -> None:
    """Close it for good: one that listens must not be lent to others."""
    with suppress(SQLAlchemyError, OSError):
        await connection.invalidate()
    with suppress(SQLAlchemyError, OSError):
        await connection.close()


def news_of(connections: Connections) -> News:
    """Return the news of a database's feed."""
    if connections.is_sqlite:
        return SQLiteNews(connections)
    if connections.is_pooled:
        return PolledNews(connections)
    return PostgreSQLNews(connections)
