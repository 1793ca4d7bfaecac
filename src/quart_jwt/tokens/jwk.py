"""
JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037), read strictly, written in public.

A key that is read is bound to one algorithm there and then. What is written has
no private member in it: a JWK leaves this module for everybody to see.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from hashlib import sha256
from typing import Any

from jwt.exceptions import PyJWTError

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.tokens import strict_json
from quart_jwt.tokens.algorithms import primitive
from quart_jwt.tokens.codec import MAX_KID_CHARS
from quart_jwt.tokens.keys import prepared_key
from quart_jwt.tokens.token import Claims

RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")

FITTING: dict[tuple[str, str | None], tuple[str, ...]] = {
    ("RSA", None): RSA_ALGORITHMS,
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("EC", "secp256k1"): ("ES256K",),
    ("OKP", "Ed25519"): ("EdDSA",),
    ("OKP", "Ed448"): ("EdDSA",),
    ("oct", None): ("HS256", "HS384", "HS512"),
}
"""Which algorithms a key of that ``kty`` and ``crv`` can be bound to."""

REQUIRED: dict[str, tuple[str, ...]] = {
    "RSA": ("e", "kty", "n"),
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
    "oct": ("k", "kty"),
}
"""The members that make a thumbprint, in its order (RFC 7638 §3.2, RFC 8037 §2)."""

PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""The private members (RFC 7518 §6)."""

MAX_MEMBER_CHARS = 2_800
"""An RSA modulus of 16,384 bits: dearer keys would make verifying an attack."""

_BASE64URL = re.compile(r"[\w-]++", re.ASCII)
_NUMBERS = (*sorted(PRIVATE - {"oth"}), "n", "e", "x", "y")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonWebKey:
    """
    A key that was read from a JWK.

    Attributes:
        kid: Its id, or its thumbprint if it names none.
        algorithm: The one algorithm that it is for.
        material: cryptography's key object, or the bytes of a secret.
    """

    kid: str
    algorithm: str
    material: Any = field(repr=False)


def read_jwk(members: Any, preferred: Iterable[str] = ()) -> JsonWebKey:
    """
    Read one key for signatures.

    Args:
        members: The JSON object.
        preferred: Which algorithm a key without ``alg`` is for: the first that
            fits; the kind's usual one if none does.

    Raises:
        ConfigurationError: It is malformed, for another use, of an unknown kind,
            or does not fit its ``alg``. The message has no part of the key.
    """
    if not isinstance(members, dict):
        raise _unusable("it is not a JSON object")
    _check_purpose(members)
    algorithm = _algorithm(members, preferred)
    _check_encoding(members)
    found = primitive(algorithm)
    if found is None:
        raise _unusable(f"{algorithm} needs the extra asymmetric-crypto")
    try:
        material = found.from_jwk(members)
    except (PyJWTError, TypeError, ValueError):
        # Not chained: these messages and frames may hold what the key holds.
        raise _unusable("its parameters do not form a valid key") from None
    return JsonWebKey(kid=_kid(members), algorithm=algorithm, material=material)


def read_public_jwk(members: Any, preferred: Iterable[str] = ()) -> JsonWebKey:
    """
    Same as ``read_jwk``, but refuses secrets: a private key that was published
    is everybody's, and proves nothing.
    """
    if isinstance(members, dict) and PRIVATE & members.keys():
        raise _unusable("it is private, and was published")
    return read_jwk(members, preferred)


def public_jwk(algorithm: str, material: Any) -> Claims | None:
    """
    The members of the public half of a key, without ``kid``, ``use`` and ``alg``.

    Args:
        algorithm: What the key is for.
        material: As ``verifying_key`` takes it; the half does not matter.

    Returns:
        The members, or None for a secret, which has no public half.

    Raises:
        ConfigurationError: The key does not fit.
    """
    key, found = prepared_key(algorithm, material), primitive(algorithm)
    if isinstance(key, bytes) or found is None:
        return None
    public = key.public_key() if hasattr(key, "public_key") else key
    members: Claims = found.to_jwk(public, as_dict=True)
    return {name: members[name] for name in REQUIRED[members["kty"]]}


def thumbprint(members: Claims) -> str:
    """
    The SHA-256 thumbprint of a JWK, in base64url (RFC 7638 §3).

    Args:
        members: The JWK; members that do not count are left aside.
    """
    counting = {name: members[name] for name in REQUIRED[members["kty"]]}
    return _base64url(sha256(strict_json.dumps(counting)).digest())


def key_thumbprint(algorithm: str, material: Any) -> str:
    """Same as ``thumbprint``, but of a key in any form; a secret's, too."""
    members = public_jwk(algorithm, material)
    if members is None:
        secret = prepared_key(algorithm, material)
        members = {"kty": "oct", "k": _base64url(secret)}
    return thumbprint(members)


def fitting_algorithm(material: Any, preferred: str) -> str:
    """
    The algorithm for a key that does not name one: ``preferred`` if it fits, else
    the usual one of the key's kind.

    Args:
        material: A key in PEM or a key object of cryptography, of either half.
        preferred: An algorithm; symmetric ones do not count.

    Raises:
        ConfigurationError: It is no such key.
    """
    usual = [names[0] for (kty, _crv), names in FITTING.items() if kty != "oct"]
    if preferred in {name for names in FITTING.values() for name in names} - _SECRET:
        usual.insert(0, preferred)
    for algorithm in usual:
        try:
            prepared_key(algorithm, material)
        except ConfigurationError:
            continue
        return algorithm
    raise ConfigurationError("A key is neither RSA, EC nor EdDSA, or is encrypted")


_SECRET = frozenset(FITTING["oct", None])


def _algorithm(members: Claims, preferred: Iterable[str]) -> str:
    kty, crv = members.get("kty"), members.get("crv")
    kind = (str(kty), None if kty in ("RSA", "oct") else str(crv))
    if kind not in FITTING or not isinstance(kty, str):
        raise _unusable("its kty or its crv is not supported")
    fitting = FITTING[kind]
    if "alg" in members:
        if members["alg"] not in fitting:
            raise _unusable("its alg does not fit its kind")
        return str(members["alg"])
    return next((name for name in preferred if name in fitting), fitting[0])


def _check_purpose(members: Claims) -> None:
    """RFC 7517 §4.2, §4.3: a key for encryption verifies no signature."""
    if members.get("use", "sig") != "sig":
        raise _unusable("its use is not sig")
    operations = members.get("key_ops", ["sign", "verify"])
    if not isinstance(operations, list) or not all(
        isinstance(one, str) for one in operations
    ):
        raise _unusable("its key_ops are not a list of strings")
    if len(set(operations)) != len(operations):
        raise _unusable("its key_ops name one twice")
    needed = {"sign", "verify"} if "d" in members else {"verify"}
    if needed.isdisjoint(operations):
        raise _unusable("its key_ops do not allow signatures")


def _check_encoding(members: Claims) -> None:
    """RFC 7515 §2: base64url without padding; the alphabet of base64 is another."""
    missing = [name for name in REQUIRED[members["kty"]] if name not in members]
    if missing:
        raise _unusable(f"it has no {missing[0]}")
    for name in _NUMBERS:
        value = members.get(name, "A")
        if not isinstance(value, str) or not _BASE64URL.fullmatch(value):
            raise _unusable(f"its {name} is not base64url")
        if len(value) > MAX_MEMBER_CHARS:
            raise _unusable(f"its {name} is too long")


def _kid(members: Claims) -> str:
    kid = members.get("kid")
    if kid is None:
        return thumbprint(members)
    if not isinstance(kid, str) or len(kid) > MAX_KID_CHARS:
        raise _unusable(f"its kid is no string of at most {MAX_KID_CHARS} characters")
    return kid


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _unusable(reason: str) -> ConfigurationError:
    return ConfigurationError(f"A JWK cannot be used: {reason}")
