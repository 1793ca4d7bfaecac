"""What is in a new token, without what differs from one issue to the next."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt

TOLERATED_S = 5
"""Seconds that may lie between the two sides' issuing."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A token's header and claims, in order, times as distances from ``iat``."""

    header: tuple[tuple[str, Any], ...]
    claims: dict[str, Any]


def layout_of(token: str, now: float) -> Layout:
    """
    The layout of a token that was issued just now.

    Args:
        token: Its text.
        now: The time, in epoch seconds.
    """
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    issued = claims.get("iat")
    is_ours = isinstance(issued, int) and 0 <= now - issued <= TOLERATED_S
    for name in ("nbf", "exp"):
        if is_ours and isinstance(claims.get(name), int) and claims[name] < now + 10**8:
            claims[name] = f"iat{claims[name] - issued:+}"
    if is_ours:
        claims["iat"] = "now"
    fresh = claims.get("fresh")
    if isinstance(fresh, float) and abs(fresh - now) < 10**8:
        claims["fresh"] = f"now{round(fresh - now, -1):+}"
    for name in ("jti", "csrf"):
        claims[name] = _uuid_or_itself(claims.get(name))
    return Layout(tuple(header.items()), claims)


def _uuid_or_itself(value: Any) -> Any:
    try:
        return f"uuid{UUID(value).version}"
    except (ValueError, AttributeError, TypeError):
        return value
