"""
The database of the accounts: its table, and what is asked of it.

Every question and every change is one statement, or a step of several in one
transaction, and what was read is written back only where it still stands, so that
nothing can be overtaken. Connections are those of the
session store (``stores.sql_connections``), and may lead to the same database.
"""

from collections.abc import Callable
from collections.abc import Sequence
from contextlib import AbstractContextManager
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from typing import TypeVar

from sqlalchemy import BigInteger
from sqlalchemy import CursorResult
from sqlalchemy import Executable
from sqlalchemy import exists
from sqlalchemy import RowMapping
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from quart_jwt.building_blocks import Connections
from quart_jwt.building_blocks import require_schema as require
from quart_jwt.building_blocks import Schema
from quart_jwt.building_blocks import upgrade_schema as upgrade
from quart_jwt.building_blocks import Work
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import StoreError
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.settings.sources import PREFIX

T = TypeVar("T")
Timed = Callable[[str], AbstractContextManager[str | None]]

REVISIONS = Path(__file__).with_name("migrations")
ACCOUNTS = Schema(REVISIONS, "quart_jwt_service_version")
"""The tables of the service."""


class Base(DeclarativeBase):
    """The tables of the service."""


class UserRow(Base):
    """
    One account.

    ``session_epoch`` counts up when the password changes or the account is disabled.
    Every session keeps the one that it began under, and is refreshed under no other.
    Roles and scopes have a blank between them.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(256), unique=True)
    password_hash: Mapped[str] = mapped_column(String(512))
    hash_method: Mapped[str | None] = mapped_column(String(64), index=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[int] = mapped_column(BigInteger)  # seconds since 1970
    roles: Mapped[str] = mapped_column(String(512), server_default="")
    scopes: Mapped[str] = mapped_column(String(512), server_default="")


class Database:
    """
    The database; lives as long as the application.

    Args:
        url: ``sqlite+aiosqlite:///`` and a path, or ``postgresql+asyncpg://…``.
        timed: What is entered around each question (``read``) and change (``write``).

    Raises:
        SettingsError: It is neither, or its driver is not installed.
    """

    def __init__(self, url: str, timed: Timed = nullcontext) -> None:
        self._timed = timed
        self._connections = _connections(url)
        self._url = make_url(url)

    async def open(self) -> None:
        """
        Make a SQLite file and the tables that are not there yet; PostgreSQL has to
        have them (``quart-jwt db upgrade``).

        Raises:
            StartError: The database cannot be used: the file cannot be written, is no
                database, or is locked; the server is away, or its tables are old.
        """
        try:
            await self._connections.open()
            if self._connections.is_sqlite:
                await upgrade(self._connections, ACCOUNTS)
            else:
                await require(self._connections, ACCOUNTS)
        except StoreError as error:
            raise self._start_error(error) from error

    async def require(self) -> None:
        """
        Come back if the tables are there and new enough; nothing is made or changed.

        Raises:
            StartError: They are not, or the database cannot be used.
        """
        try:
            await require(self._connections, ACCOUNTS)
        except StoreError as error:
            raise self._start_error(error) from error

    async def upgrade(self) -> None:
        """
        Bring the tables to the newest revision.

        Raises:
            StartError: The database cannot be used.
        """
        try:
            await self._connections.open()
            await upgrade(self._connections, ACCOUNTS)
        except StoreError as error:
            raise self._start_error(error) from error

    async def rows(
        self, question: Executable, **parameters: object
    ) -> Sequence[RowMapping]:
        """
        Ask one question.

        Args:
            question: The question; one that is asked for each request is made once.
            parameters: Its bound parameters.

        Raises:
            StoreUnavailableError: The database does not answer.
        """

        async def asked(connection: AsyncConnection) -> Sequence[RowMapping]:
            found = await connection.execute(question, parameters or None)
            return found.mappings().all()

        try:
            with self._timed("read"):
                return await self._connections.read(asked)
        except StoreError as error:
            raise StoreUnavailableError from error.__cause__

    async def change(self, change: Executable) -> int:
        """
        Make one change, and say how many rows it touched.

        Raises:
            StoreUnavailableError: The database does not answer.
        """

        async def changing(connection: AsyncConnection) -> int:
            result: CursorResult[Any] = await connection.execute(change)
            return result.rowcount

        try:
            with self._timed("write"):
                return await self._connections.write(changing)
        except StoreError as error:
            raise StoreUnavailableError from error.__cause__

    async def change_returning(self, change: Executable) -> Sequence[RowMapping]:
        """
        Make one change, and return what its RETURNING says.

        Raises:
            StoreUnavailableError: The database does not answer.
        """

        async def changing(connection: AsyncConnection) -> Sequence[RowMapping]:
            return (await connection.execute(change)).mappings().all()

        return await self.step(changing)

    async def step(self, work: Work[T]) -> T:
        """
        Make several changes that count together or not at all.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        try:
            with self._timed("write"):
                return await self._connections.write(work)
        except StoreError as error:
            raise StoreUnavailableError from error.__cause__

    def insert(self, row: type[Base]) -> sqlite.Insert | postgresql.Insert:
        """An INSERT that knows ON CONFLICT."""
        table = row.__table__
        if not isinstance(table, Table):
            raise TypeError("A row stands in a table")
        return self._connections.insert(table)

    async def ping(self) -> None:
        """Raise StoreUnavailableError unless the database answers for every table."""
        tables = Base.metadata.sorted_tables
        await self.rows(select(*(exists().select_from(table) for table in tables)))

    async def try_writing(self) -> None:
        """Write a few bytes; raise StoreUnavailableError if the database takes none."""
        try:
            await self._connections.try_writing()
        except StoreError as error:
            raise StoreUnavailableError from error.__cause__

    async def close(self) -> None:
        """Close every connection."""
        await self._connections.close()

    def _start_error(self, error: StoreError) -> StartError:
        """One sentence that names the database, without its password."""
        cause = getattr(error.__cause__, "orig", error.__cause__) or error
        name = self._url.render_as_string(hide_password=True)
        named = self._url.database if self._connections.is_sqlite else name
        return StartError(f"the database {str(named)!r} cannot be used: {cause}")


def _connections(url: str) -> Connections:
    try:
        return Connections(url)
    except ConfigurationError as error:
        raise SettingsError(
            [f"{PREFIX}DATABASE_URL cannot be used: {error}"]
        ) from error
