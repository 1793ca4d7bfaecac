"""
Accounts: who may log in.

Nothing here hashes: callers bring a hash.
"""

import secrets
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from sqlalchemy import case
from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy import update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from quart_jwt.service.accounts.account_rows import Account
from quart_jwt.service.accounts.account_rows import account_of
from quart_jwt.service.accounts.account_rows import ALL
from quart_jwt.service.accounts.account_rows import BY_NAME
from quart_jwt.service.accounts.account_rows import grant_columns
from quart_jwt.service.accounts.account_rows import hash_columns
from quart_jwt.service.accounts.account_rows import METHODS
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.accounts.records import Record
from quart_jwt.service.accounts.stored_hashes import Method
from quart_jwt.service.accounts.stored_hashes import method_named
from quart_jwt.service.database.database import Database
from quart_jwt.service.database.database import UserRow
from quart_jwt.service.ground.errors import NameTakenError
from quart_jwt.service.ground.errors import UnknownNameError
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.grants import NONE
from quart_jwt.service.ground.values import Clock

EPOCH_BITS = 16
"""An epoch begins with the second in which the account was made and counts up."""


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

    async def add_all(self, records: Sequence[Record]) -> Sequence[str]:
        """Add many accounts in one transaction; return the names that were free."""
        rows = [
            {
                "name": record.name,
                **hash_columns(record.password_hash),
                **grant_columns(record.grants),
                "enabled": record.enabled,
                "session_epoch": self._first_epoch(),
                "created_at": int(self._clock())
                if record.created_at is None
                else record.created_at,
            }
            for record in records
        ]
        many = self._database.insert(UserRow).values(rows).on_conflict_do_nothing()
        written = await self._database.change_returning(many.returning(UserRow.name))
        return [row["name"] for row in written]

    async def taken(self, names: Sequence[str]) -> Sequence[str]:
        """Return those of some normalised names that there are."""
        found = await self._database.rows(
            select(UserRow.name).where(UserRow.name.in_(names))
        )
        return [row["name"] for row in found]

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
        found = await self._database.rows(BY_NAME, name=name)
        return account_of(found[0]) if found else None

    async def listed(self) -> Sequence[Account]:
        """Return all accounts, by name."""
        accounts = [account_of(row) for row in await self._database.rows(ALL)]
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
        found = await self._database.rows(METHODS)
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
            **hash_columns(password_hash),
            session_epoch=UserRow.session_epoch + 1,
        )

    async def replace_password(self, account: Account, password_hash: str) -> bool:
        """
        Change a password and count up the epoch, unless it was changed since the
        account was read; return whether it was done.
        """
        changed = await self._database.change(
            update(UserRow)
            .where(
                UserRow.name == account.name,
                UserRow.session_epoch == account.session_epoch,
                UserRow.enabled,
            )
            .values(
                **hash_columns(password_hash),
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
            change: Returns the new grants for the current ones; called again after a
                concurrent change.
            sign_out: Whether to increase the epoch as well.

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
                    for column, text in grant_columns(account.grants).items()
                ),
            )
            change_row = as_read.values(
                **grant_columns(wanted),
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

    async def remove(self, name: str) -> int:
        """
        Remove a user, and return an epoch that is newer than that of every session,
        which are to be ended (``user_changes``).

        Raises:
            UnknownNameError: There is no such user.
        """
        name = normalised_name(name)
        removal = delete(UserRow).where(UserRow.name == name)
        removed = await self._database.change_returning(
            removal.returning(UserRow.session_epoch)
        )
        if not removed:
            raise UnknownNameError(f"there is no user named {name!r}")
        return int(removed[0]["session_epoch"]) + 1

    async def rename(self, name: str, new_name: str) -> int:
        """
        Give a user another name, and return the new epoch: sessions of the old name
        are to be ended (``user_changes``).

        Raises:
            UnknownNameError: There is no such user.
            NameTakenError: There is one of the new name.
            NameRuleError: The new name breaks the rules.
        """
        new_name = normalised_name(new_name)
        if await self.find(new_name) is not None:
            raise NameTakenError(f"there is a user named {new_name!r} already")
        # Beyond this user's sessions, and beyond those of an earlier one of that name.
        fresh, current = self._first_epoch(), UserRow.session_epoch
        epoch = case((current >= fresh, current + 1), else_=fresh)
        return await self._change(name, name=new_name, session_epoch=epoch)

    async def replace_hash(self, account: Account, password_hash: str) -> None:
        """Store a new hash of the same password, unless the hash has changed."""
        await self._database.change(
            update(UserRow)
            .where(
                UserRow.name == account.name,
                UserRow.password_hash == account.password_hash,
            )
            .values(**hash_columns(password_hash))
        )

    def _row(
        self, name: str, password_hash: str, grants: Grants
    ) -> sqlite.Insert | postgresql.Insert:
        return self._database.insert(UserRow).values(
            name=name,
            **hash_columns(password_hash),
            session_epoch=self._first_epoch(),
            created_at=int(self._clock()),
            **grant_columns(grants),
        )

    def _first_epoch(self) -> int:
        """An epoch beyond those of a deleted namesake, whose sessions stay dead."""
        return (int(self._clock()) << EPOCH_BITS) + secrets.randbits(EPOCH_BITS)

    async def _change(self, name: str, /, **values: object) -> int:
        """Change the row of a user, and return its epoch."""
        name = normalised_name(name)
        change = update(UserRow).where(UserRow.name == name).values(**values)
        changed = await self._database.change_returning(
            change.returning(UserRow.session_epoch)
        )
        if not changed:
            raise UnknownNameError(f"there is no user named {name!r}")
        return int(changed[0]["session_epoch"])
