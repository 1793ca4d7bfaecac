"""
The counters in the database of the accounts.

A verb is one transaction. What decides is one statement a counter: an INSERT that,
where there is a row, changes it only if no wait is left, and that gives a row back only
if it did. Whoever comes second waits for the row, and then sees what it has become.

Who has to wait is found out before that by reading, which waits for nobody: attempts
that are all refused must not queue for the lock of one row, each with a connection.
Nor may counting take all connections: look-ups, probes and protected routes need some.

Rows are locked in one order, address, then account; tidying up locks none that somebody
else holds. So nobody waits in a circle.
"""

import asyncio
from dataclasses import asdict
from typing import TypeVar

from sqlalchemy import case
from sqlalchemy import delete
from sqlalchemy import Executable
from sqlalchemy import select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_jwt.building_blocks import Work
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import StoreError
from quart_jwt.service.throttling.attempts import Counted
from quart_jwt.service.throttling.attempts import Limits
from quart_jwt.service.throttling.attempts import MAX_PLACES
from quart_jwt.service.throttling.attempts import PLACE_KNOWN_MS
from quart_jwt.service.throttling.attempts import Refused
from quart_jwt.service.throttling.attempts import Visit
from quart_jwt.service.throttling.count_table import beyond
from quart_jwt.service.throttling.count_table import brought_down
from quart_jwt.service.throttling.count_table import CountRow
from quart_jwt.service.throttling.count_table import given_back
from quart_jwt.service.throttling.count_table import given_back_to_address
from quart_jwt.service.throttling.count_table import ms
from quart_jwt.service.throttling.count_table import PlaceRow
from quart_jwt.service.throttling.count_table import removed
from quart_jwt.service.throttling.count_table import wait_ms
from quart_jwt.service.throttling.waits import Count
from quart_jwt.service.throttling.waits import Pool
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import Waits

T = TypeVar("T")

POOLS: tuple[Pool, ...] = ("address", "free", "waiting")

STEPS_AT_ONCE = 3
"""Connections that counting takes at most, of the five or ten that there are."""

PATIENCE_S = 10
"""How long a step waits for its turn; the database hangs then."""

TIDY_AFTER = 1_000
"""
Attempts of this process after which it removes what is forgotten or too much.

A pool is at most that much above its bound, for each process.
"""


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
        self._turns = asyncio.Semaphore(STEPS_AT_ONCE)

    async def admit(self, visit: Visit, *, now_ms: int) -> Refused | None:
        """See ``attempts.Attempts.admit``."""

        async def counting(connection: AsyncConnection) -> Refused | None:
            return await self._counted(connection, visit, now_ms)

        refused = await self._step(counting)
        await self._tidy(now_ms)
        return refused

    async def succeed(self, visit: Visit, *, now_ms: int) -> None:
        """See ``attempts.Attempts.succeed``."""

        async def taking_back(connection: AsyncConnection) -> None:
            if visit.address is not None:
                back = given_back_to_address(visit.address, self._limits.rate)
                await connection.execute(back)
            lane = await _lane(connection, visit, now_ms)
            if lane is not None:
                await connection.execute(
                    delete(CountRow).where(CountRow.digest == lane)
                )
            if visit.account is not None and visit.place is not None:
                await self._remember(connection, visit.account, visit.place, now_ms)

        await self._step(taking_back)

    async def give_back(self, visit: Visit, *, now_ms: int) -> None:
        """See ``attempts.Attempts.give_back``."""

        async def giving_back(connection: AsyncConnection) -> None:
            if visit.address is not None:
                back = given_back_to_address(visit.address, self._limits.rate)
                await connection.execute(back)
            lane = await _lane(connection, visit, now_ms)
            if lane is not None:
                back = given_back(lane, self._limits.waits, now_ms)
                await connection.execute(back)

        await self._step(giving_back)

    async def close(self) -> None:
        """Begin anew: the next use may be on another event loop."""
        self._turns = asyncio.Semaphore(STEPS_AT_ONCE)

    async def _step(self, work: Work[T]) -> T:
        turns = self._turns
        try:
            async with asyncio.timeout(PATIENCE_S):
                await turns.acquire()
        except TimeoutError as error:
            raise StoreError from error
        try:
            return await self._database.step(work)
        finally:
            turns.release()

    async def _counted(
        self, connection: AsyncConnection, visit: Visit, now_ms: int
    ) -> Refused | None:
        rate, waits = self._limits.rate, self._limits.waits
        if visit.address is not None:
            drawing = self._drawing(visit.address, now_ms)
            left_ms = await _taken(connection, visit.address, rate, drawing, now_ms)
            if left_ms:
                return Refused(Counted.ADDRESS, left_ms)
        lane = await _lane(connection, visit, now_ms)
        if lane is None:
            return None
        trying = self._trying(lane, now_ms)
        left_ms = await _taken(connection, lane, waits, trying, now_ms)
        return Refused(Counted.ACCOUNT, left_ms) if left_ms else None

    def _drawing(self, digest: str, now_ms: int) -> Executable:
        """``Rate.admitted``, where ``Rate.left_ms`` is 0."""
        rate = self._limits.rate
        is_begun = CountRow.open_at_ms > now_ms
        begun_at_ms = case((is_begun, CountRow.open_at_ms), else_=ms(now_ms))
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
        open_at_ms = ms(now_ms) + wait_ms(waits, attempts)
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
                where=(CountRow.attempts < waits.free)
                | (CountRow.open_at_ms <= now_ms),
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
        await self._database.change(removed(CountRow.forgotten_at_ms <= now_ms))
        await self._database.change(
            delete(PlaceRow).where(PlaceRow.known_until_ms <= now_ms)
        )
        for pool in POOLS:
            await self._database.change(beyond(pool, self._limits.max_counts))


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


async def _taken(
    connection: AsyncConnection,
    digest: str,
    rule: Rate | Waits,
    taking: Executable,
    now_ms: int,
) -> int:
    """Count an attempt and return 0, or return how long it has to wait."""
    count = await _count(connection, digest)
    left_ms = rule.left_ms(rule.believed(count, now_ms), now_ms)
    if left_ms == 0:
        if (await connection.execute(taking)).first() is not None:
            return 0
        # Somebody was quicker.
        count = await _count(connection, digest)
        left_ms = max(1, rule.left_ms(rule.believed(count, now_ms), now_ms))
    believed = rule.believed(count, now_ms)
    if believed is not None and believed is not count:
        until_ms = rule.believed_until_ms(now_ms)
        await connection.execute(brought_down(digest, believed, until_ms))
    return left_ms


async def _count(connection: AsyncConnection, digest: str) -> Count | None:
    """The count as it stands; nobody is waited for."""
    asking = select(
        CountRow.pool, CountRow.attempts, CountRow.open_at_ms, CountRow.forgotten_at_ms
    ).where(CountRow.digest == digest)
    row = (await connection.execute(asking)).mappings().first()
    return None if row is None else Count(**row)
