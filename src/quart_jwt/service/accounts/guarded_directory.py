"""
A plugged-in user directory, guarded: any error fails closed.

Each verb is that of ``directory``; what goes in is checked as for our own.
"""

import logging

from quart_jwt.service.accounts.directory import PasswordChanging
from quart_jwt.service.accounts.directory import Registering
from quart_jwt.service.accounts.directory import User
from quart_jwt.service.accounts.directory import UserDirectory
from quart_jwt.service.accounts.directory_guard import Guard
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.accounts.passwords import check_new_password
from quart_jwt.service.accounts.passwords import check_password
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.ground.errors import DirectoryError
from quart_jwt.service.ground.errors import PasswordRuleError
from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.errors import WrongPasswordError
from quart_jwt.service.ground.grants import Grants

logger: logging.Logger = logging.getLogger(__name__)


class GuardedDirectory:
    """
    A ``UserDirectory`` from elsewhere.

    Args:
        inner: The directory.
        guard: Its guard.
    """

    def __init__(self, inner: UserDirectory, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def open(self) -> None:
        """
        Open it.

        Raises:
            StartError: It cannot be opened; the log says why.
        """
        try:
            await self._guard.ask(self._inner.open)
        except ServiceError as error:
            raise StartError(
                f"the user directory {self._guard.name!r} cannot be opened"
            ) from error

    async def close(self) -> None:
        """Close it; a failure is logged, and nothing is left to be done about it."""
        try:
            await self._guard.ask(self._inner.close)
        except ServiceError:
            logger.warning("user directory %r was not closed", self._guard.name)

    async def authenticate(self, name: str, password: str) -> User:
        """
        Return the user that the credentials belong to.

        Raises:
            NameRuleError: The name breaks the rules.
            PasswordRuleError: The password breaks the rules.
            CredentialsError: The directory says no, or the user is disabled.
            DirectoryError: It does not answer as it should.
        """
        name = normalised_name(name)
        check_password(password)
        found = await self._guard.ask(self._inner.authenticate, name, password)
        user = self._guard.believed(found)
        if not user.enabled:
            raise CredentialsError("disabled", user.name)
        return user

    async def find(self, name: str) -> User | None:
        """
        Return a user, or None if there is none of exactly that name.

        Raises:
            DirectoryError: The directory does not answer as it should.
        """
        found = await self._guard.ask(self._inner.find, name)
        if found is None:
            return None
        user = self._guard.believed(found)
        # Another user's rights must not come with this name's token.
        return user if user.name == name else None


class GuardedPasswordChanging:
    """
    Password changes in a directory from elsewhere.

    Args:
        inner: The directory.
        guard: Its guard.
    """

    def __init__(self, inner: PasswordChanging, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def change_password(self, name: str, current: str, new: str) -> User:
        """
        Set a new password.

        Raises:
            PasswordRuleError: The new password breaks our rules.
            WrongPasswordError: The directory says that the current one is another.
            DirectoryError: It does not answer as it should.
        """
        check_new_password(new)
        try:
            check_password(current)
            changed = await self._guard.ask(
                self._inner.change_password, name, current, new
            )
        except (CredentialsError, PasswordRuleError):
            raise WrongPasswordError from None
        user = self._guard.believed(changed)
        if user.name != name or not user.enabled:
            logger.error("user directory %r changed another user", self._guard.name)
            raise DirectoryError
        return user


class GuardedRegistering:
    """
    Registration in a directory from elsewhere.

    Args:
        inner: The directory.
        guard: Its guard.
    """

    def __init__(self, inner: Registering, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    async def register(self, name: str, password: str, grants: Grants) -> bool:
        """
        Add a user unless the name is taken.

        Raises:
            NameRuleError: The name breaks our rules.
            PasswordRuleError: The password breaks our rules.
            DirectoryError: The directory does not answer as it should.
        """
        name = normalised_name(name)
        check_new_password(password)
        register = self._inner.register
        return bool(await self._guard.ask(register, name, password, grants))
