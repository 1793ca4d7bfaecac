"""
HMAC secrets that the world knows.

``known_secrets.txt`` holds the first eight bytes of the SHA-256 digest of every
entry of wallarm/jwt-secrets that is long enough to pass the length rule; the
shorter ones are refused by that rule. The list itself is not shipped.
"""

from functools import cache
from hashlib import sha256
from importlib.resources import files

DIGEST_BYTES = 8
"""Enough that a random secret is never mistaken for a known one (2⁻⁵³)."""


def is_known(secret: bytes) -> bool:
    """Whether ``secret`` stands in a public list of JWT secrets."""
    return digest(secret) in _digests()


def digest(secret: bytes) -> str:
    """The shortened digest under which a secret is listed, in hex."""
    return sha256(secret).digest()[:DIGEST_BYTES].hex()


@cache
def _digests() -> frozenset[str]:
    listing = files("quart_jwt.tokens").joinpath("known_secrets.txt")
    return frozenset(listing.read_text("ascii").split())
