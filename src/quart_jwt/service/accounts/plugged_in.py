"""
A user directory from elsewhere: found by its entry point, made from its options.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from importlib.metadata import entry_points
from importlib.metadata import EntryPoint
from typing import Any

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.service.accounts.directory import PasswordChanging
from quart_jwt.service.accounts.directory import Registering
from quart_jwt.service.accounts.directory import ThrottleNaming
from quart_jwt.service.accounts.directory import UserDirectory
from quart_jwt.service.accounts.directory import Users
from quart_jwt.service.accounts.directory_guard import Guard
from quart_jwt.service.accounts.guarded_directory import GuardedDirectory
from quart_jwt.service.accounts.guarded_directory import GuardedPasswordChanging
from quart_jwt.service.accounts.guarded_directory import GuardedRegistering
from quart_jwt.service.accounts.throttle_names import coarse_name
from quart_jwt.service.accounts.throttle_names import GuardedThrottleNames
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.groups import DirectoryOptions
from quart_jwt.service.settings.reading import DIRECTORY
from quart_jwt.service.settings.sources import PREFIX

GROUP = "quart_jwt.user_directories"


class MissingOptionError(KeyError):
    """
    Raised when a directory looks for an option that is not set.

    Attributes:
        option: Its name.
    """

    def __init__(self, option: str) -> None:
        super().__init__(option)
        self.option = option


class OptionsRead(Mapping[str, str]):
    """
    The options of a directory, which remember what was looked at.

    An option that its factory never looks at is a misspelt one.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.unread: set[str] = set(values)

    def __getitem__(self, name: str) -> str:
        self.unread.discard(name)
        if name not in self._values:
            raise MissingOptionError(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        """The names; a value may be a password."""
        return f"{type(self).__name__}({', '.join(sorted(self._values))})"


def plugged_in(wanted: DirectoryOptions) -> Users:
    """
    Return the directory that the settings name, guarded; nothing is opened yet.

    Raises:
        SettingsError: No distribution has it, or more than one; it cannot be loaded;
            it does not take its options, or has no use for one of them.
    """
    factory = _loaded(_entry_point(wanted.name))
    options = OptionsRead(wanted.options)
    directory = _made(factory, options)
    if options.unread:
        raise SettingsError(
            [
                f"{_variable(option)} is not an option of the user directory"
                for option in sorted(options.unread)
            ]
        )
    return _guarded(directory, Guard(wanted.name))


def _entry_point(name: str) -> EntryPoint:
    installed = entry_points(group=GROUP)
    found = tuple(installed.select(name=name))
    if len(found) == 1:
        return found[0]
    if found:
        raise _fault("is the name of several installed user directories")
    names = ", ".join(sorted(installed.names)) or "none"
    raise _fault(f"is not the name of an installed user directory; installed: {names}")


def _loaded(entry_point: EntryPoint) -> Any:
    try:
        return entry_point.load()
    except Exception as error:
        # Whatever a stranger's module raises at import is the reason.
        reason = f"{type(error).__name__}: {error}"
        raise _fault(f"names a directory that cannot be loaded: {reason}") from error


def _made(factory: Any, options: Mapping[str, str]) -> UserDirectory:
    try:
        directory = factory(options)
    except MissingOptionError as error:
        raise SettingsError(
            [f"{_variable(error.option)} is not set, and the user directory needs it"]
        ) from error
    except ConfigurationError as error:
        raise _fault(f"names a directory with wrong options: {error}") from error
    except Exception as error:
        # Its text may repeat an option, which may be a password.
        reason = type(error).__name__
        raise _fault(f"names a directory that raised {reason}") from error
    if not isinstance(directory, UserDirectory):
        raise _fault("names an object that is not a user directory")
    return directory


def _guarded(directory: UserDirectory, guard: Guard) -> Users:
    changing, registering = None, None
    if isinstance(directory, PasswordChanging):
        changing = GuardedPasswordChanging(directory, guard)
    if isinstance(directory, Registering):
        registering = GuardedRegistering(directory, guard)
    throttle_name: Callable[[str], str] = coarse_name
    if isinstance(directory, ThrottleNaming):
        throttle_name = GuardedThrottleNames(directory, guard.name)
    return Users(
        directory=GuardedDirectory(directory, guard),
        throttle_name=throttle_name,
        password_changing=changing,
        registering=registering,
    )


def _fault(what: str) -> SettingsError:
    return SettingsError([f"{PREFIX}{DIRECTORY} {what}"])


def _variable(option: str) -> str:
    return f"{PREFIX}{DIRECTORY}_{option.upper()}"
