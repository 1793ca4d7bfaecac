"""
The database: SQLite through SQLAlchemy's asyncio, and its tables.

Connections run in autocommit with WAL and a busy timeout, because every write
of this service is one statement: nothing is read in one statement and written
back in another, so no transaction can be overtaken. Errors of the driver
become ``StoreError`` here and nowhere else.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy import text
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.schema import CreateIndex
from sqlalchemy.schema import CreateTable

from quart_jwt.service.errors import StartError
from quart_jwt.service.errors import StoreError
from quart_jwt.service.state_dir import ensure_private_file

SQLITE = "sqlite+aiosqlite"
BUSY_TIMEOUT_MS = 5_000
BUSY_RETRY_S = 0.02
POOL_TIMEOUT_S = 5
POOL_SIZE = 5
"""Connections, each with a thread of its own; SQLite has one writer anyway."""


logger: logging.Logger = logging.getLogger(__name__)


class Base(DeclarativeBase):
    """The tables of the service."""


class UserRow(Base):
    """
    One account.

    ``session_epoch`` is written into every token and counted up when the
    password changes or the account is disabled: older tokens then die.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(256), unique=True)
    password_hash: Mapped[str] = mapped_column(String(512))
    enabled: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[int]  # seconds since 1970


class EndedSessionRow(Base):
    """A session that was logged out, kept until its last token has expired."""

    __tablename__ = "ended_sessions"

    sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    keep_until: Mapped[int] = mapped_column(index=True)  # seconds since 1970


class Database:
    """
    The engine over one SQLite file; lives as long as the application.

    Args:
        path: The file; made with mode 0600 if it is not there.
    """

    def __init__(self, path: Path) -> None:
        # Resolved: what is made private and what is opened must be one file, also
        # when the path has "?", "%" or ".." in it or the current directory changes.
        self._path = path.resolve()
        self._engine = create_async_engine(
            URL.create(SQLITE, database=str(self._path)),
            isolation_level="AUTOCOMMIT",
            pool_size=POOL_SIZE,
            pool_timeout=POOL_TIMEOUT_S,
            hide_parameters=True,  # a hash must not come out in an error's text
        )
        event.listen(self._engine.sync_engine, "connect", _prepare_connection)

    async def open(self) -> None:
        """
        Make the file and the tables that are not there yet.

        Raises:
            StartError: The file cannot be written, is no database, or is
                locked for longer than the busy timeout.
        """
        await asyncio.to_thread(ensure_private_file, self._path)
        try:
            await self._enter_wal()
            await self._create_tables()
        except StoreError as error:
            reason = getattr(error.__cause__, "orig", error.__cause__)
            raise StartError(
                f"the database {str(self._path)!r} cannot be used: {reason}"
            ) from error

    async def _enter_wal(self) -> None:
        """
        Let the file keep a write-ahead log, from now on and for everybody.

        The busy timeout does not cover this: where two connections change the
        mode at once, SQLite tells one of them "locked" without any wait.
        """
        deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1_000
        while True:
            try:
                async with self.connection() as connection:
                    await connection.execute(text("PRAGMA journal_mode = WAL"))
            except StoreError as error:
                if not _is_locked(error) or time.monotonic() >= deadline:
                    raise
                logger.debug("the database is locked; trying again")
                await asyncio.sleep(BUSY_RETRY_S)
            else:
                return

    async def _create_tables(self) -> None:
        async with self.connection() as connection:
            for table in Base.metadata.sorted_tables:
                # "IF NOT EXISTS" keeps two first starts at once from colliding
                await connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    await connection.execute(CreateIndex(index, if_not_exists=True))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """
        Lend a connection.

        Raises:
            StoreError: The database does not answer.
            IntegrityError: A statement broke a constraint; the caller knows
                what that means.
        """
        try:
            async with self._engine.connect() as connection:
                yield connection
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            raise StoreError from error

    async def ping(self) -> None:
        """Raise StoreError if the database does not answer for every table."""
        async with self.connection() as connection:
            for table in Base.metadata.sorted_tables:
                await connection.execute(select(1).select_from(table).limit(1))

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _prepare_connection(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    # A logout must survive a power cut: WAL with NORMAL may lose the last ones.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _is_locked(error: StoreError) -> bool:
    reason = getattr(error.__cause__, "orig", None)
    code: int = getattr(reason, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF == sqlite3.SQLITE_BUSY  # the low byte: the primary code
