"""
The ``JWT_*`` settings, compiled once and following ``app.config``.

Property names, defaults and messages are Flask-JWT-Extended's. A property that
cannot work raises when it is asked for, as there. ``FollowedSettings`` compiles
again when a value has changed, so a change counts from the next request.
"""

import json
import logging
from collections.abc import Hashable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from functools import cached_property
from typing import Any

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.sessions.store import SessionStore
from quart_jwt.extension.sessions.store import Stores
from quart_jwt.extension.settings.issuers import KeySources
from quart_jwt.extension.settings.judgement import JudgementSettings
from quart_jwt.extension.settings.locations import LocationSettings
from quart_jwt.extension.settings.options import DEFAULTS
from quart_jwt.extension.settings.options import OWN_DEFAULTS
from quart_jwt.extension.settings.options import QUART_KEYS
from quart_jwt.extension.settings.sessions import SessionSettings
from quart_jwt.extension.settings.unknown import hint
from quart_jwt.extension.settings.watched import state_of
from quart_jwt.extension.settings.watched import watch
from quart_jwt.extension.tokens.json_provider import json_encoder
from quart_jwt.tokens.claims import expiry
from quart_jwt.tokens.csrf import IssuedValues
from quart_jwt.tokens.verified import VerifiedTokens

EXEMPT_METHODS = frozenset({"OPTIONS"})
"""A CORS preflight carries no credentials (Fetch standard §3.2.2)."""

ONE_YEAR_S = 31_540_000
"""The life of a cookie that outlives the browser: Flask-JWT-Extended's year."""

_logger = logging.getLogger("quart_jwt")


class Settings(JudgementSettings, LocationSettings, SessionSettings):
    """
    One state of the ``JWT_*`` values, under Flask-JWT-Extended's names.

    Args:
        values: Every option by its configuration key.
        sources: The keys of the issuers beside us; those of the app.
        stores: What gives the app its session store; None for settings that stand
            for themselves.

    Attributes:
        gates: The gates that are open under these settings; see ``gate``.
        hinted_at_keys: Whether the log has said that workers' keys may differ.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        sources: KeySources | None = None,
        stores: Stores | None = None,
    ) -> None:
        super().__init__(values, sources)
        self._stores = stores
        self.gates: dict[Hashable, Any] = {}
        self.hinted_at_keys = False

    @cached_property
    def access_expires(self) -> Any:
        """The life of an access token: a timedelta, a relativedelta, or False."""
        return self._expires("JWT_ACCESS_TOKEN_EXPIRES")

    @cached_property
    def refresh_expires(self) -> Any:
        """The life of a refresh token: a timedelta, a relativedelta, or False."""
        return self._expires("JWT_REFRESH_TOKEN_EXPIRES")

    @cached_property
    def access_life_s(self) -> float | None:
        """
        The life of an access token in seconds, None for ever; of a relativedelta, its
        length from 1970-01-01.
        """
        return expiry(self.access_expires, 0)

    def _expires(self, key: str) -> Any:
        delta = self.values[key]
        if type(delta) is int:
            delta = timedelta(seconds=delta)
        if delta is False:
            return False
        try:
            datetime.now(UTC) + delta
        except TypeError as exc:
            raise ConfigurationError(
                f"must be able to add {key} to datetime.datetime"
            ) from exc
        return delta

    @property
    def cookie_max_age(self) -> int | None:
        """Seconds that cookies live, or None for as long as the browser runs."""
        return None if self.session_cookie else ONE_YEAR_S

    @property
    def exempt_methods(self) -> frozenset[str]:
        """The request methods that need no token."""
        return EXEMPT_METHODS

    @property
    def json_encoder(self) -> type[json.JSONEncoder]:
        """An encoder that knows what the app's JSON provider knows."""
        return json_encoder()

    @cached_property
    def sessions(self) -> SessionStore | None:
        """The store that is asked about sessions; None for an app without one."""
        return None if self._stores is None else self._stores.at(self.store_url)

    @cached_property
    def verified(self) -> VerifiedTokens:
        """The tokens that passed under these settings; others start afresh."""
        return VerifiedTokens(self.cache_max_entries, self.cache_max_bytes)

    @cached_property
    def issued(self) -> IssuedValues:
        """The CSRF values of the tokens just made."""
        return IssuedValues()


@dataclass(frozen=True, slots=True)
class _Compiled:
    """
    Settings, and what says that they still hold.

    Attributes:
        settings: The settings.
        config: The configuration.
        state: Its state when they were compiled.
        values: The values that they were compiled from, lists copied.
        live: The values that can change in place.
        copies: What those were.
    """

    settings: Settings
    config: dict[str, Any]
    state: object
    values: tuple[Any, ...]
    live: list[Any]
    copies: list[Any]


class FollowedSettings:
    """
    The settings of one app, compiled again whenever its configuration changed.

    Args:
        config: ``app.config``; gets the defaults, and is watched from then on.
        stores: What gives the app its session store.

    Attributes:
        sources: The keys of the issuers beside us.
    """

    def __init__(self, config: dict[str, Any], stores: Stores | None = None) -> None:
        self._stores = stores
        self._warned: set[str] = set()
        self.sources: KeySources = KeySources()
        self._compiled = self._compile(config, None)

    def __call__(self, config: dict[str, Any]) -> Settings:
        """
        The settings as the configuration stands now.

        Args:
            config: ``app.config``, which may be another object than it was.
        """
        compiled = self._compiled
        if (
            config is compiled.config
            and config.quart_jwt_state is compiled.state  # type: ignore[attr-defined]
            and compiled.live == compiled.copies
        ):
            return compiled.settings
        self._compiled = self._compile(config, compiled)
        return self._compiled.settings

    def _compile(self, config: dict[str, Any], before: _Compiled | None) -> _Compiled:
        if before is None or config is not before.config:
            _adopt(config)
        state = state_of(config)  # first: a write from now on is another state
        values = _read(config)
        live = [value for value in values if _can_change(value)]
        # Copied, so that a list that is changed in place is seen to be another.
        fixed = tuple(map(_copied, values))
        if before is not None and _same(fixed, before.values):
            settings = before.settings
        else:
            self._warn_of_unknown(config)
            values_by_key = dict(zip(_KEYS, fixed, strict=True))
            settings = Settings(values_by_key, self.sources, self._stores)
            self._warn_of_lost_cookies(settings)
        return _Compiled(settings, config, state, fixed, live, list(map(_copied, live)))

    def _warn_of_lost_cookies(self, settings: Settings) -> None:
        """Browsers drop such cookies without a word (RFC 6265bis §5.6)."""
        option = "JWT_COOKIE_SAMESITE"
        samesite, secure = settings.cookie_samesite, settings.cookie_secure
        if (samesite or "").lower() != "none" or secure or option in self._warned:
            return
        self._warned.add(option)
        _logger.warning(
            'JWT_COOKIE_SAMESITE = "None" needs JWT_COOKIE_SECURE = True: without it '
            "browsers drop the cookies"
        )

    def _warn_of_unknown(self, config: dict[str, Any]) -> None:
        unknown = {key for key in config if key.startswith("JWT_")}
        for key in sorted(unknown - set(_KEYS) - self._warned):
            self._warned.add(key)
            _logger.warning("Unknown setting %s is ignored%s", key, hint(key))


def _adopt(config: dict[str, Any]) -> None:
    """Give a configuration the defaults of all options, and watch it."""
    for key, value in {**DEFAULTS, **OWN_DEFAULTS}.items():
        config.setdefault(key, list(value) if key == "JWT_CSRF_METHODS" else value)
    watch(config)


_ALL: Mapping[str, Any] = {**DEFAULTS, **OWN_DEFAULTS, **QUART_KEYS}
_KEYS = tuple(_ALL)
_ACCESS = _KEYS.index("JWT_ACCESS_TOKEN_EXPIRES")
_REFRESH = _KEYS.index("JWT_REFRESH_TOKEN_EXPIRES")
_CONTAINERS = (list, set, dict)


def _read(config: Mapping[str, Any]) -> tuple[Any, ...]:
    # An option that was deleted has its default again.
    return tuple(config.get(key, default) for key, default in _ALL.items())


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Equal, and False ("never") is not 0 ("at once")."""
    return one == other and all(
        one[index].__class__ is other[index].__class__ for index in (_ACCESS, _REFRESH)
    )


def _can_change(value: Any) -> bool:
    """Whether it can change in place: a key ring may be a tuple of dicts."""
    if isinstance(value, tuple):
        return any(map(_can_change, value))
    return isinstance(value, _CONTAINERS)


def _copied(value: Any) -> Any:
    """A copy of containers at any depth; what they hold, such as keys, is shared."""
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    if isinstance(value, list):
        return list(map(_copied, value))
    if isinstance(value, tuple) and _can_change(value):
        return tuple(map(_copied, value))
    return value.copy() if isinstance(value, set) else value
