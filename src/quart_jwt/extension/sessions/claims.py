"""
How a session shows in claims: the ``sid`` of a token, and what follows from claims.

``sid`` is OpenID Connect's name for the session that a token belongs to (OpenID
Connect Front-Channel Logout 1.0 §3); the id is the family's in the store.
"""

from typing import Any

from quart_jwt.tokens.claims import expiry
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import later
from quart_jwt.typing import Claims

SESSION_ID = "sid"


def token_ref(
    claims: Claims, identity_claim: str, access_life_s: float | None
) -> TokenRef:
    """
    What a store needs to know of a token.

    Args:
        claims: The verified claims.
        identity_claim: The claim that holds the identity.
        access_life_s: For how long the feed remembers revocations, in seconds: the life
            of an access token; None for ever.
    """
    issued_at = claims.get("iat", 0)
    is_refresh = claims.get("type") == "refresh"
    return TokenRef(
        jti=_text(claims.get("jti")),
        family_id=_text(claims.get(SESSION_ID)),
        subject=_text(claims.get(identity_claim)),
        issued_at=issued_at,
        is_refresh=is_refresh,
        outlives_feed=is_refresh
        or _lives_longer(claims.get("exp"), issued_at, access_life_s),
    )


def _lives_longer(exp: Any, issued_at: float, life_s: float | None) -> bool:
    if life_s is None:
        return False
    # An expired token's exp was not judged; one that cannot be read has no end.
    return not isinstance(exp, int | float) or exp - issued_at > life_s


def facts_of(claims: Claims, identity_claim: str) -> dict[str, str | None]:
    """What a signal says of a token; without claims, that nothing is known."""
    return {
        "jti": _text(claims.get("jti")),
        "subject": _text(claims.get(identity_claim)),
        "session_id": _text(claims.get(SESSION_ID)),
    }


def kept_until(exp: float | None, leeway_s: float) -> float | None:
    """
    Until when a token could be accepted, in epoch seconds; None for ever.

    Args:
        exp: When it expires, in epoch seconds; None for never.
        leeway_s: By how much clocks may differ, in seconds.
    """
    return None if exp is None else exp + leeway_s


def longest_life(access: Any, refresh: Any, now: float) -> float | None:
    """
    When the last token expires that could be issued now; None for never.

    Args:
        access: The life of an access token: a timedelta, a relativedelta, or False.
        refresh: The life of a refresh token, in the same ways.
        now: The time, in epoch seconds.
    """
    return later(expiry(access, now), expiry(refresh, now))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
