"""
Clients: the programs that may ask about tokens, each with a secret that we made.

A secret is 256 random bits, which cannot be guessed even with a fast hash, so SHA-256
is enough. Argon2 is for passwords that people choose, and would cost each request 24 ms
of CPU time.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import BigInteger
from sqlalchemy import delete
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from quart_jwt.service.database.database import Base
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import NameRuleError
from quart_jwt.service.ground.errors import NameTakenError
from quart_jwt.service.ground.errors import UnknownNameError
from quart_jwt.service.ground.values import Clock

SECRET_BYTES = 32
NOBODYS_HASH = "0" * 64
"""
What a secret is compared with if there is no such client: a random, discarded secret.
"""

_NAME = re.compile(r"[A-Za-z0-9._~-]{1,64}")
"""RFC 3986's unreserved characters: the same in a URL, a form and a header."""


class ClientRow(Base):
    """One client."""

    __tablename__ = "clients"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int] = mapped_column(BigInteger)  # seconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """
    One client, as the command line lists it.

    Attributes:
        name: Its ``client_id`` (RFC 6749 §2.2).
        created_at: Seconds since 1970.
    """

    name: str
    created_at: int


class Clients:
    """The clients in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, name: str) -> str:
        """
        Add a client and return its secret, which is kept nowhere.

        Raises:
            NameRuleError: The name breaks the rules.
            NameTakenError: The name is taken.
        """
        if not _NAME.fullmatch(name):
            raise NameRuleError(
                "A client's name must have 1 to 64 characters: letters, digits and . "
                "_ ~ -"
            )
        secret = secrets.token_urlsafe(SECRET_BYTES)
        row = self._database.insert(ClientRow).values(
            name=name, secret_hash=_hash(secret), created_at=int(self._clock())
        )
        if await self._database.change(row.on_conflict_do_nothing()) == 0:
            raise NameTakenError(f"there is a client named {name!r} already")
        return secret

    async def listed(self) -> Sequence[Client]:
        """Return all clients, by name."""
        rows = await self._database.rows(select(ClientRow.name, ClientRow.created_at))
        return sorted((Client(**row) for row in rows), key=lambda one: one.name)

    async def remove(self, name: str) -> None:
        """
        Remove a client; its secret is rejected from the next request on.

        Raises:
            UnknownNameError: There is no such client.
        """
        gone = delete(ClientRow).where(ClientRow.name == name)
        if await self._database.change(gone) == 0:
            raise UnknownNameError(f"there is no client named {name!r}")

    async def knows(self, name: str, secret: str) -> bool:
        """
        Say whether this is the secret of that client.

        An unknown client costs the same look-up and the same comparison, which takes
        as long for every wrong secret.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        found = await self._database.rows(
            select(ClientRow.secret_hash).where(ClientRow.name == name)
            if _NAME.fullmatch(name)
            else _NOBODY
        )
        stored = found[0]["secret_hash"] if found else NOBODYS_HASH
        return compare_digest(_hash(secret), stored)


_NOBODY = select(ClientRow.secret_hash).where(ClientRow.name == "")


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8")).hexdigest()
