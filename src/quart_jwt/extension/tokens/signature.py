"""
Checking a signature, and a hint where a bad one is likely to be a mistake of ours.

Workers that make up their secret at start reject each other's tokens: with two of
them, half of the requests. Such tokens look exactly as if they were our own.
"""

import logging

from jwt.exceptions import InvalidSignatureError

from quart_jwt.extension.settings.settings import Settings
from quart_jwt.tokens.algorithms import SYMMETRIC
from quart_jwt.tokens.codec import check_signature
from quart_jwt.tokens.codec import Parsed
from quart_jwt.tokens.keys import VerifyingKey
from quart_jwt.tokens.token import Token

OUR_CLAIMS = frozenset({"fresh", "iat", "jti", "type"})
"""What every token of this library has, and few others have all of."""

_logger = logging.getLogger("quart_jwt")


def checked(
    parsed: Parsed, keys: tuple[VerifyingKey, ...], settings: Settings
) -> Token:
    """
    Check the signature of a token.

    Args:
        parsed: The token.
        keys: The keys that may have signed it.
        settings: Notes that the hint was given: once is enough.

    Raises:
        InvalidSignatureError: None of them has signed it.
    """
    try:
        key = check_signature(parsed, keys)
    except InvalidSignatureError:
        of_ring = settings.key_ring is not None
        if not (settings.hinted_at_keys or of_ring) and _looks_like_ours(parsed):
            settings.hinted_at_keys = True
            _logger.warning(
                "A token that looks like one of this app has an invalid signature. "
                "If the app runs in several workers, give them all the same "
                "JWT_SECRET_KEY from an environment variable; a secret generated at "
                "start differs in each"
            )
        raise
    return Token(parsed.header, parsed.claims, key)


def _looks_like_ours(parsed: Parsed) -> bool:
    return parsed.header.get("alg") in SYMMETRIC and parsed.claims.keys() >= OUR_CLAIMS
