"""Tokens made by hand: whatever stands in them, the MAC is right."""

import json
from base64 import urlsafe_b64decode
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import digest
from typing import Any

SECRET = "f5d0c4a9-7b1e-4e63-9d2a-52c1f7e08b36"


def segment(part: Any) -> str:
    """A segment of bytes, of text, or of a JSON value."""
    if not isinstance(part, bytes):
        part = part if isinstance(part, str) else json.dumps(part)
        part = part.encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(part).rstrip(b"=").decode("ascii")


def unsegment(text: str) -> bytes:
    """The bytes of a segment."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def forge(header: Any, payload: Any, secret: str | bytes = SECRET) -> str:
    """
    A token with a good HS256 MAC, whatever its header says.

    Args:
        header: A JSON value, or the header's text or bytes as they shall stand.
        payload: The same for the payload.
        secret: The HMAC secret.
    """
    signing_input = f"{segment(header)}.{segment(payload)}"
    key = secret.encode() if isinstance(secret, str) else secret
    mac = digest(key, signing_input.encode("ascii"), sha256)
    return f"{signing_input}.{segment(mac)}"


HEADER = {"alg": "HS256", "typ": "JWT"}
