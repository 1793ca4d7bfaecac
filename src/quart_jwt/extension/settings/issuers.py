"""
``JWT_ISSUERS``: whose tokens count beside our own, and how they are judged.

The ``iss`` of an unverified token only *chooses* the issuer; the
keys, algorithms, audience and leeway of that issuer then decide.
"""

import difflib
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.stores.jwks.remote import Freshness
from quart_jwt.stores.jwks.remote import RemoteKeys
from quart_jwt.tokens.algorithms import ASYMMETRIC
from quart_jwt.tokens.judgement import Expectation
from quart_jwt.tokens.profile import Profile
from quart_jwt.tokens.token import Claims

DISCOVERY_PATH = "/.well-known/openid-configuration"
"""OpenID Connect Discovery 1.0 §4; RFC 8414 §5 keeps it."""

DEFAULTS: Mapping[str, Any] = {
    "jwks_uri": None,
    "discovery_uri": None,
    "key_loader": None,
    "audience": None,
    "algorithms": ("RS256",),
    "leeway": 0,
    "profile": None,
    "stale_limit": 24 * 3600,
    "cooldown": 30,
    "timeout": 5,
    "allow_http": False,
    "padded": False,
}
"""What may be said of an issuer, and what counts if it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """
    An issuer whose tokens count beside our own.

    Attributes:
        keys: The keys that it publishes; None if the app loads each key itself.
        key_loader: The app's function that returns the key of a token, or None.
        algorithms: The algorithms that it may use.
        expectation: What its tokens are judged by.
        padded: Whether its tokens may be padded.
    """

    keys: RemoteKeys | None
    key_loader: Callable[[Claims, Claims], Any] | None
    algorithms: tuple[str, ...]
    expectation: Expectation
    padded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """What makes two issuers' keys the same keys."""

    address: Any
    algorithms: tuple[str, ...]
    freshness: Freshness


class KeySources:
    """
    The keys of all issuers of one app; they outlive a change of other settings.
    """

    def __init__(self) -> None:
        self._known: dict[_Origin, RemoteKeys] = {}

    def keys_of(self, origin: _Origin) -> RemoteKeys:
        """The keys from there; made when they are first asked for."""
        from quart_jwt.stores.jwks.http import JwksHttp  # noqa: PLC0415 - needs the extra jwks

        if origin not in self._known:
            self._known[origin] = RemoteKeys(
                JwksHttp(origin.address), origin.algorithms, origin.freshness
            )
        return self._known[origin]

    def keep_only(self, used: Collection[RemoteKeys]) -> None:
        """Release the keys of issuers that are no longer configured."""
        for origin, keys in list(self._known.items()):
            if keys not in used:
                keys.abandon()
                del self._known[origin]

    def start(self) -> None:
        """Start fetching all of them in the background."""
        for keys in self._known.values():
            keys.start()

    async def close(self) -> None:
        """Stop fetching."""
        for keys in self._known.values():
            await keys.close()


def read_profile(given: Any) -> Profile | None:
    """
    The name of a profile.

    Raises:
        ConfigurationError: There is none of that name.
    """
    if given not in {None, "rfc9068"}:
        raise ConfigurationError('a profile is "rfc9068", or None')
    profile: Profile | None = given
    return profile


def read_issuers(
    value: Any, ours: Expectation, sources: KeySources
) -> Mapping[str, Issuer]:
    """
    Read the value of ``JWT_ISSUERS``.

    Args:
        value: A dict from issuers to what is said of each.
        ours: What our own tokens are judged by.
        sources: Where the keys are kept.

    Raises:
        ConfigurationError: Something in it cannot work; says what.
    """
    if not isinstance(value, Mapping):
        raise ConfigurationError("JWT_ISSUERS must be a dict from issuers to dicts")
    issuers: dict[str, Issuer] = {}
    for name, said in value.items():
        try:
            issuers[name] = _issuer(name, _options(name, said), ours, sources)
        except ConfigurationError as exc:
            raise ConfigurationError(f"JWT_ISSUERS[{name!r}]: {exc}") from exc
    keys = (issuer.keys for issuer in issuers.values())
    sources.keep_only([one for one in keys if one is not None])
    return issuers


def _options(name: Any, said: Any) -> dict[str, Any]:
    if not isinstance(name, str) or not name or not isinstance(said, Mapping):
        raise ConfigurationError("an issuer must be a string, and its options a dict")
    for option in sorted(said.keys() - DEFAULTS.keys()):
        close = difflib.get_close_matches(str(option), DEFAULTS, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ConfigurationError(f"{option!r} is not an option{hint}")
    if "audience" not in said:
        # RFC 8725 §3.9: a token for another audience must not pass here.
        raise ConfigurationError(
            "set the audience; None accepts tokens for any audience"
        )
    return {**DEFAULTS, **said}


def _issuer(
    name: str, options: Mapping[str, Any], ours: Expectation, sources: KeySources
) -> Issuer:
    algorithms = _algorithms(options["algorithms"])
    expectation = replace(
        ours,
        issuer=name,
        audience=_audience(options["audience"]),
        leeway_s=in_seconds("leeway", options["leeway"]),
        profile=read_profile(options["profile"]),
        session_claim=None,
    )
    loader, keys = _key_loader(options), None
    if loader is None:
        keys = sources.keys_of(_origin(name, options, algorithms))
    return Issuer(
        keys=keys,
        key_loader=loader,
        algorithms=algorithms,
        expectation=expectation,
        padded=options["padded"] is True,
    )


def _key_loader(options: Mapping[str, Any]) -> Callable[[Claims, Claims], Any] | None:
    loader: Callable[[Claims, Claims], Any] | None = options["key_loader"]
    if loader is not None and not callable(loader):
        raise ConfigurationError("key_loader must be a function")
    if loader is not None and (options["jwks_uri"] or options["discovery_uri"]):
        raise ConfigurationError("key_loader and an address of keys are both set")
    return loader


def _origin(
    name: str, options: Mapping[str, Any], algorithms: tuple[str, ...]
) -> _Origin:
    if find_spec("httpx") is None:
        raise ConfigurationError("fetching keys needs: pip install 'quart-jwt[jwks]'")
    freshness = Freshness(
        stale_limit_s=in_seconds("stale_limit", options["stale_limit"]),
        cooldown_s=in_seconds("cooldown", options["cooldown"]),
    )
    return _Origin(
        address=_address(name, options), algorithms=algorithms, freshness=freshness
    )


def _address(name: str, options: Mapping[str, Any]) -> Any:
    from quart_jwt.stores.jwks.http import JwksAddress  # noqa: PLC0415 - needs the extra jwks
    from quart_jwt.stores.jwks.http import url_fault  # noqa: PLC0415 - the same

    jwks_uri, discovery_uri = options["jwks_uri"], options["discovery_uri"]
    if jwks_uri is not None and discovery_uri is not None:
        raise ConfigurationError("jwks_uri and discovery_uri are both set")
    if jwks_uri is None and discovery_uri is None:
        discovery_uri = name.rstrip("/") + DISCOVERY_PATH
    option = "discovery_uri" if jwks_uri is None else "jwks_uri"
    allow_http = options["allow_http"] is True
    fault = url_fault(jwks_uri or discovery_uri, allow_http=allow_http)
    if fault is not None:
        raise ConfigurationError(f"{option} {fault}")
    return JwksAddress(
        issuer=name,
        jwks_uri=jwks_uri,
        discovery_uri=discovery_uri,
        timeout_s=in_seconds("timeout", options["timeout"]),
        allow_http=allow_http,
    )


def _algorithms(given: Any) -> tuple[str, ...]:
    algorithms = (given,) if isinstance(given, str) else tuple(given or ())
    if not algorithms or not set(algorithms) <= ASYMMETRIC:
        raise ConfigurationError(
            "algorithms must be asymmetric, because a published secret is no secret"
        )
    return algorithms


def _audience(given: Any) -> Any:
    return given if given is None or isinstance(given, str) else tuple(given)


def in_seconds(option: str, given: Any) -> float:
    """
    Read a duration: a number of seconds, or a timedelta.

    Raises:
        ConfigurationError: It is neither, or negative.
    """
    seconds = given.total_seconds() if isinstance(given, timedelta) else given
    if type(seconds) not in {int, float} or seconds < 0:
        raise ConfigurationError(f"{option} must be seconds, or a timedelta")
    return float(seconds)
