"""
SQLite: one file, one thread that writes it, and a few that read it.

A piece of work runs in a thread as one piece, so that a transaction costs one hop to
that thread and back, however many statements it has.

SQLite has one writer at a time, and each commit waits for the disk. Whatever is to be
written while the disk is busy is committed together afterwards: each piece of work in
a savepoint of its own, so that one that fails takes nothing else along.
"""

import asyncio
import logging
import sqlite3
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from typing import cast
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_jwt.stores.sql.work import answered
from quart_jwt.stores.sql.work import Work

BUSY_TIMEOUT_MS = 5_000
BUSY_RETRY_S = 0.02
READERS = 4
"""Threads that read, each with a connection while it reads."""
TOGETHER = 64
"""The most pieces of work in one commit: the first of them waits for the last."""

T = TypeVar("T")

_logger = logging.getLogger("quart_jwt")


class Piece:
    """
    A piece of work that waits for the thread that writes.

    Args:
        work: What is to be done.
    """

    def __init__(self, work: Work[Any]) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._error: BaseException | None = None
        self._result: Any = None
        self.done: asyncio.Future[Any] = self._loop.create_future()

    def run(self, connection: Connection) -> None:
        """Do it in a savepoint, unless its caller has gone; keep what came of it."""
        if self.done.cancelled():
            return
        plain = _plain(connection)
        plain.execute("SAVEPOINT piece")
        try:
            self._result = answered(self._work, connection)
        except Exception as error:  # noqa: BLE001 - it is the caller's, who gets it
            self._error = error
            plain.execute("ROLLBACK TO piece")
        plain.execute("RELEASE piece")

    def settle(self, failed: BaseException | None) -> None:
        """Let the caller have it, or what the commit has failed of."""
        self._error = self._error or failed
        try:
            self._loop.call_soon_threadsafe(self._tell)
        except RuntimeError:  # its event loop was closed meanwhile
            _logger.debug("A caller's event loop has ended")

    def _tell(self) -> None:
        if self.done.done():
            return
        if self._error is None:
            self.done.set_result(self._result)
        else:
            self.done.set_exception(self._error)


class SQLiteFile:
    """
    The file of one database; lives as long as the application.

    Args:
        url: Its URL, with the path of a file in it.
    """

    def __init__(self, url: URL) -> None:
        self._path = Path(url.database or "")
        self._engine = _engine(url)
        self._waiting: deque[Piece] = deque()
        self._is_writing = False
        self._lock = threading.Lock()
        self._start_threads()

    async def open(self) -> None:
        """
        Make the file, for its owner only, and let it keep a write-ahead log.

        Raises:
            DBAPIError, OSError: It cannot be used now.
        """
        await asyncio.to_thread(self._path.touch, mode=0o600, exist_ok=True)
        await self._keep_write_ahead_log()

    async def close(self) -> None:
        """
        Complete running work and close the connections; the next use opens new ones.
        """
        reading, writing = self._reading, self._writing
        self._start_threads()
        await asyncio.to_thread(reading.shutdown)
        await asyncio.to_thread(writing.shutdown)
        await asyncio.to_thread(self._engine.dispose)

    async def read(self, work: Work[T]) -> T:
        """
        Do work of which each statement stands for itself.

        Raises:
            DBAPIError: The database does not answer.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._read, work)

    async def write(self, work: Work[T]) -> T:
        """
        Do work that counts as a whole or not at all, and is on the disk afterwards.

        A caller that gives up while it waits for its turn leaves nothing behind; work
        that has begun is finished.

        Raises:
            DBAPIError, sqlite3.Error: The database does not answer.
        """
        piece = Piece(work)
        with self._lock:
            self._waiting.append(piece)
            if not self._is_writing:
                self._is_writing = True
                self._writing.submit(self._write_what_waits)
        result: T = await piece.done
        return result

    def _start_threads(self) -> None:
        self._reading = ThreadPoolExecutor(READERS, "quart-jwt-sqlite-read")
        self._writing = ThreadPoolExecutor(1, "quart-jwt-sqlite-write")

    def _read(self, work: Work[T]) -> T:
        with self._engine.connect() as connection:
            return answered(work, connection)

    def _write_what_waits(self) -> None:
        while True:
            with self._lock:
                count = min(len(self._waiting), TOGETHER)
                pieces = [self._waiting.popleft() for _ in range(count)]
                self._is_writing = bool(pieces)
            if not pieces:
                return
            failed = self._committed(pieces)
            for piece in pieces:
                piece.settle(failed)

    def _committed(self, pieces: list[Piece]) -> BaseException | None:
        """Do all of it in one transaction; gives what the transaction has failed of."""
        try:
            # The pool rolls back what is left open when the connection returns to it.
            with self._engine.connect() as connection:
                plain = _plain(connection)
                plain.execute("BEGIN IMMEDIATE")
                for piece in pieces:
                    piece.run(connection)
                plain.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 - every caller gets it
            return error
        return None

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
            except DBAPIError as error:
                if not _is_locked(error) or time.monotonic() >= deadline:
                    raise
                _logger.debug("The database is locked; trying again")
                await asyncio.sleep(BUSY_RETRY_S)
            else:
                return


def _plain(connection: Connection) -> sqlite3.Connection:
    """The driver's connection: SQLAlchemy takes ten times as long for ``COMMIT``."""
    plain: Any = connection.connection.driver_connection
    return cast("sqlite3.Connection", plain)


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=READERS + 1,
        max_overflow=0,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    # Transactions are started explicitly (`BEGIN`), never implicitly by the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    # A logout must survive a power cut: WAL with NORMAL may lose the last ones.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


async def _prefer_write_ahead_log(connection: AsyncConnection) -> None:
    await connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _is_locked(error: DBAPIError) -> bool:
    code: int = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF == sqlite3.SQLITE_BUSY  # the low byte: the primary code
