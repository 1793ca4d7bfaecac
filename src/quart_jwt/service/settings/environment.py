"""
Reading the environment: every value checked, every fault remembered.

A fault names the setting and never its value, which may be a secret.
"""

import difflib
import re
from collections.abc import Mapping

from quart_jwt.service.errors import SettingsError

PREFIX = "QUART_JWT_"
NAMES = tuple(
    PREFIX + name
    for name in (
        "MODE",
        "SECRET_KEY",
        "KEY_ALGORITHM",
        "KEY_ENCRYPTION_KEY",
        "PUBLISH_BEFORE_USE",
        "ISSUER",
        "AUDIENCE",
        "DATABASE_URL",
        "STORE_URL",
        "STATE_DIR",
        "ACCESS_TOKEN_EXPIRES",
        "REFRESH_TOKEN_EXPIRES",
        "COOKIE_SECURE",
        "TRUSTED_GATEWAYS",
        "METHOD_HEADER",
        "URI_HEADER",
        "PASS_PREFLIGHT",
        "SESSION_DETAILS",
        "METRICS_FROM",
        "LOG_FORMAT",
        "AUDIT_LOG",
    )
)

MINUTES = 60
DAYS = 24 * 60 * MINUTES
MAX_EXPIRES_S = 366 * DAYS
"""No token lives longer than a year; a larger number is a slip of units."""

_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Reading:
    """One pass over the environment, which remembers every fault."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults = [
            _unknown(name)
            for name in sorted(environ)
            if name.startswith(PREFIX) and name not in NAMES
        ]

    def fault(self, name: str, what: str) -> None:
        """Remember that a setting is wrong."""
        self._faults.append(f"{PREFIX}{name} {what}")

    def finish(self) -> None:
        """Raise SettingsError if anything was wrong."""
        if self._faults:
            raise SettingsError(self._faults)

    def text(self, name: str) -> str | None:
        """Return a setting's text; an empty one counts as not set."""
        return self._environ.get(PREFIX + name) or None

    def seconds(self, name: str, default_s: int) -> int:
        """Return a whole number of seconds between 1 and MAX_EXPIRES_S."""
        text = self.text(name)
        if text is None:
            return default_s
        number = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
        if not 1 <= number <= MAX_EXPIRES_S:
            self.fault(name, f"must be whole seconds from 1 to {MAX_EXPIRES_S}")
            return default_s
        return number

    def header(self, name: str, default: str) -> str | None:
        """Return a header's name; ``none`` for none."""
        text = self.text(name) or default
        if not re.fullmatch(r"[A-Za-z0-9-]+", text):
            self.fault(name, "must be the name of a header, or none")
        return None if text.lower() == "none" else text

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes or no."""
        text = self.text(name)
        if text is None:
            return default
        if text.lower() not in _FLAGS:
            self.fault(name, "must be true or false")
        return _FLAGS.get(text.lower(), default)


def _unknown(name: str) -> str:
    short_names = [known.removeprefix(PREFIX) for known in NAMES]
    close = difflib.get_close_matches(name.removeprefix(PREFIX), short_names, n=1)
    hint = f"; did you mean {PREFIX}{close[0]}?" if close else ""
    return f"{name} is not a setting{hint}"
