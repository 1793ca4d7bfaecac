"""
Keys, prepared once and bound to one algorithm each.

RFC 8725 §3.1: "each key MUST be used with exactly one algorithm". A key object
here carries its algorithm; a token never chooses what a key is used for.
"""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import new
from hmac import compare_digest
from math import inf
from typing import Any
from typing import Protocol

from jwt import PyJWK
from jwt.exceptions import InvalidKeyError

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.tokens.algorithms import is_asymmetric
from quart_jwt.tokens.algorithms import primitive
from quart_jwt.tokens.known_secrets import is_known

MIN_RSA_BITS = 2048
"""RFC 7518 §3.3."""

MIN_RSA_EXPONENT = 65_537
"""NIST SP 800-56B §6.2; smaller ones have made signatures forgeable."""

PREPARED_KEYS = 256
"""Keys that key hooks returned and that are kept prepared."""


class Primitive(Protocol):
    """A signature primitive: PyJWT's algorithm objects are such."""

    def sign(self, msg: bytes, key: Any) -> bytes:
        """Sign ``msg``."""

    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        """Whether ``sig`` is the signature of ``msg``."""


class Hmac:
    """
    HMAC with one secret (RFC 2104, RFC 7518 §3.2), its two keyed states made once.

    Args:
        algorithm: ``"HS256"``, ``"HS384"`` or ``"HS512"``.
        secret: The secret.
    """

    def __init__(self, algorithm: str, secret: bytes) -> None:
        digest = f"sha{algorithm[2:]}"
        size = new(digest).block_size
        block = secret if len(secret) <= size else new(digest, secret).digest()
        block = block.ljust(size, b"\0")
        self._inner = new(digest, block.translate(_INNER))
        self._outer = new(digest, block.translate(_OUTER))

    def sign(self, message: bytes, _secret: Any = None) -> bytes:
        """The authentication code of a message."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

    def verify(self, message: bytes, _secret: Any, code: bytes) -> bool:
        """Whether a code is the message's, compared in constant time."""
        return compare_digest(self.sign(message), code)


_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


@dataclass(frozen=True, slots=True)
class SigningKey:
    """
    A key that signs with exactly one algorithm.

    Attributes:
        algorithm: One of RFC 7518's names.
        kid: The id that its tokens name; None for a key without one.
    """

    algorithm: str
    _primitive: Primitive
    _material: Any
    kid: str | None = None

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message`` (RFC 7515 §5.1)."""
        return self._primitive.sign(message, self._material)

    def __repr__(self) -> str:
        return f"<SigningKey {self.algorithm}>"


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """
    A key that verifies exactly one algorithm.

    Attributes:
        algorithm: One of RFC 7518's names.
        kid: The id by which tokens name it; None for a key without one.
        until: The first moment at which it verifies nothing any more, in epoch
            seconds.
    """

    algorithm: str
    _primitive: Primitive
    _material: Any
    kid: str | None = None
    until: float = inf

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is ours, compared in constant time."""
        return self._primitive.verify(message, self._material, signature)

    def __repr__(self) -> str:
        return f"<VerifyingKey {self.algorithm}>"


def signing_key(algorithm: str, material: Any, *, kid: str | None = None) -> SigningKey:
    """
    Prepare a key that signs.

    Args:
        algorithm: One of RFC 7518's names, such as ``"HS256"``.
        material: A secret (str or bytes), a private key in PEM (str or bytes),
            a private key object of cryptography, or PyJWT's ``PyJWK``.
        kid: The id that its tokens are to name, if any.

    Raises:
        ConfigurationError: The algorithm is unknown, or the key does not fit.
    """
    found, prepared = _prepared(algorithm, material)
    if isinstance(prepared, bytes):
        found = _hmac(algorithm, prepared)
    return SigningKey(algorithm, found, prepared, kid)


def verifying_key(
    algorithm: str, material: Any, *, kid: str | None = None, until: float = inf
) -> VerifyingKey:
    """
    Prepare a key that verifies; a private key is reduced to its public half.

    Args:
        algorithm: One of RFC 7518's names, such as ``"RS256"``.
        material: A secret, a key in PEM, a key object of cryptography, or
            PyJWT's ``PyJWK``.
        kid: The id by which tokens name it, if any.
        until: From when on it verifies nothing, in epoch seconds.

    Raises:
        ConfigurationError: The algorithm is unknown, or the key does not fit.
    """
    found, prepared = _prepared(algorithm, material)
    if hasattr(prepared, "public_key"):
        prepared = prepared.public_key()
    elif isinstance(prepared, bytes):
        found = _hmac(algorithm, prepared)
    return VerifyingKey(algorithm, found, prepared, kid, until)


def prepared_key(algorithm: str, material: Any) -> Any:
    """
    The key object behind some material: bytes for a secret, else cryptography's.

    Raises:
        ConfigurationError: The algorithm is unknown, or the key does not fit.
    """
    return _prepared(algorithm, material)[1]


def weakness(algorithm: str, material: Any) -> str | None:
    """
    Say what is weak about a key, without a word of the key itself.

    RFC 7518 §3.2 (a secret as long as the hash) and §3.3 (RSA of 2048 bits);
    RFC 8725 §3.5 (no guessable secret).

    Returns:
        A sentence, or None for a key with no known weakness.

    Raises:
        ConfigurationError: The algorithm is unknown, or the key does not fit.
    """
    _found, prepared = _prepared(algorithm, material)
    if isinstance(prepared, bytes):
        return _weak_secret(algorithm, prepared)
    if hasattr(prepared, "key_size") and algorithm[:2] in {"RS", "PS"}:
        return _weak_rsa(prepared)
    return None


def _weak_secret(algorithm: str, secret: bytes) -> str | None:
    least = int(algorithm[2:]) // 8
    if len(secret) < least:
        return (
            f"it has {len(secret)} bytes, and {algorithm} needs at least {least} "
            "(RFC 7518 section 3.2)"
        )
    if is_known(secret):
        return "it is in public lists of known secrets"
    if _spells_a_key(secret):
        return "it is a bare number or the text of a public key"
    return None


def _weak_rsa(key: Any) -> str | None:
    if key.key_size < MIN_RSA_BITS:
        return (
            f"it has {key.key_size} bits, and RSA needs at least {MIN_RSA_BITS} "
            "(RFC 7518 section 3.3)"
        )
    public = key.public_key() if hasattr(key, "public_key") else key
    if public.public_numbers().e < MIN_RSA_EXPONENT:
        return f"its public exponent is below {MIN_RSA_EXPONENT}"
    return None


def _spells_a_key(secret: bytes) -> bool:
    """Whether the secret is a DER key in base64 or hex, or an RSA modulus."""
    text = b"".join(secret.split())
    return text.isdigit() or any(_is_der(der) for der in _decodings(text))


def _decodings(text: bytes) -> Iterator[bytes]:
    plain = text.rstrip(b"=").translate(_STANDARD_ALPHABET)
    with suppress(ValueError):
        yield b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    with suppress(ValueError):
        yield bytes.fromhex(text.decode("latin-1"))


def _is_der(data: bytes) -> bool:
    """DER keys are a SEQUENCE that is exactly as long as it says (X.690 §8.1)."""
    if len(data) < MIN_DER_BYTES or data[0] != DER_SEQUENCE:
        return False
    length = data[1]
    if length < DER_LONG_FORM:
        return len(data) == 2 + length
    octets = length - DER_LONG_FORM
    return len(data) == 2 + octets + int.from_bytes(data[2 : 2 + octets])


MIN_DER_BYTES = 40
"""An Ed25519 public key, the smallest of all, takes 44."""

DER_SEQUENCE = 0x30
DER_LONG_FORM = 0x80

_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")
"""base64url's two characters of its own, as base64 writes them (RFC 4648 §5)."""


def _prepared(algorithm: str, material: Any) -> tuple[Primitive, Any]:
    try:
        return _prepare_once(algorithm, material)
    except TypeError:  # a key object that cannot be hashed
        return _prepare(algorithm, material)


def _prepare(algorithm: str, material: Any) -> tuple[Primitive, Any]:
    found = primitive(algorithm)
    if found is None:
        raise ConfigurationError(f"Algorithm {algorithm!r} is not supported here")
    if isinstance(material, PyJWK):
        if material.algorithm_name != algorithm:
            raise ConfigurationError(_misfit(algorithm))
        return found, material.key
    try:
        return found, found.prepare_key(_with_line_breaks(material))
    except (InvalidKeyError, TypeError, ValueError) as exc:
        raise ConfigurationError(_misfit(algorithm)) from exc


def _with_line_breaks(material: Any) -> Any:
    r"""A PEM from a ``.env`` file may have ``\\n`` in place of its line breaks."""
    if isinstance(material, str) and material.lstrip().startswith("-----BEGIN "):
        return material.replace("\\n", "\n")
    if isinstance(material, bytes) and material.lstrip().startswith(b"-----BEGIN "):
        return material.replace(b"\\n", b"\n")
    return material


_prepare_once = lru_cache(PREPARED_KEYS)(_prepare)
_hmac = lru_cache(PREPARED_KEYS)(Hmac)


def _misfit(algorithm: str) -> str:
    wanted = "a PEM key" if is_asymmetric(algorithm) else "a non-empty secret"
    return f"The key does not fit {algorithm}, which takes {wanted} of its own kind"
