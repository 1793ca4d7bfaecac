"""
The secret of refresh tokens: derived from the private key beside which it is used.

Only the service reads its refresh tokens, so they need no signature that others can
check. The secret is stored nowhere: a process derives it from the private key. It
begins, retires and ends with that key, and does not reveal it (RFC 5869).
"""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from quart_jwt.building_blocks import KeyRing
from quart_jwt.building_blocks import ring_key
from quart_jwt.building_blocks import RingKey

ALGORITHM = "HS256"

PURPOSE = b"quart-jwt: HS256 secret of refresh tokens"
"""RFC 5869 §3.2: what else is derived from the same key is independent of it."""

SECRET_BYTES = 32
"""RFC 7518 §3.2: as long as the hash."""


def refresh_key_of(signing: RingKey, pem: bytes) -> RingKey:
    """
    Return the key that signs refresh tokens while another one signs access tokens.

    Args:
        signing: The other one, whose times it has.
        pem: Its private half, as it is kept: two versions of a library may serialise
            the same key differently, and the hosts need the same bytes.
    """
    derivation = HKDF(SHA256(), length=SECRET_BYTES, salt=None, info=PURPOSE)
    return ring_key(
        ALGORITHM,
        derivation.derive(b"".join(pem.split())),
        kid=f"{signing.kid}.refresh",
        signs_from=signing.signs_from,
        verifies_until=signing.verifies_until,
        token_type="refresh",  # noqa: S106 - a type, not a secret
    )


def has_all_refresh_keys(ring: KeyRing) -> bool:
    """Whether each key of a ring of the service has its refresh key beside it."""
    return 2 * sum(key.token_type is not None for key in ring.keys) == len(ring.keys)
