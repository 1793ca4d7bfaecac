"""
How a session shows in claims: the ``sid`` of a token, and what follows from claims.

``sid`` is OpenID Connect's name for the session that a token belongs to (OpenID
Connect Front-Channel Logout 1.0 §3); the id is the family's in the store.
"""

from typing import Any

from quart_jwt.extension.settings.judgement import JudgementSettings
from quart_jwt.tokens.claims import expiry
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import later
from quart_jwt.typing import Claims

SESSION_ID = "sid"


FOREIGN = "\x1f"
"""
Begins the names of what other issuers have issued, and separates issuer and name.

No name of our own begins with it, so a store cannot confuse the two.
"""


def token_ref(claims: Claims, settings: JudgementSettings) -> TokenRef:
    """
    What a store needs to know of a token.

    A user is known by issuer and subject, and a token by issuer and ``jti``, because
    two issuers may give the same names. The sessions here are our own: the ``sid`` of
    another issuer's token is its own business.

    Args:
        claims: The verified claims.
        settings: Where the identity stands, and whose tokens are not ours.
    """
    issued_at = claims.get("iat", 0)
    jti = _text(claims.get("jti"))
    subject = _text(claims.get(settings.identity_claim_key))
    if settings.issuer_of(claims) is not None:
        issuer = claims["iss"]
        return TokenRef(
            jti=foreign_name(issuer, jti),
            family_id=None,
            subject=foreign_name(issuer, subject),
            issued_at=issued_at,
        )
    return TokenRef(
        jti=jti,
        family_id=_text(claims.get(SESSION_ID)),
        subject=None if is_foreign(subject) else subject,
        issued_at=issued_at,
    )


def foreign_name(issuer: str, name: str | None) -> str | None:
    """The name in a store of a subject or ``jti`` of another issuer; None for none."""
    return None if name is None else f"{FOREIGN}{issuer}{FOREIGN}{name}"


def is_foreign(name: str | None) -> bool:
    """Whether a name in a store is another issuer's."""
    return name is not None and name.startswith(FOREIGN)


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
