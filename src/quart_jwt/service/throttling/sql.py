"""
The records in the database of the accounts.

A swap is one transaction of statements that change a row only if it is what was read.
Rows are written in one order, and tidying up locks none that another transaction holds,
so transactions cannot deadlock.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from operator import attrgetter

from sqlalchemy import BigInteger
from sqlalchemy import bindparam
from sqlalchemy import ColumnElement
from sqlalchemy import delete
from sqlalchemy import Executable
from sqlalchemy import Index
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from quart_jwt.service.database.database import Base
from quart_jwt.service.database.database import Database
from quart_jwt.service.throttling.attempts import Change

TIDY_AFTER = 1_000
"""
Swaps of this process after which it removes what has expired or is too much.

A pool is at most that much above its bound, for each process.
"""


class AttemptsRow(Base):
    """One record; ``record`` is JSON, times are milliseconds since 1970."""

    __tablename__ = "attempts"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    pool: Mapped[str | None] = mapped_column(String(8))
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)
    record: Mapped[str]


Index("attempts_by_age", AttemptsRow.pool, AttemptsRow.expires_at_ms)


_READ = select(AttemptsRow.digest, AttemptsRow.record).where(
    AttemptsRow.digest.in_(bindparam("keys", expanding=True))
)
_UPDATE = update(AttemptsRow).where(
    AttemptsRow.digest == bindparam("key"), AttemptsRow.record == bindparam("old")
)


class _OvertakenError(Exception):
    """Another transaction has changed a record: this one is rolled back."""


class SqlRecords:
    """
    Records in SQLite or PostgreSQL.

    Args:
        database: Where; the owner opens and closes it.
        max_counts: The most records in a pool.
    """

    name = "The database"

    def __init__(self, database: Database, max_counts: int) -> None:
        self._database = database
        self._max_counts = max_counts
        self._since_tidy = TIDY_AFTER  # what was left behind goes first
        insert = database.insert(AttemptsRow).on_conflict_do_nothing()
        self._insert = insert.execution_options(preserve_rowcount=True)

    async def read(self, keys: Sequence[str]) -> Mapping[str, str]:
        """See ``attempts.RecordStore.read``."""
        rows = await self._database.rows(_READ, keys=list(keys))
        return {row["digest"]: row["record"] for row in rows}

    async def swap(self, changes: Sequence[Change], *, now_ms: int) -> bool:
        """See ``attempts.RecordStore.swap``."""

        async def swapping(connection: AsyncConnection) -> None:
            for change in sorted(changes, key=attrgetter("key")):
                statement = self._insert if change.old is None else _UPDATE
                values = {
                    "digest": change.key,
                    "pool": change.pool,
                    "expires_at_ms": change.expires_at_ms,
                    "record": change.new,
                }
                if change.old is not None:
                    values |= {"key": values.pop("digest"), "old": change.old}
                if not (await connection.execute(statement, values)).rowcount:
                    raise _OvertakenError

        try:
            await self._database.step(swapping)
        except _OvertakenError:
            return False
        await self._tidy(now_ms)
        return True

    async def close(self) -> None:
        """The owner of the database closes it."""

    async def _tidy(self, now_ms: int) -> None:
        self._since_tidy += 1
        if self._since_tidy < TIDY_AFTER:
            return
        self._since_tidy = 0
        await self._database.change(_removed(AttemptsRow.expires_at_ms <= now_ms))
        for pool in ("address", "free", "waiting"):
            await self._database.change(_beyond(pool, self._max_counts))


def _removed(which: ColumnElement[bool]) -> Executable:
    """Remove rows, and leave those alone that another transaction is changing."""
    found = select(AttemptsRow.digest).where(which).with_for_update(skip_locked=True)
    return delete(AttemptsRow).where(AttemptsRow.digest.in_(found))


def _beyond(pool: str, bound: int) -> Executable:
    """Remove what a pool has beyond its bound: what would expire first."""
    last_kept = (
        select(AttemptsRow.expires_at_ms)
        .where(AttemptsRow.pool == pool)
        .order_by(AttemptsRow.expires_at_ms.desc())
        .offset(bound - 1)
        .limit(1)
        .scalar_subquery()
    )
    is_older = AttemptsRow.expires_at_ms < last_kept
    return _removed((AttemptsRow.pool == pool) & is_older)
