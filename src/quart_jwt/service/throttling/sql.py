"""
The counters in the database of the accounts.

A verb is one transaction. What decides is one statement a counter: an INSERT that,
where there is a row, changes it only if no wait is left, and that gives a row back only
if it did. Whoever comes second waits for the row, and then sees what it has become.

Rows are locked in one order, address, then account; tidying up locks none that somebody
else holds. So nobody waits in a circle.
"""

from dataclasses import asdict

from sqlalchemy import BigInteger
from sqlalchemy import case
from sqlalchemy import ColumnElement
from sqlalchemy import delete
from sqlalchemy import Executable
from sqlalchemy import Index
from sqlalchemy import literal
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy import update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from quart_jwt.service.database import Base
from quart_jwt.service.database import Database
from quart_jwt.service.throttling.attempts import Counted
from quart_jwt.service.throttling.attempts import Limits
from quart_jwt.service.throttling.attempts import MAX_PLACES
from quart_jwt.service.throttling.attempts import PLACE_KNOWN_MS
from quart_jwt.service.throttling.attempts import Refused
from quart_jwt.service.throttling.attempts import Visit
from quart_jwt.service.throttling.waits import Count
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import Waits

POOLS = ("address", "free", "waiting")

TIDY_AFTER = 1_000
"""
Attempts of this process after which it removes what is forgotten or too much.

A pool is at most that much above its bound, for each process.
"""


class CountRow(Base):
    """One count; times are milliseconds since 1970. See ``waits.Count``."""

    __tablename__ = "attempt_counts"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    pool: Mapped[str] = mapped_column(String(8))
    attempts: Mapped[int]
    open_at_ms: Mapped[int] = mapped_column(BigInteger)
    forgotten_at_ms: Mapped[int] = mapped_column(BigInteger)


Index("attempt_counts_by_age", CountRow.pool, CountRow.forgotten_at_ms)


class PlaceRow(Base):
    """One place of an account, both in digests."""

    __tablename__ = "known_places"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    place: Mapped[str] = mapped_column(String(64), primary_key=True)
    known_until_ms: Mapped[int] = mapped_column(BigInteger)


class SqlAttempts:
    """
    Counts in SQLite or PostgreSQL.

    Args:
        database: Where; opened and closed by somebody else.
        limits: What they go by.
    """

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._since_tidy = TIDY_AFTER  # what was left behind goes first

    async def admit(self, visit: Visit, *, now_ms: int) -> Refused | None:
        """See ``attempts.Attempts.admit``."""

        async def counting(connection: AsyncConnection) -> Refused | None:
            return await self._counted(connection, visit, now_ms)

        refused = await self._database.step(counting)
        await self._tidy(now_ms)
        return refused

    async def succeed(self, visit: Visit, *, now_ms: int) -> None:
        """See ``attempts.Attempts.succeed``."""

        async def taking_back(connection: AsyncConnection) -> None:
            if visit.address is not None:
                back = _given_back(visit.address, self._limits.rate)
                await connection.execute(back)
            lane = await _lane(connection, visit, now_ms)
            if lane is not None:
                await connection.execute(
                    delete(CountRow).where(CountRow.digest == lane)
                )
            if visit.account is not None and visit.place is not None:
                await self._remember(connection, visit.account, visit.place, now_ms)

        await self._database.step(taking_back)

    async def close(self) -> None:
        """There is nothing of its own to let go of."""

    async def _counted(
        self, connection: AsyncConnection, visit: Visit, now_ms: int
    ) -> Refused | None:
        if visit.address is not None:
            drawing = self._drawing(visit.address, now_ms)
            if (await connection.execute(drawing)).first() is None:
                open_at_ms = await _open_at_ms(connection, visit.address)
                wait_ms = open_at_ms - self._limits.rate.tolerance_ms - now_ms
                return Refused(Counted.ADDRESS, max(1, wait_ms))
        lane = await _lane(connection, visit, now_ms)
        if lane is None:
            return None
        trying = self._trying(lane, now_ms)
        if (await connection.execute(trying)).first() is not None:
            return None
        open_at_ms = await _open_at_ms(connection, lane)
        return Refused(Counted.ACCOUNT, max(1, open_at_ms - now_ms))

    def _drawing(self, digest: str, now_ms: int) -> Executable:
        """``Rate.admitted``, where ``Rate.left_ms`` is 0."""
        rate = self._limits.rate
        is_begun = CountRow.open_at_ms > now_ms
        begun_at_ms = case((is_begun, CountRow.open_at_ms), else_=_ms(now_ms))
        return (
            self._inserted(digest, rate.admitted(None, now_ms))
            .on_conflict_do_update(
                index_elements=[CountRow.digest],
                set_={
                    "attempts": case((is_begun, CountRow.attempts), else_=0) + 1,
                    "open_at_ms": begun_at_ms + rate.interval_ms,
                    "forgotten_at_ms": begun_at_ms + rate.interval_ms,
                },
                where=CountRow.open_at_ms <= now_ms + rate.tolerance_ms,
            )
            .returning(CountRow.digest)
        )

    def _trying(self, digest: str, now_ms: int) -> Executable:
        """``Waits.admitted``, where ``Waits.left_ms`` is 0."""
        waits = self._limits.waits
        is_known = CountRow.forgotten_at_ms > now_ms
        attempts = case((is_known, CountRow.attempts), else_=0) + 1
        open_at_ms = _ms(now_ms) + _wait_ms(waits, attempts)
        return (
            self._inserted(digest, waits.admitted(None, now_ms))
            .on_conflict_do_update(
                index_elements=[CountRow.digest],
                set_={
                    "pool": case((attempts < waits.free, "free"), else_="waiting"),
                    "attempts": attempts,
                    "open_at_ms": open_at_ms,
                    "forgotten_at_ms": open_at_ms + waits.forgotten_after_ms,
                },
                where=CountRow.open_at_ms <= now_ms,
            )
            .returning(CountRow.digest)
        )

    def _inserted(self, digest: str, first: Count) -> sqlite.Insert | postgresql.Insert:
        return self._database.insert(CountRow).values(digest=digest, **asdict(first))

    async def _remember(
        self, connection: AsyncConnection, account: str, place: str, now_ms: int
    ) -> None:
        until_ms = now_ms + PLACE_KNOWN_MS
        known = self._database.insert(PlaceRow).values(
            account=account, place=place, known_until_ms=until_ms
        )
        await connection.execute(
            known.on_conflict_do_update(
                index_elements=[PlaceRow.account, PlaceRow.place],
                set_={"known_until_ms": until_ms},
            )
        )
        newest = (
            select(PlaceRow.place)
            .where(PlaceRow.account == account)
            .order_by(PlaceRow.known_until_ms.desc(), PlaceRow.place)
            .limit(MAX_PLACES)
        )
        await connection.execute(
            delete(PlaceRow).where(
                PlaceRow.account == account, PlaceRow.place.not_in(newest)
            )
        )

    async def _tidy(self, now_ms: int) -> None:
        """Remove what is forgotten or too much, after every so many attempts."""
        self._since_tidy += 1
        if self._since_tidy < TIDY_AFTER:
            return
        self._since_tidy = 0
        await self._database.change(_removed(CountRow.forgotten_at_ms <= now_ms))
        await self._database.change(
            delete(PlaceRow).where(PlaceRow.known_until_ms <= now_ms)
        )
        for pool in POOLS:
            await self._database.change(_beyond(pool, self._limits.max_counts))


def _ms(value: int) -> ColumnElement[int]:
    """A time, which PostgreSQL would take for a number of 32 bits."""
    return literal(value, BigInteger)


def _wait_ms(waits: Waits, attempts: ColumnElement[int]) -> ColumnElement[int]:
    """``Waits.after``, in SQL."""
    growing = [
        (attempts == waits.free + beyond, _ms(wait_ms))
        for beyond, wait_ms in enumerate(waits.growing_ms)
    ]
    return case((attempts < waits.free, _ms(0)), *growing, else_=_ms(waits.longest_ms))


def _given_back(digest: str, rate: Rate) -> Executable:
    """``Rate.given_back``, in SQL."""
    return (
        update(CountRow)
        .where(CountRow.digest == digest)
        .values(
            attempts=CountRow.attempts - 1,
            open_at_ms=CountRow.open_at_ms - rate.interval_ms,
            forgotten_at_ms=CountRow.forgotten_at_ms - rate.interval_ms,
        )
    )


def _removed(which: ColumnElement[bool]) -> Executable:
    """Remove counts, and leave those alone that somebody else is changing."""
    found = select(CountRow.digest).where(which).with_for_update(skip_locked=True)
    return delete(CountRow).where(CountRow.digest.in_(found))


def _beyond(pool: str, bound: int) -> Executable:
    """Remove what a pool has beyond its bound: what would be forgotten first."""
    last_kept = (
        select(CountRow.forgotten_at_ms)
        .where(CountRow.pool == pool)
        .order_by(CountRow.forgotten_at_ms.desc())
        .offset(bound - 1)
        .limit(1)
        .scalar_subquery()
    )
    return _removed((CountRow.pool == pool) & (CountRow.forgotten_at_ms < last_kept))


async def _lane(connection: AsyncConnection, visit: Visit, now_ms: int) -> str | None:
    """What the failures of a visit are counted for."""
    if visit.account is None or visit.place is None:
        return visit.account
    known = select(PlaceRow.place).where(
        PlaceRow.account == visit.account,
        PlaceRow.place == visit.place,
        PlaceRow.known_until_ms > now_ms,
    )
    found = (await connection.execute(known)).first()
    return visit.account if found is None else visit.place


async def _open_at_ms(connection: AsyncConnection, digest: str) -> int:
    """When a count is open; 0 if it has gone meanwhile."""
    asking = select(CountRow.open_at_ms).where(CountRow.digest == digest)
    return (await connection.execute(asking)).scalar() or 0
