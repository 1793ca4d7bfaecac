"""
Connections to a database: how one is read, how one is written, what went wrong.

The one place that chooses between SQLite (``stores.sql.sqlite``) and PostgreSQL, and
the one that turns their errors into ``StoreError``. No error shows a value or the URL.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy import Connection
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import Table
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.ext.asyncio import create_async_engine

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.sql.sqlalchemy_seams import check_sqlalchemy
from quart_jwt.stores.sql.sqlalchemy_seams import greenlet_spawn
from quart_jwt.stores.sql.sqlite import SQLiteFile
from quart_jwt.stores.sql.urls import read_url
from quart_jwt.stores.sql.urls import split_pgbouncer
from quart_jwt.stores.sql.urls import SQLITE
from quart_jwt.stores.sql.work import answered
from quart_jwt.stores.sql.work import Work

POOL_TIMEOUT_S = 5
POOL_SIZE = 10
"""Connections to PostgreSQL per process."""
ABANDONED_S = 5
"""How long work goes on behind PgBouncer after its caller was cancelled."""

UNNAMED: Mapping[str, object] = MappingProxyType(
    {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": str,  # "" is the unnamed statement
    }
)
"""What asyncpg and SQLAlchemy's dialect take, so that no statement is kept."""

T = TypeVar("T")


class Connections:
    """
    The pool over one database; lives as long as the application.

    Args:
        url: ``sqlite+aiosqlite:///`` and a path, ``postgresql+asyncpg://`` and
            what SQLAlchemy takes after it, or ``postgresql://`` as libpq has it.

    Raises:
        ConfigurationError: It is none of them, or the driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self._url = read_url(url)
        self._database: SQLiteFile | PostgreSQLPool
        if self._url.drivername == SQLITE:
            self._database = SQLiteFile(self._url)
        else:
            self._database = PostgreSQLPool(self._url)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite; PostgreSQL otherwise."""
        return isinstance(self._database, SQLiteFile)

    @property
    def is_pooled(self) -> bool:
        """Whether PgBouncer lends a connection to the server for a transaction only."""
        return isinstance(self._database, PostgreSQLPool) and self._database.is_pooled

    async def open(self) -> None:
        """
        Make the file of SQLite, for its owner only, and let it keep a write-ahead
        log. PostgreSQL is connected to when it is asked.

        Raises:
            StoreError: It cannot be used now.
        """
        if isinstance(self._database, SQLiteFile):
            with _translated():
                await self._database.open()

    async def close(self) -> None:
        """Finish what was begun and close the connections; ``open`` makes new ones."""
        await self._database.close()

    async def read(self, work: Work[T]) -> T:
        """
        Lend a connection on which each statement stands for itself.

        Work awaits its connection and nothing else: on SQLite it runs in a thread.

        Raises:
            StoreError: The database does not answer.
        """
        with _translated():
            return await self._database.read(work)

    async def write(self, work: Work[T]) -> T:
        """
        Lend a connection for one transaction: all of it counts, or nothing.

        On SQLite there is no concurrent writer. On PostgreSQL there are, so rows that
        are read for a decision must be locked. Work that has begun on SQLite or behind
        PgBouncer is completed even if the caller is cancelled.

        Raises:
            StoreError: The database does not answer.
        """
        with _translated():
            return await self._database.write(work)

    async def try_writing(self) -> None:
        """
        Write a few bytes that mean nothing.

        SQLite's ``user_version`` is set to what it is, which writes a page. PostgreSQL
        numbers the transaction and writes its end to the log; it would do so for a
        reader, too, and has to be asked whether it lets anybody write.

        Raises:
            StoreError: The database cannot be written to now.
        """
        work = _touch_sqlite if self.is_sqlite else _touch_postgresql
        await self.write(work)

    def plain_sqlite(self) -> sqlite3.Connection:
        """
        Open one more connection to the file of SQLite, outside of the pool.

        It never waits for a lock, and never makes a file.

        Raises:
            sqlite3.Error: It cannot be opened.
        """
        path = quote(self._url.database or "")
        return sqlite3.connect(
            f"file:{path}?mode=rw",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,  # a test's event loop may be another thread's
        )

    async def borrow(self) -> AsyncConnection:
        """
        Take a connection to PostgreSQL out of the pool, to be closed by the caller.

        Raises:
            StoreError: The database does not answer.
        """
        if isinstance(self._database, SQLiteFile):
            raise TypeError("Connections to SQLite belong to its threads")
        with _translated():
            return await self._database.borrow()

    async def lock(self, connection: AsyncConnection, key: int) -> None:
        """
        Hold a lock until the transaction ends; SQLite has one writer anyhow.

        Args:
            connection: One that ``write`` lent.
            key: What is locked: any 64 bits, as a signed number.
        """
        if not self.is_sqlite:
            await connection.execute(select(func.pg_advisory_xact_lock(key)))

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An upsert, which both write alike."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)


class PostgreSQLPool:
    """
    A pool of connections to PostgreSQL, also by way of PgBouncer in transaction mode.

    PgBouncer lends a connection to the server for one transaction, or for one statement
    outside of one. A statement that was prepared under a name is elsewhere when it is
    run again, so statements have no name there and are prepared each time.

    Nor is a statement cancelled there when its caller is: releases of PgBouncer before
    1.21 exit on some requests to cancel (pgbouncer#822), and Debian 12 has one of them.

    Args:
        url: Where it is; ``pgbouncer=true`` in it says that there is one.

    Raises:
        ConfigurationError: The driver is not installed.
    """

    def __init__(self, url: URL) -> None:
        check_sqlalchemy()
        url, is_pooled = split_pgbouncer(url)
        self.is_pooled: bool = is_pooled
        self._engine = _engine(url, UNNAMED if is_pooled else {})
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._unfinished: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Finish what was begun and close the connections; the next use makes new."""
        await asyncio.gather(*self._unfinished, return_exceptions=True)
        await self._engine.dispose()

    async def read(self, work: Work[T]) -> T:
        """Same as ``Connections.read``, with SQLAlchemy's errors."""
        return await self._run(_lent(self._reading.sync_engine.connect, work))

    async def write(self, work: Work[T]) -> T:
        """Same as ``Connections.write``, with SQLAlchemy's errors."""
        return await self._run(_lent(self._engine.sync_engine.begin, work))

    async def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if not self.is_pooled:
            return await work
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            asyncio.get_running_loop().call_later(ABANDONED_S, task.cancel)
            raise

    async def borrow(self) -> AsyncConnection:
        """Same as ``Connections.borrow``, with SQLAlchemy's errors."""
        return await self._engine.connect()


async def _lent(
    lend: Callable[[], AbstractContextManager[Connection]], work: Work[T]
) -> T:
    """Do work in one greenlet; an ``AsyncConnection`` starts one for each call."""

    def lent() -> T:
        with lend() as connection:
            return answered(work, connection)

    return await greenlet_spawn(lent)


def _engine(url: URL, arguments: Mapping[str, object]) -> AsyncEngine:
    try:
        return create_async_engine(
            url,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_S,
            hide_parameters=True,
            connect_args=dict(arguments),
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{url.drivername}:// needs {error.name}: "
            f"pip install 'quart-jwt[{url.get_backend_name()}]'"
        ) from error


async def _touch_sqlite(connection: AsyncConnection) -> None:
    version = await connection.scalar(text("PRAGMA user_version"))
    await connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")


async def _touch_postgresql(connection: AsyncConnection) -> None:
    reads_only = func.current_setting("transaction_read_only")
    if await connection.scalar(select(reads_only)) == "on":
        raise StoreError("The database is read-only")
    await connection.execute(select(func.txid_current()))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeoutError, sqlite3.Error, OSError) as error:
        raise StoreError("The database does not answer") from error
