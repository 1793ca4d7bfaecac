"""
Accounts: who may log in.

A name is normalised to NFC, so that "é" typed on two keyboards is one user;
after that it counts exactly, upper and lower case apart. Nothing here hashes:
callers bring a hash.
"""

import secrets
import unicodedata
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from operator import attrgetter

from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import RowMapping
from sqlalchemy import select
from sqlalchemy import update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from quart_jwt.service.accounts.directory import User
from quart_jwt.service.accounts.stored_hashes import Method
from quart_jwt.service.accounts.stored_hashes import method_named
from quart_jwt.service.accounts.stored_hashes import method_of
from quart_jwt.service.database.database import Database
from quart_jwt.service.database.database import UserRow
from quart_jwt.service.ground.errors import NameRuleError
from quart_jwt.service.ground.errors import NameTakenError
from quart_jwt.service.ground.errors import UnknownNameError
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.grants import NONE
from quart_jwt.service.ground.values import Clock

MAX_NAME_CHARACTERS = 256
_NO_NAME_CATEGORIES = {"Cc", "Cf", "Cs"}
"""Control (NUL too) and invisible formatting characters, and surrogates."""

EPOCH_BITS = 16
"""An epoch begins with the second in which the account was made and counts up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(User):
    """
    One account, as it was when it was read.

    Attributes:
        password_hash: An encoded Argon2id hash.
        created_at: Seconds since 1970.
    """

    password_hash: str = field(repr=False)
    created_at: int


def normalised_name(text: str) -> str:
    """
    Return a user name as it is stored and compared.

    Raises:
        NameRuleError: The text cannot be a name; the message says why.
    """
    name = unicodedata.normalize("NFC", text)
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise NameRuleError(f"A user name has 1 to {MAX_NAME_CHARACTERS} characters")
    if name != name.strip():
        raise NameRuleError("A user name has no blanks at its ends")
    if any(
        unicodedata.category(character) in _NO_NAME_CATEGORIES for character in name
    ):
        raise NameRuleError("A user name has no control characters or surrogates")
    return name


class Accounts:
    """The accounts in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, name: str, password_hash: str, grants: Grants = NONE) -> str:
        """
        Add an account and return its normalised name.

        Raises:
            NameRuleError: The name breaks the rules.
            NameTakenError: The name is taken.
        """
        name = normalised_name(name)
        row = self._row(name, password_hash, grants)
        if await self._database.change(row.on_conflict_do_nothing()) == 0:
            raise NameTakenError(f"there is a user named {name!r} already")
        return name

    async def register(self, name: str, password_hash: str, grants: Grants) -> bool:
        """
        Add an account unless its normalised name is taken; say whether it was free.

        A row is written either way, for a taken name the row that is there: a commit
        that has nothing to write is quicker, and that would tell.
        """
        row = self._row(name, password_hash, grants)
        either = row.on_conflict_do_update(
            index_elements=[UserRow.name], set_={"name": row.excluded.name}
        ).returning(UserRow.password_hash)
        (written,) = await self._database.change_returning(either)
        # Hashes have their own salts: this one is ours only if the row is.
        return bool(written["password_hash"] == password_hash)

    async def find(self, name: str) -> Account | None:
        """Return an account by its normalised name."""
        found = await self._database.rows(_BY_NAME, name=name)
        return _account(found[0]) if found else None

    async def listed(self) -> Sequence[Account]:
        """Return all accounts, by name."""
        accounts = [_account(row) for row in await self._database.rows(_COLUMNS)]
        # Here, because databases have their own ideas of an alphabet.
        return sorted(accounts, key=attrgetter("name"))

    async def count(self) -> int:
        """Return how many accounts there are."""
        (row,) = await self._database.rows(
            select(func.count().label("users")).select_from(UserRow)
        )
        return int(row["users"])

    async def hash_methods(self) -> Sequence[Method]:
        """Return the methods of all password hashes; each costs one index look-up."""
        found = await self._database.rows(_METHODS)
        named = (method_named(row["method"]) for row in found)
        return [method for method in named if method is not None]

    async def set_password(self, name: str, password_hash: str) -> int:
        """
        Change a password, and return the new epoch: sessions of an older one are to
        be ended (``user_changes``).

        Raises:
            UnknownNameError: There is no such user.
        """
        return await self._change(
            name,
            **_hash_columns(password_hash),
            session_epoch=UserRow.session_epoch + 1,
        )

    async def replace_password(self, account: Account, password_hash: str) -> bool:
        """
        Change a password and count up the epoch, unless somebody else has done so
        since the account was read; say whether it was done.
        """
        changed = await self._database.change(
            update(UserRow)
            .where(
                UserRow.name == account.name,
                UserRow.session_epoch == account.session_epoch,
                UserRow.enabled,
            )
            .values(
                **_hash_columns(password_hash),
                session_epoch=UserRow.session_epoch + 1,
            )
        )
        return changed == 1

    async def change_grants(
        self,
        name: str,
        change: Callable[[Grants], Grants],
        *,
        sign_out: bool = False,
    ) -> Account:
        """
        Change the roles and scopes of a user, and return the user with the new ones.

        Args:
            name: The user.
            change: Makes the new ones of those that there are; called again if
                somebody else was quicker.
            sign_out: Whether to count up the epoch as well.

        Raises:
            UnknownNameError: There is no such user.
            GrantRuleError: They are too many.
        """
        name = normalised_name(name)
        while True:
            account = await self.find(name)
            if account is None:
                raise UnknownNameError(f"there is no user named {name!r}")
            wanted = change(account.grants)
            as_read = update(UserRow).where(
                UserRow.name == name,
                *(
                    getattr(UserRow, column) == text
                    for column, text in _columns_of(account.grants).items()
                ),
            )
            change_row = as_read.values(
                **_columns_of(wanted),
                session_epoch=UserRow.session_epoch + int(sign_out),
            )
            written = await self._database.change_returning(
                change_row.returning(UserRow.session_epoch)
            )
            for row in written:
                return replace(
                    account, grants=wanted, session_epoch=row["session_epoch"]
                )

    async def disable(self, name: str) -> int:
        """
        Shut a user out, and return the new epoch: sessions of an older one are to be
        ended (``user_changes``).

        Raises:
            UnknownNameError: There is no such user.
        """
        return await self._change(
            name, enabled=False, session_epoch=UserRow.session_epoch + 1
        )

    async def enable(self, name: str) -> None:
        """
        Let a user log in again.

        Raises:
            UnknownNameError: There is no such user.
        """
        await self._change(name, enabled=True)

    async def replace_hash(self, account: Account, password_hash: str) -> None:
        """Store a new hash of the same password, unless the hash has changed."""
        await self._database.change(
            update(UserRow)
            .where(
                UserRow.name == account.name,
                UserRow.password_hash == account.password_hash,
            )
            .values(**_hash_columns(password_hash))
        )

    def _row(
        self, name: str, password_hash: str, grants: Grants
    ) -> sqlite.Insert | postgresql.Insert:
        return self._database.insert(UserRow).values(
            name=name,
            **_hash_columns(password_hash),
            session_epoch=self._first_epoch(),
            created_at=int(self._clock()),
            **_columns_of(grants),
        )

    def _first_epoch(self) -> int:
        """An epoch beyond those of a deleted namesake, whose sessions stay dead."""
        return (int(self._clock()) << EPOCH_BITS) + secrets.randbits(EPOCH_BITS)

    async def _change(self, name: str, **values: object) -> int:
        """Change the row of a user, and return its epoch."""
        name = normalised_name(name)
        change = update(UserRow).where(UserRow.name == name).values(**values)
        changed = await self._database.change_returning(
            change.returning(UserRow.session_epoch)
        )
        if not changed:
            raise UnknownNameError(f"there is no user named {name!r}")
        return int(changed[0]["session_epoch"])


_COLUMNS = select(
    UserRow.name,
    UserRow.password_hash,
    UserRow.enabled,
    UserRow.session_epoch,
    UserRow.created_at,
    UserRow.roles,
    UserRow.scopes,
)
# DISTINCT reads the whole index; this goes from each method to the next one.
_FIRST = select(func.min(UserRow.hash_method).label("method")).cte(
    "methods", recursive=True
)
_NEXT = (
    select(func.min(UserRow.hash_method))
    .where(UserRow.hash_method > _FIRST.c.method)
    .correlate(_FIRST)
    .scalar_subquery()
)
_WALK = _FIRST.union_all(select(_NEXT).where(_FIRST.c.method.is_not(None)))
_METHODS = select(_WALK.c.method).where(_WALK.c.method.is_not(None))
# It is asked at each login and refresh: made once, SQLAlchemy knows it again at once.
_BY_NAME = _COLUMNS.where(UserRow.name == bindparam("name"))


def _account(row: RowMapping) -> Account:
    return Account(
        name=row["name"],
        password_hash=row["password_hash"],
        enabled=row["enabled"],
        session_epoch=row["session_epoch"],
        created_at=row["created_at"],
        grants=Grants(
            roles=tuple(row["roles"].split()), scopes=tuple(row["scopes"].split())
        ),
    )


def _hash_columns(password_hash: str) -> dict[str, str | None]:
    method = method_of(password_hash)
    text = None if method is None else method.text
    return {"password_hash": password_hash, "hash_method": text}


def _columns_of(grants: Grants) -> dict[str, str]:
    return {"roles": " ".join(grants.roles), "scopes": " ".join(grants.scopes)}
