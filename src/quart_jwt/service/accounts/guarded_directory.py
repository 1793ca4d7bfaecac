"""
A guard around a user directory from elsewhere: it fails closed, whatever it does.

What goes in is checked as for our own directory, what comes out is checked before it
is believed, and what is raised becomes one of the service's errors here and nowhere
else. The log says what was raised and where, and never with a password in it.
"""

import asyncio
import logging
import traceback
from base64 import b64encode
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterator
from typing import TypeVar
from urllib.parse import quote

from quart_jwt.service.accounts.accounts import normalised_name
from quart_jwt.service.accounts.directory import PasswordChanging
from quart_jwt.service.accounts.directory import Registering
from quart_jwt.service.accounts.directory import User
from quart_jwt.service.accounts.directory import UserDirectory
from quart_jwt.service.accounts.grants import checked_grants
from quart_jwt.service.accounts.grants import Grants
from quart_jwt.service.accounts.passwords import check_new_password
from quart_jwt.service.accounts.passwords import check_password
from quart_jwt.service.errors import CredentialsError
from quart_jwt.service.errors import DirectoryError
from quart_jwt.service.errors import HashingBusyError
from quart_jwt.service.errors import PasswordRuleError
from quart_jwt.service.errors import ServiceError
from quart_jwt.service.errors import StartError
from quart_jwt.service.errors import StoreError
from quart_jwt.service.errors import WrongPasswordError

T = TypeVar("T")

TIMEOUT_S = 5
"""As patient as with our own database."""

ANSWERS = (
    CredentialsError,
    WrongPasswordError,
    HashingBusyError,
    StoreError,
    DirectoryError,
)
"""What a directory may raise; everything else is a fault of it."""

REASONS = ("wrong_password", "unknown_user", "disabled", "unusable_hash")
"""What a refused login may be for; what else a directory says is not ours to keep."""

logger: logging.Logger = logging.getLogger(__name__)


class Guard:
    """
    Asks a directory and translates what it raises.

    Args:
        name: What the directory is called in the settings and in the log.
        timeout_s: How long an answer may take, in seconds.
    """

    def __init__(self, name: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self.name = name
        self._timeout_s = timeout_s

    async def ask(
        self,
        verb: Callable[..., Awaitable[T]],
        *arguments: object,
        hide: tuple[str, ...] = (),
    ) -> T:
        """
        Ask a directory and wait for its answer.

        Args:
            verb: Its method.
            arguments: What the method is called with.
            hide: What must not come into the log: passwords, and names as they were
                typed, which by mistake are often passwords.

        Raises:
            ServiceError: One of ``ANSWERS``.
            DirectoryError: It raised anything else, or did not answer in time.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return await verb(*arguments)
        except CredentialsError as error:
            raise CredentialsError(_known_reason(error)) from None
        except ANSWERS:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody gets in
            logger.error(  # noqa: TRY400 - a traceback shows texts unseen
                "user directory %r failed: %s", self.name, shown(error, hide)
            )
        # Here, so that no traceback leads from our error to theirs.
        raise DirectoryError

    def believed(self, given: object) -> User:
        """
        Return what a directory gave if it is a user.

        Raises:
            DirectoryError: It is none, or one that no token can be of.
        """
        fault = _fault(given)
        if isinstance(given, User) and fault is None:
            return given
        logger.error("user directory %r gave no user: %s", self.name, fault)
        raise DirectoryError


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
            NameRuleError: The name can be nobody's.
            PasswordRuleError: The password can be nobody's.
            CredentialsError: The directory says no, or the user is disabled.
            DirectoryError: It does not answer as it should.
        """
        name = normalised_name(name)
        check_password(password)
        found = await self._guard.ask(
            self._inner.authenticate, name, password, hide=(name, password)
        )
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
                self._inner.change_password, name, current, new, hide=(current, new)
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
        return bool(
            await self._guard.ask(
                register, name, password, grants, hide=(name, password)
            )
        )


def _known_reason(error: CredentialsError) -> str:
    given = getattr(error, "reason", None)
    return next((reason for reason in REASONS if reason == given), "refused")


def _fault(given: object) -> str | None:
    """Why that is no user of whom a token could be; None if it is one."""
    if not isinstance(given, User):
        return "it is not a User"
    try:
        if normalised_name(given.name) != given.name:
            return "its name is not in NFC"
        checked_grants(roles=given.grants.roles, scopes=given.grants.scopes)
    except (ServiceError, TypeError) as error:
        return str(error)
    return None


def shown(error: Exception, hide: tuple[str, ...] = ()) -> str:
    """
    Return what an error says and where it was raised, for the log.

    Args:
        error: What a directory raised.
        hide: What must not be shown. A text in which it stands, as it is or encoded,
            is left out as a whole: a gap would say how long it is.
    """
    text = f": {error}" if str(error) else ""
    if any(form in text for secret in hide for form in _forms(secret)):
        text = " (its text is left out: it has a name or a password in it)"
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return f"{type(error).__name__}{text} at {frame.f_code.co_filename}:{line}"


def _forms(secret: str) -> Iterator[str]:
    """How a text stands in what protocols and programs make of it."""
    data = secret.encode()
    yield from (secret, repr(secret)[1:-1], repr(data)[2:-1], quote(secret), data.hex())
    for before, mixed in ((0, 0), (1, 2), (2, 3)):
        # Wherever it stands in what was encoded (SASL PLAIN has the name before it):
        # without the characters that it shares with its neighbours.
        encoded = b64encode(bytes(before) + data).decode().rstrip("=")
        end = len(encoded) - ((before + len(data)) % 3 > 0)
        if mixed < end:
            yield encoded[mixed:end]
