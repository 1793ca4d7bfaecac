"""
Authentication: is this the password of that user?

Unknown user, wrong password and disabled user get one answer, and each costs
exactly one Argon2 verification. The security event has the name of a user only
when the user exists: what is typed into the name field by mistake is often a password.
"""

import logging

from quart_jwt.service.accounts.accounts import Account
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.accounts import normalised_name
from quart_jwt.service.accounts.passwords import check_password
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.accounts.passwords import Verdict
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.ground.errors import HashingBusyError

logger: logging.Logger = logging.getLogger(__name__)


class Authentication:
    """Checks credentials; lives as long as the application."""

    def __init__(self, accounts: Accounts, passwords: Passwords) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._rehashing: set[str] = set()

    async def authenticate(self, name: str, password: str) -> Account:
        """
        Return the account that the credentials belong to; its hash is brought up to
        today's cost.

        Raises:
            ServiceError: As ``verify``.
        """
        account, verdict = await self.verify(name, password)
        if verdict.outdated:
            await self._rehash(account, password)
        return account

    async def verify(self, name: str, password: str) -> tuple[Account, Verdict]:
        """
        Return the account that the credentials belong to, and what was found.

        Raises:
            NameRuleError: The name can be nobody's.
            PasswordRuleError: The password can be nobody's.
            CredentialsError: Everything else; the security event says which.
            HashingBusyError: Too many logins at once.
        """
        name = normalised_name(name)
        check_password(password)
        # First the place, then the look-up: a flood must not wait for the database.
        with self._passwords.reserve() as place:
            account = await self._accounts.find(name)
            stored = None if account is None else account.password_hash
            verdict = await self._passwords.verify(stored, password, place)
        if account is None:
            raise CredentialsError("unknown_user", None)
        if verdict.hostile:
            logger.error("unusable hash stored for user %r", name)
            raise CredentialsError("unusable_hash", name)
        if not verdict.matches:
            raise CredentialsError("wrong_password", name)
        if not account.enabled:
            raise CredentialsError("disabled", name)
        return account, verdict

    async def _rehash(self, account: Account, password: str) -> None:
        """Store the hash at today's cost; once, however many logins meet."""
        if account.name in self._rehashing:
            return
        self._rehashing.add(account.name)
        try:
            current = await self._accounts.find(account.name)
            if current is not None and current.password_hash == account.password_hash:
                fresh = await self._passwords.hash(password)
                await self._accounts.replace_hash(account, fresh)
        except HashingBusyError:
            logger.info("rehash of user %r waits for a calmer login", account.name)
        finally:
            self._rehashing.discard(account.name)
