"""
The tables of the counters, and what is done to a row without looking at it first.
"""

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
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from quart_jwt.service.database.database import Base
from quart_jwt.service.throttling.waits import Count
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import Waits


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


def ms(value: int) -> ColumnElement[int]:
    """A time, which PostgreSQL would take for a number of 32 bits."""
    return literal(value, BigInteger)


def wait_ms(waits: Waits, attempts: ColumnElement[int]) -> ColumnElement[int]:
    """``Waits.after``, in SQL."""
    growing = [
        (attempts == waits.free + beyond, ms(wait_ms))
        for beyond, wait_ms in enumerate(waits.growing_ms)
    ]
    return case((attempts < waits.free, ms(0)), *growing, else_=ms(waits.longest_ms))


def given_back_to_address(digest: str, rate: Rate) -> Executable:
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


def given_back(digest: str, waits: Waits, now_ms: int) -> Executable:
    """``Waits.given_back``, in SQL."""
    attempts = case((CountRow.attempts > 0, CountRow.attempts - 1), else_=0)
    is_later = CountRow.open_at_ms > now_ms
    open_at_ms = case((is_later, ms(now_ms)), else_=CountRow.open_at_ms)
    return (
        update(CountRow)
        .where(CountRow.digest == digest, CountRow.forgotten_at_ms > now_ms)
        .values(
            pool=case((attempts < waits.free, "free"), else_="waiting"),
            attempts=attempts,
            open_at_ms=open_at_ms,
            forgotten_at_ms=open_at_ms + waits.forgotten_after_ms,
        )
    )


def brought_down(digest: str, believed: Count, until_ms: int) -> Executable:
    """``Rate.believed`` and ``Waits.believed``, in SQL."""
    return (
        update(CountRow)
        .where(CountRow.digest == digest, CountRow.open_at_ms > until_ms)
        .values(
            open_at_ms=believed.open_at_ms, forgotten_at_ms=believed.forgotten_at_ms
        )
    )


def removed(which: ColumnElement[bool]) -> Executable:
    """Remove counts, and leave those alone that somebody else is changing."""
    found = select(CountRow.digest).where(which).with_for_update(skip_locked=True)
    return delete(CountRow).where(CountRow.digest.in_(found))


def beyond(pool: str, bound: int) -> Executable:
    """Remove what a pool has beyond its bound: what would be forgotten first."""
    last_kept = (
        select(CountRow.forgotten_at_ms)
        .where(CountRow.pool == pool)
        .order_by(CountRow.forgotten_at_ms.desc())
        .offset(bound - 1)
        .limit(1)
        .scalar_subquery()
    )
    return removed((CountRow.pool == pool) & (CountRow.forgotten_at_ms < last_kept))
