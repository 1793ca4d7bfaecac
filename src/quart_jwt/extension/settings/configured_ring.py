"""
``JWT_KEY_RING``, read into a key ring.

An entry is a key, or a dict with the key and what else is to be said of it. A key
is text in PEM, a JWK or a JWK Set (as a dict or as text), a ``Path`` to a file
with any of these, or a key object of cryptography.
"""

import difflib
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import inf
from pathlib import Path
from typing import Any

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.tokens import strict_json
from quart_jwt.tokens.algorithms import SYMMETRIC
from quart_jwt.tokens.jwk import fitting_algorithm
from quart_jwt.tokens.jwk import read_jwk
from quart_jwt.tokens.jwks import jwk_list
from quart_jwt.tokens.key_ring import KeyRing
from quart_jwt.tokens.key_ring import ring_key
from quart_jwt.tokens.key_ring import RingKey

ENTRY = ("key", "kid", "algorithm", "signs_from", "verifies_until", "token_type")
"""What a dict may say of its key."""

Check = Callable[[str, Any], None]


def configured_ring(value: Any, preferred: str, check: Check) -> KeyRing:
    """
    Read the value of ``JWT_KEY_RING``.

    Args:
        value: One entry, or several; a ``KeyRing`` is taken as it is.
        preferred: The algorithm of a key that does not name one, if it fits.
        check: Called with algorithm and material of each key; refuses weak ones.

    Raises:
        ConfigurationError: An entry cannot be read; says which, by its number.
    """
    if isinstance(value, KeyRing):
        return value
    entries = list(value) if isinstance(value, list | tuple) else [value]
    keys: list[RingKey] = []
    for number, entry in enumerate(entries):
        try:
            keys.extend(_prepared(_entry(entry), preferred, check))
        except ConfigurationError as exc:
            raise type(exc)(f"JWT_KEY_RING[{number}]: {exc}") from exc
    return KeyRing(tuple(keys))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A key, and what was said of it."""

    key: Any
    kid: str | None = None
    algorithm: str | None = None
    signs_from: float = -inf
    verifies_until: float = inf
    token_type: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """One key of an entry, and what the key itself says."""

    material: Any
    kid: str | None = None
    algorithm: str | None = None


def _entry(value: Any) -> _Entry:
    if not isinstance(value, dict) or "keys" in value or "kty" in value:
        return _Entry(key=value)
    for name in sorted(value.keys() - set(ENTRY)):
        close = difflib.get_close_matches(str(name), ENTRY, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ConfigurationError(f"{name!r} is not an option of a key{hint}")
    if "key" not in value:
        raise ConfigurationError("it has no key")
    return _Entry(
        key=value["key"],
        kid=value.get("kid"),
        algorithm=value.get("algorithm"),
        signs_from=_time(value.get("signs_from", -inf)),
        verifies_until=_time(value.get("verifies_until", inf)),
        token_type=_token_type(value.get("token_type")),
    )


def _prepared(entry: _Entry, preferred: str, check: Check) -> Iterator[RingKey]:
    found = list(_read(entry, preferred))
    if entry.kid is not None and len(found) != 1:
        raise ConfigurationError("one kid cannot name several keys")
    for one in found:
        algorithm = one.algorithm or entry.algorithm
        if algorithm is None:
            algorithm = fitting_algorithm(one.material, preferred)
        if entry.algorithm not in {None, algorithm}:
            raise ConfigurationError("the key names another algorithm")
        check(algorithm, one.material)
        yield ring_key(
            algorithm,
            one.material,
            kid=entry.kid if entry.kid is not None else one.kid,
            signs_from=entry.signs_from,
            verifies_until=entry.verifies_until,
            token_type=entry.token_type,
        )


def _read(entry: _Entry, preferred: str) -> Iterator[_Found]:
    key = _content(entry.key) if isinstance(entry.key, Path) else entry.key
    if entry.algorithm in SYMMETRIC and isinstance(key, str | bytes):
        yield _Found(key)
        return
    key = _parsed(key) if isinstance(key, str | bytes) else key
    if not isinstance(key, dict):
        yield _Found(key)
        return
    names = [entry.algorithm] if entry.algorithm else [preferred]
    for members in jwk_list(key) if "keys" in key else [key]:
        jwk = read_jwk(members, names)
        yield _Found(jwk.material, jwk.kid, jwk.algorithm)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise ConfigurationError(
            f"the file {str(path)!r} cannot be read: {exc.strerror}"
        ) from exc


def _parsed(text: str | bytes) -> Any:
    """JSON becomes a dict, PEM stays; anything else may be a secret: no echo."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if data.lstrip().startswith(b"-----BEGIN "):
        return data.lstrip()
    try:
        value = strict_json.loads(data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ConfigurationError(
            "it is neither PEM nor a JWK. Write Path(...) for a file, and name the "
            "algorithm for a secret"
        )
    return value


def _token_type(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise ConfigurationError('a token type is "access", "refresh" or a purpose')


def _time(value: Any) -> float:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.timestamp()
    if type(value) in {int, float}:
        return float(value)
    raise ConfigurationError(
        "a time must be epoch seconds or a datetime with a time zone"
    )
