"""
The feed of the SQL store: revocations in the order in which they were committed.

One row holds the last number, and each append updates it. The row stays locked until
the commit, so numbers become visible in their order and without a gap: a reader that
has seen number n has seen everything before it. It is the last row that any transaction
locks, so transactions cannot deadlock.
"""

import time
import uuid
from collections.abc import Sequence
from functools import partial

from sqlalchemy import and_
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import RowMapping
from sqlalchemy import select
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_jwt.exceptions import FeedGapError
from quart_jwt.stores.base import Changes
from quart_jwt.stores.sql.connections import Connections
from quart_jwt.stores.sql.news import CHANNEL
from quart_jwt.stores.sql.news import news_of
from quart_jwt.stores.sql.tables import FEED
from quart_jwt.stores.sql.tables import FEED_ENTRIES
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope

ONLY = 1
"""The id of the one row of the feed."""


class Feed:
    """
    The feed of one database.

    Args:
        connections: The database.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._news = news_of(connections)
        self._last: tuple[object, Changes] | None = None

    async def close(self) -> None:
        """Stop listening."""
        self._last = None
        await self._news.close()

    async def begin(self, connection: AsyncConnection, now: float) -> None:
        """Make the row if the feed is new."""
        row = {"id": ONLY, "name": uuid.uuid4().hex, "last": 0, "begun_at": now}
        new = self._connections.insert(FEED).values(row)
        await connection.execute(new.on_conflict_do_nothing())

    async def append(
        self, connection: AsyncConnection, ones: Sequence[Revocation], now: float
    ) -> None:
        """Tell of revocations, as the last thing of a transaction."""
        if not ones:
            return
        last = await self._count_up(connection, len(ones), now)
        rows = [
            {
                "number": number,
                "scope": one.scope.value,
                "name": one.name,
                "until": one.until,
                "issued_by": one.issued_by,
            }
            for number, one in enumerate(ones, last - len(ones) + 1)
        ]
        await connection.execute(insert(FEED_ENTRIES), rows)
        if not self._connections.is_sqlite:
            await connection.execute(select(func.pg_notify(CHANNEL, "")))

    async def read(
        self, after: str | None, *, limit: int, wait_s: float, now: float
    ) -> Changes:
        """See ``stores.base.RevokedTokens.changes``."""
        until = time.monotonic() + wait_s
        while True:
            # Before the look, so that nothing falls between it and the wait.
            mark = await self._news.mark() if wait_s > 0 else object()
            changes = await self._look(mark, after, limit, now)
            if changes.revocations or not await self._news_by(until, mark):
                return changes

    async def _news_by(self, until: float, mark: object) -> bool:
        """
        Say whether to look again; False once the time is over without any news.

        The next reader looks before it waits, so nothing is lost.
        """
        left_s = until - time.monotonic()
        return left_s > 0 and await self._news.wait(mark, left_s)

    async def _look(
        self, mark: object, after: str | None, limit: int, now: float
    ) -> Changes:
        """Return a page; without a query if the last was its end and still is."""
        last = self._last
        if last is not None and last[0] == mark and last[1].position == after:
            return last[1]
        changes = await self._page(after, limit, now)
        at_the_end = changes.is_complete and not changes.revocations
        self._last = (mark, changes) if at_the_end else None
        return changes

    async def _count_up(self, connection: AsyncConnection, by: int, now: float) -> int:
        counting = update(FEED).values(last=FEED.c.last + by).returning(FEED.c.last)
        last = await connection.scalar(counting)
        if last is None:
            await self.begin(connection, now)
            last = await connection.scalar(counting)
        return int(last or by)

    async def _page(self, after: str | None, limit: int, now: float) -> Changes:
        name, _, number = (after or "").partition("-")
        rows = await self._rows(int(number) if number.isdecimal() else 0, limit, now)
        feed = rows[0]
        if after is not None and (
            name != feed["feed"] or not number or int(number) > feed["last"]
        ):
            raise FeedGapError("The position is of another feed")
        entries = [row for row in rows if row["number"] is not None]
        is_complete = len(entries) <= limit
        reached = feed["last"] if is_complete else entries[limit - 1]["number"]
        return Changes(
            tuple(map(_revocation, entries[:limit])),
            f"{feed['feed']}-{reached}",
            is_complete,
            feed["begun_at"],
        )

    async def _rows(self, after: int, limit: int, now: float) -> Sequence[RowMapping]:
        """The feed's row, once for each entry after a number; once if there is none."""
        newer = and_(
            FEED_ENTRIES.c.number > after, FEED_ENTRIES.c.number <= FEED.c.last
        )
        question = (
            select(FEED.c.name.label("feed"), FEED.c.last, FEED.c.begun_at)
            .add_columns(FEED_ENTRIES)
            .select_from(FEED.outerjoin(FEED_ENTRIES, newer))
            .order_by(FEED_ENTRIES.c.number)
            .limit(limit + 1)
        )

        async def asked(connection: AsyncConnection) -> Sequence[RowMapping]:
            return (await connection.execute(question)).mappings().all()

        while not (rows := await self._connections.read(asked)):
            await self._connections.write(partial(self.begin, now=now))
        return rows


def _revocation(row: RowMapping) -> Revocation:
    return Revocation(
        scope=Scope(row["scope"]),
        name=row["name"],
        until=row["until"],
        issued_by=row["issued_by"],
    )
