"""
Tokens with padded segments, as the load balancers of AWS sign them.

RFC 7515 §2 has no padding, and ``codec`` refuses it: a token has one spelling.
"""

import re

from quart_jwt.tokens.codec import parse
from quart_jwt.tokens.codec import Parsed

_PADDED = re.compile(r"(?:[\w-]++={0,2}(?:\.|$)){3}", re.ASCII)


def parse_padded(text: str) -> Parsed:
    """
    Parse a token whose segments are all padded; the signature covers the padding.

    Raises:
        DecodeError, InvalidTokenError: As by ``codec.parse``, which also refuses a
            token that is padded in part.
    """
    if not _PADDED.fullmatch(text) or any(len(one) % 4 for one in text.split(".")):
        return parse(text)
    parsed = parse(text.replace("=", ""))
    parsed.signing_input = text.rpartition(".")[0].encode("ascii")
    return parsed
