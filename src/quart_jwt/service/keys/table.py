"""
The table of keys: what all processes and hosts that share a database agree on.

Every change is one statement. A key's generation is unique, so of two rotations
at once one is refused by the database itself.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import BigInteger
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy import update
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from quart_jwt.service.database.database import Base
from quart_jwt.service.database.database import Database
from quart_jwt.service.keys.schedule import StoredKey


class SigningKeyRow(Base):
    """One key; times are seconds since 1970."""

    __tablename__ = "signing_keys"

    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    algorithm: Mapped[str] = mapped_column(String(16))
    public: Mapped[str] = mapped_column(String(4096))  # a JWK, in JSON
    sealed: Mapped[str | None] = mapped_column(String(16384))
    published_at: Mapped[int] = mapped_column(BigInteger)
    signs_from: Mapped[int] = mapped_column(BigInteger)
    token_life_s: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)


_COLUMNS = select(*SigningKeyRow.__table__.columns).order_by(SigningKeyRow.generation)


class KeyTable:
    """
    The keys of a database.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listed(self) -> Sequence[StoredKey]:
        """
        Return all keys, by generation.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        rows = await self._database.rows(_COLUMNS)
        return [
            StoredKey(**{**row, "public": json.loads(row["public"])}) for row in rows
        ]

    async def add(self, key: StoredKey) -> bool:
        """
        Add a key; return False if its generation is there already.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        values = {**asdict(key), "public": json.dumps(key.public)}
        adding = self._database.insert(SigningKeyRow).values(**values)
        return await self._database.change(adding.on_conflict_do_nothing()) == 1

    async def end(self, kid: str, at: int) -> None:
        """
        End a key for good and forget its private half; a key ends once.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        ending = (
            update(SigningKeyRow)
            .where(SigningKeyRow.kid == kid, SigningKeyRow.ended_at.is_(None))
            .values(ended_at=at, sealed=None)
        )
        await self._database.change(ending)
