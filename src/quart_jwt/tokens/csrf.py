"""
Double submit, bound to the token.

A token in a cookie is accepted only with the value of its ``csrf`` claim in a header or
a form field, which no other site can set.
"""

from hmac import compare_digest
from typing import Any

from quart_jwt.exceptions import CSRFError
from quart_jwt.exceptions import JWTDecodeError

ISSUED = 256
"""Tokens between being made and being put into a cookie, at once."""


class IssuedValues:
    """
    The values of the tokens just made, so that setting a cookie need not take
    the token apart again. Bounded; what is not here can be read from the token.
    """

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def remember(self, token: str, value: Any) -> None:
        """Keep the value of a token that was just made."""
        if isinstance(value, str):
            if len(self._values) >= ISSUED:
                self._values.clear()
            self._values[token] = value

    def take(self, token: str) -> str | None:
        """The value of a token that was just made, once."""
        return self._values.pop(token, None)


def verify_csrf(claims: dict[str, Any], presented: str) -> None:
    """
    Compare the presented value with the token's, in constant time.

    Raises:
        JWTDecodeError: The token has no ``csrf`` claim.
        CSRFError: The two differ.
    """
    if "csrf" not in claims:
        raise JWTDecodeError("Missing claim: csrf")
    expected = claims["csrf"]
    if not isinstance(expected, str) or not _equal(expected, presented):
        raise CSRFError("CSRF double submit tokens do not match")


def _equal(expected: str, presented: str) -> bool:
    # A header can hold any byte; compare_digest takes only ASCII as text.
    return compare_digest(
        expected.encode("utf-8", "surrogatepass"),
        presented.encode("utf-8", "surrogatepass"),
    )
