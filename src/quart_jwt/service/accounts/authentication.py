"""
Authentication: is this the password of that user?

Unknown user, wrong password and disabled user get one answer, and each costs
exactly as much hashing (``Passwords.verify``). The security event has the name of a
user only when the user exists: what is typed into the name field by mistake is often a
password.
"""

import logging
from collections.abc import Callable
from collections.abc import Sequence
from math import inf
from time import monotonic

from quart_jwt.service.accounts.account_rows import Account
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.accounts.passwords import check_password
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.accounts.passwords import Verdict
from quart_jwt.service.accounts.stored_hashes import Method
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.ground.errors import HashingBusyError

logger: logging.Logger = logging.getLogger(__name__)

METHODS_FOR_S = 1.0
"""Users who were just imported can be told apart by time for so long."""


class Authentication:
    """Checks credentials; lives as long as the application."""

    def __init__(
        self,
        accounts: Accounts,
        passwords: Passwords,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._clock = clock
        self._rehashing: set[str] = set()
        self._methods: Sequence[Method] = ()
        self._methods_until = -inf

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
            NameRuleError: The name breaks the rules.
            PasswordRuleError: The password breaks the rules.
            CredentialsError: Everything else; the security event says which.
            HashingBusyError: Too many logins at once.
        """
        name = normalised_name(name)
        check_password(password)
        # First the place, then the look-up: a flood must not wait for the database.
        with self._passwords.reserve() as place:
            methods = await self._known_methods()
            account = await self._accounts.find(name)
            verdict = await self._passwords.verify(
                None if account is None else account.password_hash,
                password,
                place,
                methods=methods,
                may_succeed=account is None or account.enabled,
            )
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

    async def _known_methods(self) -> Sequence[Method]:
        """Return the methods of all users' hashes, as they were a moment ago."""
        if self._clock() >= self._methods_until:
            self._methods = await self._accounts.hash_methods()
            self._methods_until = self._clock() + METHODS_FOR_S
        return self._methods

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
            logger.info(
                "the hash of user %r was not upgraded, because hashing is busy",
                account.name,
            )
        finally:
            self._rehashing.discard(account.name)
