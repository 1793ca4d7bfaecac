"""
The layout of a new token: Flask-JWT-Extended's.

RFC 7519 §4.1 names the registered claims. Times are epoch seconds; ``now`` is
always passed in.
"""

from calendar import timegm
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from typing import Any

from quart_jwt.tokens.judgement import numeric_date
from quart_jwt.tokens.token import Claims

DATES = frozenset({"exp", "iat", "nbf"})

MICROSECOND = timedelta(microseconds=1)

FAR = timedelta(days=36_500)
"""Beyond it the calendar may end, and that error is datetime's to raise."""

SESSION_ID = "sid"
"""OpenID Connect's name for the session that a token belongs to."""


@dataclass(slots=True, kw_only=True)  # not frozen: that would take as long as the rest
class Layout:
    """
    What goes into a new token.

    Attributes:
        token_type: ``"access"`` or ``"refresh"``.
        identity_claim: The name of the claim that holds the identity.
        identity: Whom the token speaks for.
        fresh: True, False, the epoch second until which it is fresh, or a
            timedelta for how long from now.
        expires: How long it lives (a timedelta or a relativedelta), or False.
        jti: The token's own identifier (RFC 7519 §4.1.7).
        csrf: The double-submit value, or None for a token without one.
        nbf: Whether to write ``nbf``.
        audience: ``aud``, if any.
        issuer: ``iss``, if any.
        additional: Further claims; they win over all of the above.
    """

    token_type: str
    identity_claim: str
    identity: Any
    fresh: bool | float | timedelta
    expires: Any
    jti: str
    csrf: str | None = field(repr=False)
    nbf: bool
    audience: Any
    issuer: str | None
    additional: Claims


def claims_of(layout: Layout, now: float) -> Claims:
    """
    The claims set of a new token.

    Args:
        layout: What goes into it.
        now: The time of issue, in epoch seconds.
    """
    issued_at, exp = int(now), expiry(layout.expires, now)
    claims: Claims = {
        "fresh": _fresh(layout.fresh, now),
        "iat": issued_at,
        "jti": layout.jti,
        "type": layout.token_type,
        layout.identity_claim: layout.identity,
    }
    if layout.nbf:
        claims["nbf"] = issued_at
    if layout.csrf is not None:
        claims["csrf"] = layout.csrf
    if layout.audience:
        claims["aud"] = layout.audience
    if layout.issuer:
        claims["iss"] = layout.issuer
    if exp is not None:
        claims["exp"] = exp
    if layout.additional:
        claims |= layout.additional
    for name in DATES:
        # A datetime given for one of the three times becomes a NumericDate.
        if isinstance(claims.get(name), datetime):
            claims[name] = timegm(claims[name].utctimetuple())
    return claims


def _fresh(fresh: bool | float | timedelta, now: float) -> bool | float:
    if not isinstance(fresh, timedelta):
        return fresh
    return (datetime.fromtimestamp(now, UTC) + fresh).timestamp()


def expiry(expires: Any, now: float) -> int | None:
    """
    When a token expires that is issued now, in epoch seconds; None for never.

    Args:
        expires: How long it lives (a timedelta or a relativedelta), or False.
        now: The time of issue, in epoch seconds.
    """
    if expires is False:
        return None
    if type(expires) is timedelta and abs(expires) < FAR:
        # The same without a calendar; datetime rounds to microseconds, too.
        return (round(now * 1_000_000) + expires // MICROSECOND) // 1_000_000
    return timegm((datetime.fromtimestamp(now, UTC) + expires).utctimetuple())


def check_issuable(claims: Claims, *, verify_sub: bool) -> None:
    """
    Refuse to issue a token that the next request would refuse.

    Args:
        claims: The claims set.
        verify_sub: Whether ``sub`` is required to be a string.

    Raises:
        TypeError: ``sub``, ``jti`` or ``iss`` is not a string, or a time is no
            NumericDate (RFC 7519 §4.1).
    """
    if verify_sub and not isinstance(claims.get("sub", ""), str):
        raise TypeError(
            "The identity of a token must be a string, not "
            f"{type(claims['sub']).__name__}: pass str(user.id), return a string "
            "from @jwt.user_identity_loader, or set JWT_VERIFY_SUB = False"
        )
    for name in ("jti", "iss"):
        if not isinstance(claims.get(name, ""), str):
            raise TypeError(f"The claim {name!r} must be a string (RFC 7519)")
    for name in DATES & claims.keys():
        # null is Flask-JWT-Extended's way to say "none", and refused when it returns
        if claims[name] is not None and numeric_date(claims[name]) is None:
            raise TypeError(f"The claim {name!r} must be a NumericDate (RFC 7519)")


def check_purpose(purpose: Any) -> None:
    """
    Refuse what cannot be the purpose of a token.

    The purpose is the ``type`` claim, so code that does not know it rejects the token.

    Raises:
        ValueError: It is empty, no string, or the type of a usual token.
    """
    if not isinstance(purpose, str) or not purpose:
        raise ValueError("A purpose is a string, such as 'download'")
    if purpose in {"access", "refresh"}:
        raise ValueError(f"{purpose!r} is a type of token and no purpose")
