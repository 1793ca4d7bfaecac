"""
The settings of sessions: what a store is told, and what happens when it is away.

A property that cannot work raises when it is asked for, as every other setting does.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from typing import Any

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.settings.options import Options
from quart_jwt.stores.base import AtLimit
from quart_jwt.stores.base import Limit
from quart_jwt.tokens.rotation import MAX_GRACE_S

DETAILS = ("user_agent", "address")
"""What a session may record of the client that signed in."""


class SessionSettings(Options):
    """The part of the settings that is about sessions and their store."""

    @cached_property
    def store_url(self) -> str | None:
        """Where sessions are kept; None for no store."""
        url: str | None = self.values["JWT_STORE_URL"]
        if url is not None and not isinstance(url, str):
            raise ConfigurationError("JWT_STORE_URL must be a string or None")
        return url or None

    @cached_property
    def refresh_grace_s(self) -> float:
        """Seconds in which a refresh token that was rotated gives the same again."""
        return self._seconds("JWT_REFRESH_GRACE", least=0, most=MAX_GRACE_S)

    @cached_property
    def session_absolute_expires_s(self) -> float | None:
        """Seconds after which a session ends, however often it is refreshed."""
        given = self.values["JWT_SESSION_ABSOLUTE_EXPIRES"]
        if given is None or given is False:  # and 0 is neither
            return None
        return self._seconds("JWT_SESSION_ABSOLUTE_EXPIRES", least=1)

    @cached_property
    def session_limit(self) -> Limit | None:
        """How many sessions a user may have, and what happens beyond."""
        sessions = self.values["JWT_MAX_SESSIONS_PER_USER"]
        if sessions is None:
            return None
        if type(sessions) is not int or sessions < 1:
            raise ConfigurationError("JWT_MAX_SESSIONS_PER_USER must be 1 or more")
        return Limit(sessions, self._at_limit())

    def _at_limit(self) -> AtLimit:
        try:
            return AtLimit(self.values["JWT_MAX_SESSIONS_POLICY"])
        except ValueError:
            raise ConfigurationError(
                'JWT_MAX_SESSIONS_POLICY must be "end_oldest" or "refuse"'
            ) from None

    @cached_property
    def session_details(self) -> frozenset[str]:
        """What a session records of the client that signed in."""
        given = self.values["JWT_SESSION_DETAILS"]
        details = (given,) if isinstance(given, str) else given
        if not isinstance(details, Iterable) or not set(details) <= set(DETAILS):
            raise ConfigurationError(
                'JWT_SESSION_DETAILS can only contain "user_agent" and "address"'
            )
        return frozenset(details)

    @cached_property
    def allow_for_s(self) -> float | None:
        """Seconds for which a token that was seen good passes while the store is
        away; None to refuse all.
        """
        match self.values["JWT_STORE_FAILURE"]:
            case "deny":
                return None
            case ["allow_for", seconds]:
                return self._in_seconds("JWT_STORE_FAILURE", seconds, least=0)
        raise ConfigurationError(
            'JWT_STORE_FAILURE must be "deny" or ("allow_for", seconds)'
        )

    @cached_property
    def store_timeout_s(self) -> float:
        """The deadline of every call of the store, in seconds."""
        return self._positive("JWT_STORE_TIMEOUT")

    @cached_property
    def revocation_bound_s(self) -> float:
        """The most seconds by which a revocation made elsewhere is known late."""
        return self._positive("JWT_REVOCATION_BOUND")

    @property
    def revocation_max_entries(self) -> int:
        """The most revocations that a process holds in memory."""
        entries: int = self.values["JWT_REVOCATION_MAX_ENTRIES"]
        return entries

    def _positive(self, key: str) -> float:
        seconds = self._seconds(key, least=0)
        if seconds == 0:
            raise ConfigurationError(f"{key} must be more than 0")
        return seconds

    def _seconds(self, key: str, *, least: float, most: float | None = None) -> float:
        return self._in_seconds(key, self.values[key], least=least, most=most)

    @staticmethod
    def _in_seconds(
        key: str, value: Any, *, least: float, most: float | None = None
    ) -> float:
        seconds = value.total_seconds() if isinstance(value, timedelta) else value
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ConfigurationError(f"{key} must be seconds or a timedelta")
        if not least <= seconds <= (seconds if most is None else most):
            bounds = f"{least} or more" if most is None else f"{least} to {most}"
            raise ConfigurationError(f"{key} must be {bounds} seconds")
        return seconds
