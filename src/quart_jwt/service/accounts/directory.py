"""
User directories: where users come from, and what each of them can do.

Ours is ``SqlDirectory``. Another one (LDAP, a file, a service of your own) is a class
that does what ``UserDirectory`` says, in a distribution with an entry point in the
group ``quart_jwt.user_directories``: see docs/operate/accounts.md. What else a
directory can do, it says by having the method of ``PasswordChanging``, ``Registering``
or ``ThrottleNaming``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from typing import runtime_checkable

from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.grants import NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """
    One user, as the directory had it when it was asked.

    Attributes:
        name: What ``find`` finds the user by; ``sub`` of the user's tokens.
        enabled: Whether the user may log in and use tokens.
        grants: The user's roles and scopes.
        session_epoch: Sessions that began under another number are over. It grows when
            the password changes, or when a user is to be signed out everywhere.
    """

    name: str
    enabled: bool = True
    grants: Grants = NONE
    session_epoch: int = 0


@runtime_checkable
class UserDirectory(Protocol):
    """
    A directory of users; lives as long as the application.

    Each verb is awaited on the event loop and must not block it. Names come in NFC,
    with 1 to 256 characters and no invisible ones; passwords have 1 to 1,024 bytes,
    never none: to LDAP a bind with an empty password is a success (RFC 4513 §5.1.2).
    """

    async def open(self) -> None:
        """Get ready, before the first request."""

    async def close(self) -> None:
        """Let go of everything; also after an ``open`` that failed."""

    async def authenticate(self, name: str, password: str) -> User:
        """
        Return the user that the credentials belong to.

        An unknown name must cost as much time as a wrong password.

        Raises:
            CredentialsError: There is no such user, the password is another, or the
                user is disabled.
        """
        ...

    async def find(self, name: str) -> User | None:
        """
        Return a user by the name that ``authenticate`` gave; None if there is none.

        It is asked at every login and refresh. Of a directory from elsewhere, an answer
        that finds an enabled user also counts for the user's protected requests, for
        as long as ``JWT_REVOCATION_BOUND`` says.
        """
        ...


@runtime_checkable
class PasswordChanging(Protocol):
    """A directory in which users can change their passwords."""

    async def change_password(self, name: str, current: str, new: str) -> User:
        """
        Set a new password if the current one is right; in one step, so that of two
        changes at once one is refused. The user's ``session_epoch`` changes.

        Raises:
            WrongPasswordError: It is not the current one, or the user is gone.
        """
        ...


@runtime_checkable
class Registering(Protocol):
    """A directory in which strangers can become users."""

    async def register(self, name: str, password: str, grants: Grants) -> bool:
        """
        Add a user unless the name is taken, and say whether it was free.

        It must cost the same either way.
        """
        ...


@runtime_checkable
class ThrottleNaming(Protocol):
    """A directory that knows which names are one account."""

    def throttle_name(self, name: str) -> str:
        """
        Return what the failures of a name are counted by: the same text for all
        spellings that ``authenticate`` takes for one user, and only for those.

        It is called for names that there are not, too, and must not block or ask
        anybody. Without it names are counted by ``throttle_names.coarse_name``.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """
    A directory in use, and what it can do.

    Attributes:
        directory: The directory.
        throttle_name: Gives what the failures of a normalised name are counted by.
        password_changing: The same if it can change passwords; else None.
        registering: The same if it can add users; else None.
    """

    directory: UserDirectory
    throttle_name: Callable[[str], str]
    password_changing: PasswordChanging | None = None
    registering: Registering | None = None
