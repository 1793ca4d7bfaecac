"""
The two tokens of a session, and how long the first of them is good for.

A client has no key, so it trusts no claim: it reads a token's times only to know when
to refresh.
"""

from dataclasses import dataclass
from dataclasses import field
from math import inf
from typing import Any

from jwt.exceptions import InvalidTokenError

from quart_jwt.tokens.codec import parse

MAX_SHARE_AHEAD = 0.25
"""A token is never renewed before three quarters of its life are over."""


@dataclass(frozen=True, slots=True)
class HeldTokens:
    """
    An access token and, if there is one, the refresh token of its session.

    Attributes:
        access: The encoded access token.
        refresh: The encoded refresh token, or None.
    """

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Validity:
    """
    The two times that matter, by the server's clock, in epoch seconds.

    Attributes:
        renew_at: From when on the next token is asked for.
        ends_at: From when on this one is refused.
    """

    renew_at: float
    ends_at: float


NEVER = Validity(renew_at=-inf, ends_at=-inf)
"""The validity of no token, and of one that the server has refused."""


def unverified_claims(token: str) -> dict[str, Any]:
    """The unverified claims of a token; empty if it is not a JWT."""
    try:
        return parse(token).claims
    except InvalidTokenError:
        return {}


def validity_of(access: str, ahead_s: float) -> Validity:
    """
    Say when an access token should be renewed, and when it ends.

    Args:
        access: The encoded token. One that does not say when it expires is used
            until the server refuses it.
        ahead_s: Seconds before its end at which to renew it; less for a token
            that lives so shortly that it would be renewed at once.
    """
    claims = unverified_claims(access)
    ends_at = _number(claims.get("exp"), inf)
    life_s = ends_at - _number(claims.get("iat"), -inf)
    ahead_s = min(ahead_s, MAX_SHARE_AHEAD * life_s)
    return Validity(renew_at=ends_at - ahead_s, ends_at=ends_at)


def _number(value: Any, default: float) -> float:
    return float(value) if type(value) in {int, float} else default
