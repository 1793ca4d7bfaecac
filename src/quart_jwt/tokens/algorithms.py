"""
The algorithms of RFC 7518 and RFC 8037 that sign tokens here.

``none`` is not among them, and nothing can add it. HMAC is two hashes of the standard
library; the other primitives are PyJWT's and cryptography's, and are not there without
the latter. ECDSA signs deterministically (``deterministic_ec``).
"""

from collections.abc import Mapping
from typing import Any
from typing import Literal

from jwt.algorithms import Algorithm
from jwt.algorithms import get_default_algorithms
from jwt.algorithms import has_crypto

SYMMETRIC = frozenset({"HS256", "HS384", "HS512"})
"""RFC 7518 §3.2: one secret signs and verifies."""

ASYMMETRIC = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    | {"ES256", "ES384", "ES512", "ES256K", "EdDSA"}
)
"""RFC 7518 §3.3-3.5, RFC 8812, RFC 8037: a private key signs, a public one verifies."""

SLOW_TO_SIGN = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
"""A signature takes a quarter of a millisecond and more: not on the event loop."""


def _primitives() -> Mapping[str, Algorithm]:
    known = {
        name: primitive
        for name, primitive in get_default_algorithms().items()
        if name in SYMMETRIC | ASYMMETRIC
    }
    if has_crypto:
        from quart_jwt.tokens.deterministic_ec import deterministic  # noqa: PLC0415 - it needs cryptography

        known |= {name: deterministic(one) for name, one in known.items()}
    return known


_PRIMITIVES = _primitives()

SUPPORTED = frozenset(_PRIMITIVES)
"""The algorithms that PyJWT and cryptography do here."""


def is_asymmetric(algorithm: str) -> bool:
    """Whether ``algorithm`` signs with a private key."""
    return algorithm in ASYMMETRIC


def same_kind(algorithms: frozenset[str] | set[str]) -> bool:
    """Whether these are all symmetric or all asymmetric (RFC 8725 §2.1)."""
    return algorithms <= SYMMETRIC or algorithms <= ASYMMETRIC


def primitive(algorithm: Any) -> Algorithm | None:
    """The signature primitive of that exact name, or None."""
    return _PRIMITIVES.get(algorithm) if isinstance(algorithm, str) else None


def kind(algorithm: str) -> Literal["symmetric", "asymmetric"]:
    """The kind of key that ``algorithm`` takes."""
    return "asymmetric" if algorithm in ASYMMETRIC else "symmetric"
