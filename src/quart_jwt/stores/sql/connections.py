"""
Connections to a database: how one is read, how one is written, what went wrong.

The one place that knows how SQLite and PostgreSQL differ in their transactions, and
the one that turns their errors into ``StoreError``. No error shows a value or the URL.

SQLite has one writer. Writers of one process queue here, in the order in which they
came; only processes contend in SQLite itself, which lets them wait and try again.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy import event
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.ext.asyncio import create_async_engine

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import StoreError

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"

BUSY_TIMEOUT_MS = 5_000
BUSY_RETRY_S = 0.02
POOL_TIMEOUT_S = 5
POOL_SIZES = {SQLITE: 5, POSTGRESQL: 10}
"""Connections per process; of SQLite each one has a thread."""

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
"""What is done with a connection; it is lent for that long."""

_logger = logging.getLogger("quart_jwt")


class Connections:
    """
    The pool over one database; lives as long as the application.

    Args:
        url: ``sqlite+aiosqlite:///`` and a path, or ``postgresql+asyncpg://`` and
            what SQLAlchemy takes after it.

    Raises:
        ConfigurationError: It is neither, or the driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self._url = _checked(url)
        self._engine = _engine(self._url)
        # On SQLite nothing is begun unless we say so, and setting it takes three
        # visits to the connection's thread.
        self._reading = self._engine
        if not self.is_sqlite:
            self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._turn = self._new_turn()
        self._unfinished: set[asyncio.Task[Any]] = set()
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite; PostgreSQL otherwise."""
        return self._url.drivername == SQLITE

    async def open(self) -> None:
        """
        Make the file of SQLite, for its owner only, and let it keep a write-ahead
        log. PostgreSQL is connected to when it is asked.

        Raises:
            StoreError: It cannot be used now.
        """
        if not self.is_sqlite:
            return
        with _translated():
            path = Path(self._url.database or "")
            await asyncio.to_thread(path.touch, mode=0o600, exist_ok=True)
        await self._keep_write_ahead_log()

    async def close(self) -> None:
        """Finish what was begun and close the connections; ``open`` makes new ones."""
        await asyncio.gather(*self._unfinished, return_exceptions=True)
        await self._engine.dispose()
        self._turn = self._new_turn()  # the next open may be on another event loop

    async def read(self, work: Work[T]) -> T:
        """
        Lend a connection on which each statement stands for itself.

        Raises:
            StoreError: The database does not answer.
        """
        return await self._finished(self._read(work))

    async def write(self, work: Work[T]) -> T:
        """
        Lend a connection for one transaction: all of it counts, or nothing.

        On SQLite nobody else writes meanwhile. On PostgreSQL others do, so that
        what is read for a decision has to be locked.

        Raises:
            StoreError: The database does not answer.
        """
        turn = self._turn  # closing makes another
        if turn is None:
            return await self._write(work)
        # Whoever gives up waiting in the queue leaves it, and nothing happens.
        await turn.acquire()
        return await self._finished(self._write(work), then=turn.release)

    async def _read(self, work: Work[T]) -> T:
        with _translated():
            async with self._reading.connect() as connection:
                return await work(connection)

    async def _write(self, work: Work[T]) -> T:
        with _translated():
            async with self._engine.connect() as connection, connection.begin():
                if self.is_sqlite:
                    await connection.exec_driver_sql("BEGIN IMMEDIATE")
                return await work(connection)

    async def _finished(
        self, work: Coroutine[Any, Any, T], *, then: Callable[[], None] | None = None
    ) -> T:
        """
        Run work; on SQLite to its end, whatever becomes of the caller.

        A statement that runs in a thread cannot be called back. A connection that
        is given up over it keeps the file locked until its last cursor is gone.
        """
        if not self.is_sqlite:
            return await work
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        if then is not None:
            task.add_done_callback(lambda _task: then())
        return await asyncio.shield(task)

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
        Take a connection out of the pool, to be closed by the caller.

        Raises:
            StoreError: The database does not answer.
        """
        with _translated():
            return await self._engine.connect()

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
        """An INSERT that knows ON CONFLICT, which both write alike."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def _new_turn(self) -> asyncio.Lock | None:
        return asyncio.Lock() if self.is_sqlite else None

    async def _keep_write_ahead_log(self) -> None:
        """
        Switch the file to WAL, from now on and for everybody.

        The busy timeout does not cover this: where two connections change the mode
        at once, SQLite tells one of them "locked" without any wait.
        """
        deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1_000
        while True:
            try:
                await self.read(_prefer_write_ahead_log)
            except StoreError as error:
                if not _is_locked(error) or time.monotonic() >= deadline:
                    raise
                _logger.debug("The database is locked; trying again")
                await asyncio.sleep(BUSY_RETRY_S)
            else:
                return


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError("A database's URL cannot be read") from None
    if parsed.drivername not in POOL_SIZES:
        known = " or ".join(f"{one}://" for one in POOL_SIZES)
        raise ConfigurationError(f"A database's URL must begin with {known}")
    if parsed.drivername == SQLITE and parsed.database in {None, "", ":memory:"}:
        raise ConfigurationError(f"{SQLITE}:/// needs the path of a file")
    if parsed.drivername != SQLITE:
        return parsed
    # What is made private and what is opened have to be one file, also when the
    # path has ".." in it or the current directory changes.
    return parsed.set(database=str(Path(parsed.database or "").resolve()))


def _engine(url: URL) -> AsyncEngine:
    try:
        return create_async_engine(
            url,
            pool_size=POOL_SIZES[url.drivername],
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_S,
            hide_parameters=True,
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{url.drivername}:// needs {error.name}: "
            f"pip install 'quart-jwt[{url.get_backend_name()}]'"
        ) from error


async def _prefer_write_ahead_log(connection: AsyncConnection) -> None:
    await connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Transactions are begun in so many words, and never by the driver's guess.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    # A logout must survive a power cut: WAL with NORMAL may lose the last ones.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeoutError, OSError) as error:
        raise StoreError("The database does not answer") from error


def _is_locked(error: StoreError) -> bool:
    reason = getattr(error.__cause__, "orig", None)
    code: int = getattr(reason, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF == sqlite3.SQLITE_BUSY  # the low byte: the primary code
