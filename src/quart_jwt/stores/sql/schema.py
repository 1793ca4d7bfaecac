"""
The schema of a database: which revision it has, and how it gets the newest one.

``upgrade`` is one transaction, and waits for a concurrent upgrade. A
database that is newer than this code is fine: revisions only add
(``quart_jwt.stores.sql.migrations``), so old and new workers serve together.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import column
from sqlalchemy import Connection
from sqlalchemy import func
from sqlalchemy import inspect
from sqlalchemy import select
from sqlalchemy import table
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_jwt.exceptions import StoreError
from quart_jwt.stores.sql.connections import Connections

if TYPE_CHECKING:
    from alembic.config import Config

ENVIRONMENT = Path(__file__).with_name("migrations")
"""Where Alembic finds ``env.py``."""

UPGRADE_LOCK = 0x7175_6172_742D_6A77
"""The advisory lock of an upgrade on PostgreSQL: "quart-jw" as a number."""


@dataclass(frozen=True, slots=True)
class Schema:
    """
    One line of revisions.

    Attributes:
        revisions: The folder in which they are; a file is named after its revision,
            ``r0001_what.py``, and each has one predecessor.
        version_table: Where a database keeps its revision.
    """

    revisions: Path
    version_table: str

    @property
    def known(self) -> list[str]:
        """The revisions that this code knows, the newest last."""
        return sorted(path.name[1:5] for path in self.revisions.glob("r[0-9]*.py"))

    def config(self) -> "Config":
        """Return what Alembic has to know, which takes its import."""
        from alembic.config import Config  # noqa: PLC0415 - it is slow, and rarely needed

        config = Config()
        # Alembic interpolates "%".
        for option, path in (
            ("script_location", ENVIRONMENT),
            ("version_locations", self.revisions),
        ):
            config.set_main_option(option, str(path).replace("%", "%%"))
        config.set_main_option("path_separator", "newline")
        return config

    def upgrade(self, connection: Connection) -> None:
        """Bring a database to the newest revision, in the caller's transaction."""
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
        if self.lags(connection):
            from alembic import command  # noqa: PLC0415 - see config

            config = self.config()
            config.attributes["connection"] = connection
            config.attributes["version_table"] = self.version_table
            command.upgrade(config, "head")

    def lags(self, connection: Connection) -> bool:
        """Whether a database lacks a revision that this code knows."""
        current, known = self._current(connection), self.known
        return current is None or (current in known and current != known[-1])

    def _current(self, connection: Connection) -> str | None:
        if not inspect(connection).has_table(self.version_table):
            return None
        versions = table(self.version_table, column("version_num"))
        revision: str | None = connection.scalar(select(versions.c.version_num))
        return revision


SESSIONS = Schema(ENVIRONMENT / "versions", "quart_jwt_version")
"""The tables of the SQL store."""


async def upgrade(connections: Connections, schema: Schema = SESSIONS) -> None:
    """
    Bring a database to the newest revision; one that is there already is left alone.

    Raises:
        StoreError: The database does not answer, or forbids it.
    """

    async def upgrading(connection: AsyncConnection) -> None:
        await connection.run_sync(schema.upgrade)

    await connections.write(upgrading)


async def require(connections: Connections, schema: Schema = SESSIONS) -> None:
    """
    Come back if a database has every revision that this code needs.

    Raises:
        StoreError: The schema must be upgraded, or the database does not answer.
    """

    async def lags(connection: AsyncConnection) -> bool:
        return await connection.run_sync(schema.lags)

    if await connections.read(lags):
        raise StoreError(
            "The database lacks tables of this version: run 'quart-jwt db upgrade'"
        )
