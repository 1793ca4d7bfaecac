"""
The settings that concern the service's own keys.

Without ``QUART_JWT_SECRET_KEY`` the service makes key pairs, publishes them and
rotates them; with it, one secret signs and there is nothing to publish.
"""

import binascii
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from dataclasses import field
from urllib.parse import urlsplit

from quart_jwt.service.settings.environment import DAYS
from quart_jwt.service.settings.environment import MINUTES
from quart_jwt.service.settings.environment import Reading

ES256 = "ES256"
"""
Signs in a thirteenth of the time of RS256 (docs/keys.md), and gateways verify it; for
those that take RSA alone, ``QUART_JWT_KEY_ALGORITHM=RS256``.
"""
ALGORITHMS = (
    *(ES256, "ES384", "ES512", "EdDSA"),
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
)

PUBLISH_BEFORE_USE_S = 10 * MINUTES
"""Envoy keeps a JWK Set for ten minutes, which is the longest of the gateways."""

MAX_REREAD_S = 30
"""A process looks for new keys this often, whatever else is configured."""

ENCRYPTION_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOptions:
    """
    How the service makes, keeps and publishes its keys.

    Attributes:
        algorithm: What a new key is for; keys that are there keep theirs.
        publish_before_use_s: How long a key is published before it signs, in
            seconds: as long as anybody keeps the JWK Set.
        encryption_key: Encrypts private keys in the database; None to keep them in
            files of the state directory.
        issuer: ``iss`` of our tokens, a URL; None for none.
        audience: ``aud`` of our tokens; None for none.
    """

    algorithm: str = ES256
    publish_before_use_s: int = PUBLISH_BEFORE_USE_S
    encryption_key: str | None = field(default=None, repr=False)
    issuer: str | None = None
    audience: str | None = None

    @property
    def reread_s(self) -> float:
        """How often the key table is read: a new key is known long before it signs."""
        return min(MAX_REREAD_S, self.publish_before_use_s / 4)

    @property
    def max_age_s(self) -> int:
        """How long others may keep the JWK Set: a new key is seen before it signs."""
        return min(5 * MINUTES, self.publish_before_use_s // 2)


def read_key_options(reading: Reading) -> KeyOptions:
    """Read them; faults are remembered by ``reading``."""
    algorithm = reading.text("KEY_ALGORITHM", shown=ES256) or ES256
    if algorithm not in ALGORITHMS:
        reading.fault("KEY_ALGORITHM", f"must be one of {', '.join(ALGORITHMS)}")
    wait_s = reading.seconds("PUBLISH_BEFORE_USE", PUBLISH_BEFORE_USE_S)
    if wait_s > DAYS:
        reading.fault("PUBLISH_BEFORE_USE", f"must be at most {DAYS}")
    encryption_key = reading.text("KEY_ENCRYPTION_KEY")
    if encryption_key is not None and not _is_encryption_key(encryption_key):
        reading.fault(
            "KEY_ENCRYPTION_KEY",
            "must be 32 random bytes in base64url, as `python3 -c 'import base64, "
            "secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32))"
            ".decode())'` prints them",
        )
    issuer = reading.text("ISSUER")
    if issuer is not None and not _is_issuer(issuer):
        reading.fault("ISSUER", "must be a URL without query and fragment")
    return KeyOptions(
        algorithm=algorithm,
        publish_before_use_s=wait_s,
        encryption_key=encryption_key,
        issuer=issuer,
        audience=reading.text("AUDIENCE"),
    )


def _is_encryption_key(text: str) -> bool:
    try:
        return len(urlsafe_b64decode(text.encode())) == ENCRYPTION_KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _is_issuer(text: str) -> bool:
    """RFC 8414 §2, but for http, which a private network may have."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or "?" in text or "#" in text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain
