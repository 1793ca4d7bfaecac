"""
The user directory that the service has by itself: users in its database.
"""

from dataclasses import replace

from quart_jwt.service.accounts.account_rows import Account
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.authentication import Authentication
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.accounts.passwords import check_new_password
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.ground.errors import PasswordRuleError
from quart_jwt.service.ground.errors import WrongPasswordError
from quart_jwt.service.ground.grants import Grants


class SqlDirectory:
    """
    Users in the database; the verbs are those of ``directory``.

    Args:
        accounts: The rows.
        passwords: The hashing pool.
        authentication: Compares the two.
    """

    def __init__(
        self, accounts: Accounts, passwords: Passwords, authentication: Authentication
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._authentication = authentication

    async def open(self) -> None:
        """Do nothing: the app opens the database and the hashing pool itself."""

    async def close(self) -> None:
        """Do nothing: the app closes them itself."""

    async def authenticate(self, name: str, password: str) -> Account:
        """See ``Authentication.authenticate``."""
        return await self._authentication.authenticate(name, password)

    async def find(self, name: str) -> Account | None:
        """See ``Accounts.find``."""
        return await self._accounts.find(name)

    async def change_password(self, name: str, current: str, new: str) -> Account:
        """
        Set a new password: one verification, and one hash if it was right.

        Raises:
            PasswordRuleError: The new password breaks the rules.
            WrongPasswordError: The current one is another, or was changed meanwhile.
            HashingBusyError: Too many hashes at once; nothing was changed.
        """
        check_new_password(new)
        try:
            account, _verdict = await self._authentication.verify(name, current)
        except (
            CredentialsError,
            PasswordRuleError,
        ):  # a malformed password does not match
            raise WrongPasswordError from None
        password_hash = await self._passwords.hash(new)
        if not await self._accounts.replace_password(account, password_hash):
            raise WrongPasswordError
        return replace(
            account,
            password_hash=password_hash,
            session_epoch=account.session_epoch + 1,
        )

    async def register(self, name: str, password: str, grants: Grants) -> bool:
        """
        Add a user unless the name is taken: one hash and one row either way.

        Raises:
            NameRuleError: The name breaks the rules.
            PasswordRuleError: The password breaks the rules.
            HashingBusyError: Too many hashes at once; no user was added.
        """
        name = normalised_name(name)
        check_new_password(password)
        password_hash = await self._passwords.hash(password)
        return await self._accounts.register(name, password_hash, grants)
