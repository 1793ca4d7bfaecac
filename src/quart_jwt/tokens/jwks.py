"""
JWK Sets (RFC 7517 §5): our own, where every fault is an error, and other people's.

The set of another issuer is checked key by key: weak, malformed and private keys and
keys for another use are left out, and the others are used. The whole set is rejected if
it cannot be read, mixes secrets with public keys, or has no usable key.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.tokens import strict_json
from quart_jwt.tokens.jwk import JsonWebKey
from quart_jwt.tokens.jwk import read_public_jwk
from quart_jwt.tokens.key_ring import KeyRing
from quart_jwt.tokens.key_ring import ring_key
from quart_jwt.tokens.key_ring import RingKey
from quart_jwt.tokens.keys import weakness
from quart_jwt.tokens.token import Claims

MAX_KEYS = 64
"""Public issuers have two to ten; a token without ``kid`` may have to try all."""


@dataclass(frozen=True, slots=True)
class PublishedKeys:
    """
    The usable keys of another issuer's JWK Set.

    Attributes:
        ring: The keys.
        refused: One sentence for each key that was left out.
    """

    ring: KeyRing
    refused: tuple[str, ...]


def jwk_list(document: Claims) -> list[Any]:
    """
    The JWKs of a set, unread.

    Raises:
        ConfigurationError: It is not a JWK Set, has too many keys, or mixes secrets
        with public keys.
    """
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise ConfigurationError("A JWK Set has a list of keys under the name keys")
    if len(keys) > MAX_KEYS:
        raise ConfigurationError(f"A JWK Set has more than {MAX_KEYS} keys")
    secrets = [isinstance(key, dict) and key.get("kty") == "oct" for key in keys]
    if any(secrets) and not all(secrets):
        raise ConfigurationError("A JWK Set mixes secrets with public keys")
    return keys


def read_published(document: bytes, algorithms: Sequence[str]) -> PublishedKeys:
    """
    Read a JWK Set that another issuer has published.

    Args:
        document: The body of the answer.
        algorithms: The algorithms that the issuer may use, all of them asymmetric;
            a key without ``alg`` is for the first that fits it.

    Raises:
        ConfigurationError: The set is refused, or no key in it can be used.
    """
    try:
        value = strict_json.loads(document)
    except ValueError as exc:
        raise ConfigurationError(f"A JWK Set is not strict JSON: {exc}") from None
    if not isinstance(value, dict):
        raise ConfigurationError("A JWK Set is a JSON object")
    keys: list[RingKey] = []
    refused: list[str] = []
    for members in _unambiguous(jwk_list(value), refused):
        try:
            keys.append(_usable(read_public_jwk(members, algorithms), algorithms))
        except ConfigurationError as exc:
            refused.append(str(exc))
    if not keys:
        raise ConfigurationError("; ".join(["A JWK Set has no usable key", *refused]))
    return PublishedKeys(_ring(keys, refused), tuple(refused))


def _usable(jwk: JsonWebKey, algorithms: Sequence[str]) -> RingKey:
    if jwk.algorithm not in algorithms:
        raise ConfigurationError(f"A JWK is for {jwk.algorithm}, which is not allowed")
    weak = weakness(jwk.algorithm, jwk.material)
    if weak is not None:
        raise ConfigurationError(f"A JWK is weak: {weak}")
    return ring_key(jwk.algorithm, jwk.material, kid=jwk.kid)


def _unambiguous(keys: list[Any], refused: list[str]) -> list[Any]:
    """RFC 7517 §4.5: an id that two keys have names neither of them."""
    once = [key for index, key in enumerate(keys) if key not in keys[:index]]
    named = Counter(_id(key) for key in once)
    twice = [key for key in once if _id(key) is not None and named[_id(key)] > 1]
    refused.extend("A JWK shares its kid with another one" for _ in twice)
    return [key for key in once if key not in twice]


def _id(key: Any) -> str | None:
    kid = key.get("kid") if isinstance(key, dict) else None
    return kid if isinstance(kid, str) else None


def _ring(keys: list[RingKey], refused: list[str]) -> KeyRing:
    """One ring; the same key under no name and its thumbprint is one key."""
    by_kid = {key.kid: key for key in keys}
    refused.extend("A JWK occurs twice" for _ in range(len(keys) - len(by_kid)))
    return KeyRing(tuple(by_kid.values()))
