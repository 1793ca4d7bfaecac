"""
What the SQL store says about revocations, as statements.
"""

from sqlalchemy import and_
from sqlalchemy import case
from sqlalchemy import ColumnElement
from sqlalchemy import exists
from sqlalchemy import false
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_jwt.stores.sql.tables import digest
from quart_jwt.stores.sql.tables import FAMILIES
from quart_jwt.stores.sql.tables import REVOCATIONS
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import scopes_of
from quart_jwt.tokens.revocation import TokenRef

Insert = sqlite.Insert | postgresql.Insert


class Remembering:
    """
    The statements that put a revocation in.

    Args:
        insert: An INSERT into the revocations.
        revocation: Of a token or of a subject.

    """

    def __init__(self, insert: Insert, revocation: Revocation) -> None:
        new = insert.values(
            scope=revocation.scope.value,
            name_digest=digest(revocation.name),
            until=revocation.until,
            issued_by=revocation.issued_by,
        )
        self._if_new = new.on_conflict_do_nothing()
        self._stricter = _stricter(new)

    async def run(self, connection: AsyncConnection) -> bool:
        """Insert it, or make the one that is there stricter; gives whether it is new.

        The transaction that inserts the row is first: others wait for it here.
        """
        inserted = await connection.execute(self._if_new)
        if inserted.rowcount == 1:
            return True
        await connection.execute(self._stricter)
        return False


def _stricter(new: Insert) -> Insert:
    old, given = REVOCATIONS.c, new.excluded
    # A comparison with NULL is not true: NULL is for ever, in either of them.
    is_later = or_(old.until.is_(None), old.until > given.until)
    until = case((is_later, old.until), else_=given.until)
    reach = case(
        (old.issued_by > given.issued_by, old.issued_by),
        else_=func.coalesce(given.issued_by, old.issued_by),
    )
    return new.on_conflict_do_update(
        index_elements=[old.scope, old.name_digest],
        set_={"until": until, "issued_by": reach},
    )


def revoked(token: TokenRef) -> ColumnElement[bool]:
    """The condition under which a token is revoked."""
    reasons: list[ColumnElement[bool]] = []
    if token.jti is not None:
        reasons.append(_is_revoked(Scope.TOKEN, token.jti))
    if token.family_id is not None:
        goes_on = and_(
            FAMILIES.c.family_id == token.family_id, FAMILIES.c.revoked_at.is_(None)
        )
        reasons.append(~exists().where(goes_on))
    if token.subject is not None:
        reaches = REVOCATIONS.c.issued_by >= token.issued_at
        reasons += [
            _is_revoked(scope, token.subject, reaches) for scope in scopes_of(token)
        ]
    return or_(false(), *reasons)


def _is_revoked(
    scope: Scope, name: str, *more: ColumnElement[bool]
) -> ColumnElement[bool]:
    return exists().where(
        REVOCATIONS.c.scope == scope.value,
        REVOCATIONS.c.name_digest == digest(name),
        *more,
    )
