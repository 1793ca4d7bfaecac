"""
Reading settings: every value checked, every fault remembered.

A fault names the setting and never its value, which may be a secret. What was read is
remembered, too, so that ``quart-jwt config show`` can say what counts and why.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.sources import PREFIX
from quart_jwt.service.settings.sources import Sources

NAMES = (
    "MODE",
    "ISSUER",
    "AUDIENCE",
    "SECRET_KEY",
    "KEY_ALGORITHM",
    "KEY_ENCRYPTION_KEY",
    "PUBLISH_BEFORE_USE",
    "STATE_DIR",
    "DATABASE_URL",
    "STORE_URL",
    "STORE_TIMEOUT_MS",
    "ACCESS_TOKEN_EXPIRES",
    "REFRESH_TOKEN_EXPIRES",
    "SESSION_DETAILS",
    "COOKIE_SECURE",
    "USER_DIRECTORY",
    "PASSWORD_HASHING",
    "REGISTRATION",
    "REGISTRATION_ROLES",
    "REGISTRATION_SCOPES",
    "THROTTLE",
    "THROTTLE_FREE_FAILURES",
    "THROTTLE_MAX_WAIT",
    "THROTTLE_ADDRESS_PER_MINUTE",
    "TRUSTED_PROXIES",
    "CLIENT_ADDRESS_HEADER",
    "TRUSTED_GATEWAYS",
    "METHOD_HEADER",
    "URI_HEADER",
    "PASS_PREFLIGHT",
    "IDENTITY_HEADERS",
    "CORS_ORIGINS",
    "CORS_CREDENTIALS",
    "DOCS",
    "METRICS_FROM",
    "LOG_FORMAT",
    "LOG_VERIFIED",
    "AUDIT_LOG",
)
"""Every setting there is, without the prefix, in the order in which they are shown."""

DIRECTORY = "USER_DIRECTORY"
"""What names a user directory from elsewhere; that has settings of its own below it."""
OWN_DIRECTORY = "sql"

MINUTES = 60
DAYS = 24 * 60 * MINUTES
MAX_EXPIRES_S = 366 * DAYS
"""No token lives longer than a year; a larger number is a slip of units."""

DEFAULT = "default"

_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """
    A setting as it counts.

    Attributes:
        text: Its value; empty if there is none.
        origin: ``environment``, the name of the settings file, or ``default``.
    """

    text: str
    origin: str


class Reading:
    """One pass over the settings, which remembers every fault."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._sources = Sources(environ)
        self.effective: dict[str, Effective] = {}
        # A directory from elsewhere knows itself which settings it has.
        has_own = (self.text(DIRECTORY) or OWN_DIRECTORY) == OWN_DIRECTORY
        known = NAMES if has_own else (*NAMES, *self._below(DIRECTORY))
        self._faults = [*self._sources.faults, *self._sources.unknown(known)]

    def fault(self, name: str, what: str) -> None:
        """Remember that a setting is wrong."""
        given = self._sources[name]
        label = f"{PREFIX}{name}" if given is None else given.label
        self._faults.append(f"{label} {what}")

    def finish(self) -> None:
        """Raise SettingsError if anything was wrong."""
        if self._faults:
            raise SettingsError(self._faults)

    def is_given(self, name: str) -> bool:
        """Whether somebody has set it."""
        return self._sources[name] is not None

    def text(self, name: str, *, shown: str = "") -> str | None:
        """
        Return a setting's text; an empty one counts as not set.

        Args:
            name: The setting, without the prefix.
            shown: What to show for it while it is not set.
        """
        given = self._sources[name]
        if given is None or not given.text:
            self.effective[name] = Effective(text=shown, origin=DEFAULT)
            return None
        self.effective[name] = Effective(text=given.text, origin=given.origin)
        return given.text

    def below(self, name: str) -> dict[str, str]:
        """Return the settings that begin with a name: ``url`` for ``<name>_URL``."""
        return {
            full.removeprefix(f"{name}_").lower(): text
            for full in self._below(name)
            if (text := self.text(full)) is not None
        }

    def _below(self, name: str) -> list[str]:
        return [full for full in self._sources if full.startswith(f"{name}_")]

    def seconds(self, name: str, default_s: int) -> int:
        """Return a whole number of seconds between 1 and MAX_EXPIRES_S."""
        return self.number(name, default_s, most=MAX_EXPIRES_S, kind="whole seconds")

    def number(
        self, name: str, default: int, *, most: int, kind: str = "a whole number"
    ) -> int:
        """Return a whole number between 1 and ``most``; ``kind`` says of what."""
        text = self.text(name, shown=str(default))
        if text is None:
            return default
        number = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
        if not 1 <= number <= most:
            self.fault(name, f"must be {kind} from 1 to {most}")
            return default
        return number

    def header(self, name: str, default: str) -> str | None:
        """Return a header's name; ``none`` for none."""
        text = self.text(name, shown=default) or default
        if not re.fullmatch(r"[A-Za-z0-9-]+", text):
            self.fault(name, "must be the name of a header, or none")
        return None if text.lower() == "none" else text

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes or no."""
        text = self.text(name, shown=str(default).lower())
        if text is None:
            return default
        if text.lower() not in _FLAGS:
            self.fault(name, "must be true or false")
        return _FLAGS.get(text.lower(), default)
