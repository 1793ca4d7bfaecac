"""
The tokens: one shape that every contender accepts, signed with HS256.

They have what Flask-JWT-Extended puts into an access token, and are some 350
characters long. All of one file have the same length, so that a byte offset finds
a token.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

IDENTITY = "ada"

LIFE_S = 6 * 3600
"""Far longer than a run: nothing here measures expiry."""


def mint(secret: str, count: int, *, now: float | None = None) -> Iterator[str]:
    """
    Make tokens that differ in ``jti`` and ``csrf``.

    Args:
        secret: The key of HS256.
        count: How many.
        now: The time of issue, in epoch seconds; the clock's if None.
    """
    issued = int(time.time() if now is None else now)
    key = secret.encode("ascii")
    head = _encoded(b'{"alg":"HS256","typ":"JWT"}')
    for _number in range(count):
        signed = head + b"." + _encoded(json.dumps(_claims(issued)).encode("ascii"))
        signature = _encoded(hmac.digest(key, signed, hashlib.sha256))
        yield (signed + b"." + signature).decode("ascii")


def _claims(issued: int) -> dict[str, str | int | bool]:
    return {
        "fresh": False,
        "iat": issued,
        "jti": str(uuid.uuid4()),
        "type": "access",
        "sub": IDENTITY,
        "nbf": issued,
        "csrf": str(uuid.uuid4()),
        "exp": issued + LIFE_S,
    }


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


class TokenFile:
    """
    A file of tokens, one a line, which remembers how far it has been used.

    Args:
        path: Where it is written.
        secret: The key.
        count: How many tokens.
    """

    def __init__(self, path: Path, *, secret: str, count: int) -> None:
        self.path = path
        self._count = count
        with path.open("w", encoding="ascii") as file:
            for token in mint(secret, count):
                file.write(token + "\n")
        self._line_bytes = path.stat().st_size // count

    @property
    def first(self) -> str:
        """The first token."""
        with self.path.open(encoding="ascii") as file:
            return file.readline().strip()

    def offset(self, used: int) -> int:
        """The byte at which the tokens begin that come after ``used`` of them."""
        return used % self._count * self._line_bytes
