"""JWKs as our own keys, and what is verified with them."""

from typing import Any

from forging import unsegment
from quart_jwt.tokens.codec import allowed_algorithm
from quart_jwt.tokens.codec import check_signature
from quart_jwt.tokens.codec import parse
from quart_jwt.tokens.codec import Parsed
from quart_jwt.tokens.jwk import read_jwk
from quart_jwt.tokens.keys import verifying_key
from quart_jwt.tokens.keys import VerifyingKey


def key_of(jwk: dict[str, Any], algorithm: str) -> VerifyingKey:
    """The key of a JWK, for one algorithm."""
    return verifying_key(algorithm, read_jwk(jwk, [algorithm]).material)


def verify(token: str, jwk: dict[str, Any], algorithm: str) -> Parsed:
    """Take a token apart and check its signature, as ``decode_token`` does."""
    parsed = parse(token)
    allowed_algorithm(parsed.header, [algorithm])
    check_signature(parsed, [key_of(jwk, algorithm)])
    return parsed


def signed_parts(token: str) -> tuple[bytes, bytes]:
    """What is signed, and the signature, of a JWS that may be no JWT."""
    signing_input, _dot, signature = token.rpartition(".")
    return signing_input.encode("ascii"), unsegment(signature)
