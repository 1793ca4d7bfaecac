"""
``SQLStore``: sessions in SQLite or PostgreSQL.

Each verb is one transaction, or one statement. On SQLite a transaction that writes
has the file for itself from its first look (``BEGIN IMMEDIATE``). On PostgreSQL it
locks what it looks at, always in one order: the subject, its families, the feed.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import ColumnElement
from sqlalchemy import delete
from sqlalchemy import insert
from sqlalchemy import or_
from sqlalchemy import Select
from sqlalchemy import select
from sqlalchemy import Table
from sqlalchemy import true
from sqlalchemy import tuple_
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_jwt.stores.base import Changes
from quart_jwt.stores.base import ending_of
from quart_jwt.stores.base import Limit
from quart_jwt.stores.family_fields import family_of
from quart_jwt.stores.family_fields import flat
from quart_jwt.stores.family_fields import MOVING
from quart_jwt.stores.session_limit import age
from quart_jwt.stores.session_limit import surplus
from quart_jwt.stores.sql.connections import Connections
from quart_jwt.stores.sql.feed import Feed
from quart_jwt.stores.sql.revocations import Remembering
from quart_jwt.stores.sql.revocations import revoked
from quart_jwt.stores.sql.schema import require
from quart_jwt.stores.sql.schema import upgrade
from quart_jwt.stores.sql.tables import digest
from quart_jwt.stores.sql.tables import FAMILIES
from quart_jwt.stores.sql.tables import FEED_ENTRIES
from quart_jwt.stores.sql.tables import REVOCATIONS
from quart_jwt.stores.sql.tables import row_of
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import Outcome
from quart_jwt.tokens.rotation import Presented
from quart_jwt.tokens.rotation import rotate
from quart_jwt.tokens.rotation import Rotation
from quart_jwt.tokens.rotation import Successor

Condition = ColumnElement[bool]

# Made once: SQLAlchemy takes longer to build a statement than to run it.
THIS = FAMILIES.c.family_id == bindparam("this")
LOCKED = select(FAMILIES).where(THIS).with_for_update()
CHANGE = (
    update(FAMILIES)
    .where(THIS)
    .values({name: bindparam(f"new_{name}") for name in MOVING})
)
START = insert(FAMILIES)


class SQLStore:
    """
    Keeps sessions and revocations in a database.

    Args:
        url: ``sqlite+aiosqlite:///`` and the path of a file, or
            ``postgresql+asyncpg://user:password@host/database``.

    Raises:
        ConfigurationError: The URL is neither; the message does not show it.
    """

    def __init__(self, url: str) -> None:
        self._connections = Connections(url)
        self._feed = Feed(self._connections)

    async def open(self, *, now: float) -> None:
        """
        See ``stores.base.Lifecycle.open``. A SQLite file gets its tables here;
        PostgreSQL has to have them: ``upgrade``, or ``quart-jwt db upgrade``.
        """
        await self._connections.open()
        if self._connections.is_sqlite:
            await self.upgrade()
        else:
            await require(self._connections)
        await self._connections.write(partial(self._feed.begin, now=now))

    async def upgrade(self) -> None:
        """
        Bring the tables to the newest revision; old workers may go on meanwhile.

        Raises:
            StoreError: The database does not answer, or forbids it.
        """
        await upgrade(self._connections)

    async def close(self) -> None:
        """See ``stores.base.Lifecycle.close``."""
        await self._feed.close()
        await self._connections.close()

    async def ping(self) -> None:
        """See ``stores.base.Lifecycle.ping``."""
        question = select(1).select_from(FAMILIES).limit(1)
        await self._connections.read(partial(_scalar, question))

    async def try_writing(self) -> None:
        """See ``stores.base.Lifecycle.try_writing``."""
        await self._connections.try_writing()

    async def start(
        self, family: Family, *, limit: Limit | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.start``."""

        async def starting(connection: AsyncConnection) -> tuple[Revocation, ...]:
            ended: tuple[Revocation, ...] = ()
            if limit is not None:
                await self._lock(connection, family.subject)
                live = await _live(connection, family.subject, now)
                too_many = [one.family_id for one in surplus(live, limit)]
                ended = await _end(connection, now, FAMILIES.c.family_id.in_(too_many))
            await connection.execute(START, row_of(family))
            await self._feed.append(connection, ended, now)
            return ended

        return await self._connections.write(starting)

    async def rotate(
        self, presented: Presented, successor: Successor, *, grace_s: float, now: float
    ) -> Rotation:
        """See ``stores.base.Families.rotate``."""
        this = {"this": presented.family_id}

        async def rotating(connection: AsyncConnection) -> Rotation:
            found = await connection.execute(LOCKED, this)
            row = found.mappings().one_or_none()
            family = None if row is None else family_of(row)
            rotation = rotate(family, presented, successor, grace_s=grace_s, now=now)
            if rotation.family is not None and rotation.family is not family:
                await connection.execute(CHANGE, this | _moved(rotation.family))
            if rotation.family is not None and rotation.outcome is Outcome.REUSE:
                await self._feed.append(connection, [ending_of(rotation.family)], now)
            return rotation

        return await self._connections.write(rotating)

    async def end(
        self, family_id: str, *, subject: str | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.end``."""
        this = FAMILIES.c.family_id == family_id
        theirs = true() if subject is None else _of(subject)

        async def ending(connection: AsyncConnection) -> tuple[Revocation, ...]:
            ended = await _end(connection, now, this, theirs)
            await self._feed.append(connection, ended, now)
            return ended

        return await self._connections.write(ending)

    async def end_all(
        self,
        subject: str,
        *,
        spare: str | None,
        started_by: float | None,
        before_epoch: int | None = None,
        now: float,
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.end_all``."""
        chosen: list[Condition] = [_of(subject)]
        if spare is not None:
            chosen.append(FAMILIES.c.family_id != spare)
        if started_by is not None:
            chosen.append(FAMILIES.c.created_at <= started_by)
        if before_epoch is not None:
            epoch = FAMILIES.c.epoch
            chosen.append(or_(epoch.is_(None), epoch < before_epoch))

        async def ending(connection: AsyncConnection) -> tuple[Revocation, ...]:
            await self._lock(connection, subject)
            ended = await _end(connection, now, *chosen)
            await self._feed.append(connection, ended, now)
            return ended

        return await self._connections.write(ending)

    async def live(self, subject: str, *, now: float) -> Sequence[Family]:
        """See ``stores.base.Families.live``."""
        return await self._connections.read(partial(_live, subject=subject, now=now))

    async def revoke(self, revocation: Revocation, *, now: float) -> bool:
        """See ``stores.base.RevokedTokens.revoke``."""
        if revocation.scope is Scope.FAMILY:
            raise ValueError("A family is ended with end(), not revoked")
        remembering = Remembering(self._connections.insert(REVOCATIONS), revocation)

        async def revoking(connection: AsyncConnection) -> bool:
            is_first = await remembering.run(connection)
            await self._feed.append(connection, [revocation.as_followed()], now)
            return is_first

        return await self._connections.write(revoking)

    async def is_revoked(self, token: TokenRef, *, now: float) -> bool:  # noqa: ARG002 - the contract's
        """See ``stores.base.RevokedTokens.is_revoked``; one statement."""
        question = select(revoked(token))
        return bool(await self._connections.read(partial(_scalar, question)))

    async def changes(
        self, after: str | None, *, limit: int, wait_s: float, now: float
    ) -> Changes:
        """See ``stores.base.RevokedTokens.changes``."""
        return await self._feed.read(after, limit=limit, wait_s=wait_s, now=now)

    async def purge(self, *, limit: int, now: float) -> int:
        """See ``stores.base.RevokedTokens.purge``."""
        families = await self._remove(FAMILIES, FAMILIES.c.keep_until, limit, now)
        revoked = await self._remove(REVOCATIONS, REVOCATIONS.c.until, limit, now)
        while await self._remove(FEED_ENTRIES, FEED_ENTRIES.c.until, limit, now):
            pass
        return families + revoked

    async def _remove(
        self, table: Table, end: ColumnElement[Any], limit: int, now: float
    ) -> int:
        over = (
            select(*table.primary_key)
            .where(end <= now)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        removing = delete(table).where(tuple_(*table.primary_key).in_(over))

        async def remove(connection: AsyncConnection) -> int:
            return (await connection.execute(removing)).rowcount

        return await self._connections.write(remove)

    async def _lock(self, connection: AsyncConnection, subject: str) -> None:
        """Lock a subject against concurrent counting or ending of its families."""
        key = int.from_bytes(digest(subject)[:8], signed=True)
        await self._connections.lock(connection, key)


def _moved(family: Family) -> dict[str, Any]:
    """What a rotation may change of a family's row."""
    fields = flat(family)
    return {f"new_{name}": fields[name] for name in MOVING}


def _of(subject: str) -> Condition:
    return FAMILIES.c.subject_digest == digest(subject)


async def _scalar(question: Select[Any], connection: AsyncConnection) -> Any:
    return await connection.scalar(question)


async def _live(connection: AsyncConnection, subject: str, now: float) -> list[Family]:
    going_on = select(FAMILIES).where(
        _of(subject),
        FAMILIES.c.revoked_at.is_(None),
        or_(FAMILIES.c.current_exp.is_(None), FAMILIES.c.current_exp > now),
    )
    found = await connection.execute(going_on)
    # Here, because databases have their own ideas of an alphabet.
    return sorted((family_of(row) for row in found.mappings()), key=age)


async def _end(
    connection: AsyncConnection, now: float, *which: Condition
) -> tuple[Revocation, ...]:
    """End what goes on of some families; gives their endings, oldest first."""
    ending = (
        update(FAMILIES)
        .where(
            *which,
            FAMILIES.c.revoked_at.is_(None),
            or_(FAMILIES.c.keep_until.is_(None), FAMILIES.c.keep_until > now),
        )
        .values(revoked_at=now)
        .returning(FAMILIES)
    )
    ended = (await connection.execute(ending)).mappings().all()
    return tuple(map(ending_of, sorted(map(family_of, ended), key=age)))


def from_url(url: str) -> SQLStore:
    """The store of ``sqlite+aiosqlite://`` and ``postgresql+asyncpg://``."""
    return SQLStore(url)
