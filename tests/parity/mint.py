"""
Tokens as text, the right and the wrong ones.

They are signed from bytes and not by either extension, so that both sides get
the very same text; their times are written into them, so that no clock has to
be patched.
"""

import base64
import json
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jwt.algorithms import get_default_algorithms

from parity.keys import signing_key

NOW = int(time.time())
HOUR = 3600
CSRF = "6f3a0f0e-5c1d-4b55-9d0e-0f6f5a3d7c11"
REVOKED = "dead0000-0000-4000-8000-000000000000"
CLAIMS: Mapping[str, Any] = {
    "fresh": False,
    "iat": NOW - 60,
    "jti": "0b0f6a52-3d5e-4c57-8a43-2f4d9b1f6c77",
    "type": "access",
    "sub": "ann",
    "nbf": NOW - 60,
    "csrf": CSRF,
    "exp": NOW + HOUR,
}
ABSENT = object()
"""The value of a claim or header parameter that is to be left out."""

_ALGORITHMS = get_default_algorithms()


def segment(content: bytes) -> str:
    """Bytes as a part of a token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@lru_cache
def _prepared(algorithm: str, key: str) -> Any:
    return _ALGORITHMS[algorithm].prepare_key(key)


def sign(header: bytes, payload: bytes, *, algorithm: str, key: str) -> str:
    """A token over any two byte strings, with a good signature."""
    signed = f"{segment(header)}.{segment(payload)}"
    signature: bytes = _ALGORITHMS[algorithm].sign(
        signed.encode(), _prepared(algorithm, key)
    )
    return f"{signed}.{segment(signature)}"


def mint(
    changes: Mapping[str, Any] | None = None,
    *,
    header: Mapping[str, Any] | None = None,
    algorithm: str = "HS256",
    key: str | None = None,
) -> str:
    """
    A token that is good but for what the caller changes.

    Args:
        changes: Claims that replace those of a good token.
        header: Header parameters that replace ``alg`` and ``typ``.
        algorithm: What the signature is made with.
        key: The signing key; the algorithm's own by default.
    """
    return sign(
        _json({"alg": algorithm, "typ": "JWT"}, header or {}),
        _json(CLAIMS, changes or {}),
        algorithm=algorithm,
        key=key or signing_key(algorithm),
    )


def _json(base: Mapping[str, Any], changes: Mapping[str, Any]) -> bytes:
    merged = {**base, **changes}
    kept = {name: value for name, value in merged.items() if value is not ABSENT}
    return json.dumps(kept, separators=(",", ":")).encode()
