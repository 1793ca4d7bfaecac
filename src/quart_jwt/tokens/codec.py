"""
Compact serialisation (RFC 7515 §7.1): parse once and strictly, check, sign.

A token is judged from the outside in, and the first fault ends it: its length,
its characters, its three segments, its JSON, its header, its signature. The
errors are PyJWT's own classes and, where PyJWT knows the fault, its words.
"""

import re
from binascii import a2b_base64
from binascii import b2a_base64
from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache
from typing import Any

from jwt.exceptions import DecodeError
from jwt.exceptions import InvalidAlgorithmError
from jwt.exceptions import InvalidSignatureError
from jwt.exceptions import InvalidTokenError

from quart_jwt.tokens import strict_json
from quart_jwt.tokens.algorithms import SUPPORTED
from quart_jwt.tokens.keys import SigningKey
from quart_jwt.tokens.keys import VerifyingKey
from quart_jwt.tokens.token import Claims
from quart_jwt.tokens.token import copy

MAX_TOKEN_CHARS = 8_192
"""What nginx, Apache and Node accept as one header; cookies hold half of it."""

MAX_KID_CHARS = 256

KNOWN_HEADERS = 64
MAX_KNOWN_HEADER_CHARS = 512
"""Headers that are kept parsed: at most 32 KiB of text."""

REFUSED_PARAMETERS = ("b64", "zip", "jwk", "jku", "x5u", "x5c")
"""Header parameters that change how a token is read or whose key it names.
None has a use in a JWT that we would accept, and each has been an attack."""

# Possessive: a segment is read once, however the token goes on.
_COMPACT = re.compile(r"([\w-]*+)\.([\w-]*+)\.([\w-]*+)", re.ASCII)
_BASE64URL = re.compile(r"[\w-]*+", re.ASCII)

_LAST_CHARACTERS = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}
"""RFC 7515 §2, RFC 4648 §3.5: the last character of an incomplete group of four
carries four or two bits too many; they have to be zero, or one token would have
several spellings."""


@dataclass(slots=True)  # not frozen: that would cost as much as reading the header
class Parsed:
    """A well-formed token whose signature is not yet verified."""

    header: Claims
    claims: Claims = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def parse(text: Any) -> Parsed:
    """
    Take a token apart without believing it.

    Args:
        text: The token, as str or ASCII bytes.

    Raises:
        DecodeError: It is not a compact JWS with a JSON object in it.
        InvalidTokenError: Its header asks for what we do not do.
    """
    match = _segments(text)
    first, second, third = match.groups()
    header, claims = _header(first), _object(second, "payload")
    signing_input = match.string[: match.end(2)].encode("ascii")
    return Parsed(header, claims, signing_input, _bytes(third))


def parse_header(text: Any) -> Claims:
    """The unverified header of a well-formed token."""
    return copy(_header(_segments(text).group(1)))


def allowed_algorithm(header: Claims, allowed: Iterable[str]) -> str:
    """
    The header's algorithm, if it is one of ours (RFC 8725 §3.1).

    Raises:
        InvalidAlgorithmError: It is missing, not allowed, or not supported.
    """
    if "alg" not in header:
        raise InvalidAlgorithmError("Algorithm not specified")
    algorithm = header["alg"]
    if not isinstance(algorithm, str) or algorithm not in allowed:
        raise InvalidAlgorithmError("The specified alg value is not allowed")
    if algorithm not in SUPPORTED:
        raise InvalidAlgorithmError("Algorithm not supported")
    return algorithm


def check_signature(parsed: Parsed, keys: Iterable[VerifyingKey]) -> VerifyingKey:
    """
    Find the key that made the signature.

    Args:
        parsed: The token.
        keys: Candidates; each is used for its own algorithm only.

    Returns:
        The key.

    Raises:
        InvalidSignatureError: None of them did.
    """
    algorithm = parsed.header["alg"]
    for key in keys:
        if key.algorithm == algorithm and key.verifies(
            parsed.signing_input, parsed.signature
        ):
            return key
    raise InvalidSignatureError("Signature verification failed")


def sign(
    header: Claims,
    claims: Claims,
    key: SigningKey,
    default: Callable[[Any], Any] | None,
) -> str:
    """
    Serialise and sign.

    Args:
        header: Parameters beside ``alg`` and ``typ``; an empty ``typ`` leaves
            it out.
        claims: The claims set.
        key: The key; its algorithm goes into the header.
        default: Turns what JSON does not know into something that it does.

    Raises:
        TypeError, ValueError: A claim or a parameter is not strict JSON.
        ValueError: The token would be too long for anybody to present.
        InvalidTokenError: A parameter is one that we would refuse ourselves.
    """
    is_usual = header.keys() <= {"typ", "kid"}
    if is_usual and all(type(value) is str for value in header.values()):
        first = _known_segment(key.algorithm, **header)
    else:
        first = _header_segment(header, key.algorithm, default)
    signing_input = first + b"." + _segment(strict_json.dumps(claims, default))
    signature = _segment(key.sign(signing_input))
    compact = (signing_input + b"." + signature).decode("ascii")
    if len(compact) > MAX_TOKEN_CHARS:
        raise ValueError(f"The token has more than {MAX_TOKEN_CHARS} characters")
    return compact


def _header_segment(header: Claims, algorithm: str, default: Any) -> bytes:
    header = {"typ": "JWT", **header, "alg": algorithm}
    if not header["typ"]:
        del header["typ"]
    check_header(header)
    return _segment(strict_json.dumps(dict(sorted(header.items())), default))


@lru_cache(KNOWN_HEADERS)
def _known_segment(algorithm: str, **header: str) -> bytes:
    """Tokens of one key share their header: it is written once."""
    return _header_segment(header, algorithm, None)


def check_header(header: Claims) -> None:
    """
    Refuse a header that asks for more than a signature check.

    RFC 7515 §4.1.11: a recipient that does not understand a critical extension
    must reject the token, and we understand none. RFC 8725 §3.10: do not follow
    ``jku`` or ``x5u``.

    Raises:
        InvalidTokenError: A parameter is refused or malformed.
    """
    if "kid" in header:
        _check_kid(header["kid"])
    if "crit" in header:
        _refuse_critical(header["crit"])
    for name in REFUSED_PARAMETERS:
        if name in header:
            raise InvalidTokenError(f"The '{name}' header parameter is not supported")


def _check_kid(kid: Any) -> None:
    if not isinstance(kid, str):
        raise InvalidTokenError("Key ID header parameter must be a string")
    if len(kid) > MAX_KID_CHARS:
        raise InvalidTokenError("Key ID header parameter is too long")


def _refuse_critical(crit: Any) -> None:
    if not isinstance(crit, list) or not crit:
        raise InvalidTokenError("Invalid 'crit' header: must be a non-empty list")
    extension = crit[0]
    if not isinstance(extension, str):
        raise InvalidTokenError("Invalid 'crit' header: values must be strings")
    raise InvalidTokenError(
        f"Unsupported critical extension: {extension[:MAX_KID_CHARS]}"
    )


def _compact(text: Any) -> str:
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if not isinstance(text, str):
        raise DecodeError(f"Invalid token type. Token must be a {bytes}")
    if len(text) > MAX_TOKEN_CHARS:
        raise DecodeError("Token is too long")
    return text


def _segments(text: Any) -> re.Match[str]:
    compact = _compact(text)
    match = _COMPACT.fullmatch(compact)
    if match is not None:
        header, payload, signature = match.groups()
        if (
            _is_canonical(header)
            and _is_canonical(payload)
            and _is_canonical(signature)
        ):
            return match
    raise _malformed(compact)


def _is_canonical(segment: str) -> bool:
    """Whether this is the one spelling of its bytes, without padding."""
    rest = len(segment) % 4
    return not rest or (rest > 1 and segment[-1] in _LAST_CHARACTERS[rest])


def _malformed(compact: str) -> DecodeError:
    """Say which part is at fault, in the order in which PyJWT would look."""
    signing_input, dot, crypto = compact.rpartition(".")
    header, second_dot, payload = signing_input.partition(".")
    if not dot or not second_dot:
        return DecodeError("Not enough segments")
    segments = {"header": header, "payload": payload, "crypto": crypto}
    for name, segment in segments.items():
        if not _BASE64URL.fullmatch(segment) or not _is_canonical(segment):
            return DecodeError(f"Invalid {name} padding")
        if name == "header":
            _object(segment, "header")
    return DecodeError("Invalid token")


def _header(segment: str) -> Claims:
    """Tokens of one issuer share their header, text and all: it is read once."""
    short = len(segment) <= MAX_KNOWN_HEADER_CHARS
    return _known_header(segment) if short else _checked_header(segment)


def _checked_header(segment: str) -> Claims:
    header = _object(segment, "header")
    check_header(header)
    return header


_known_header = lru_cache(KNOWN_HEADERS)(_checked_header)


def _object(segment: str, name: str) -> Claims:
    try:
        value = strict_json.loads(_bytes(segment))
    except ValueError as exc:
        raise DecodeError(f"Invalid {name} string: {exc}") from None
    if not isinstance(value, dict):
        raise DecodeError(f"Invalid {name} string: must be a json object")
    return value


def _bytes(segment: str) -> bytes:
    """Decode what is known to be canonical base64url (RFC 7515 §2)."""
    data = segment.encode("ascii")
    if "-" in segment or "_" in segment:  # which base64 of ASCII hardly has
        data = data.translate(_STANDARD_ALPHABET)
    return a2b_base64(data + _PADDING[len(segment) % 4])


_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")
_PADDING = (b"", b"===", b"==", b"=")


def _segment(data: bytes) -> bytes:
    encoded = b2a_base64(data, newline=False).rstrip(b"=")
    return encoded.translate(_URL_ALPHABET)


_URL_ALPHABET = bytes.maketrans(b"+/", b"-_")
