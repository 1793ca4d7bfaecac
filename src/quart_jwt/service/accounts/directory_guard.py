"""
The guard of a plugged-in user directory: how it is called, and which results are
accepted.

What is raised becomes one of the service's errors here and nowhere else, and what
comes out is checked. The log says what was raised and where.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable
from collections.abc import Callable
from typing import TypeVar

from quart_jwt.service.accounts.directory import User
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.ground.errors import DirectoryError
from quart_jwt.service.ground.errors import HashingBusyError
from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.ground.errors import WrongPasswordError
from quart_jwt.service.ground.grants import checked_grants

T = TypeVar("T")

TIMEOUT_S = 5
"""As patient as with our own database."""

ANSWERS = (
    CredentialsError,
    WrongPasswordError,
    HashingBusyError,
    StoreUnavailableError,
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

    async def ask(self, verb: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """
        Ask a directory and wait for its answer.

        Args:
            verb: Its method.
            arguments: What the method is called with.

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
        except Exception as error:  # noqa: BLE001 - fails closed
            logger.error(  # noqa: TRY400 - a traceback shows texts unseen
                "user directory %r failed: %s", self.name, raised(error)
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
        logger.error("user directory %r returned an invalid user: %s", self.name, fault)
        raise DirectoryError


def raised(error: Exception) -> str:
    """
    Return what was raised and where, for the log.

    Not its text: that may hold what the directory was called with, such as a password.
    """
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return f"{type(error).__name__} at {frame.f_code.co_filename}:{line}"


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


def _known_reason(error: CredentialsError) -> str:
    given = getattr(error, "reason", None)
    return next((reason for reason in REASONS if reason == given), "refused")
