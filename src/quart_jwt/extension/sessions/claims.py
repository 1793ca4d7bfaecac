"""
How a session shows in claims: the ``sid`` of a token, and what follows from claims.

``sid`` is OpenID Connect's name for the session that a token belongs to (OpenID
Connect Front-Channel Logout 1.0 §3); the id is the family's in the store.
"""

from typing import Any
from typing import Protocol

from quart_jwt.tokens.claims import expiry
from quart_jwt.tokens.claims import SESSION_ID
from quart_jwt.tokens.judgement import Expectation
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import later
from quart_jwt.typing import Claims

FOREIGN = "\x1f"
"""
Begins the names of what other issuers have issued, and separates issuer and name.

No name of our own begins with it, so a store cannot confuse the two.
"""


class _Settings(Protocol):
    """What of the settings says how a token is known to a store."""

    identity_claim_key: Any

    @property
    def access_life_s(self) -> float | None:
        """How long the feed remembers revocations; None for ever."""

    def issuer_of(self, claims: Claims) -> object | None:
        """The issuer beside us that a token names; None for one of our own."""

    def expectation_of(self, claims: Claims) -> Expectation:
        """What a token of the same issuer is judged by."""


def token_ref(claims: Claims, settings: _Settings) -> TokenRef:
    """
    What a store needs to know of a token.

    A user is known by issuer and subject, and a token by issuer and ``jti``, because
    two issuers may give the same names. The sessions here are our own: the ``sid`` of
    another issuer's token is its own business.

    Args:
        claims: The verified claims.
        settings: Where the identity stands, whose tokens are not ours, and for how long
            the feed remembers revocations.
    """
    issued_at = claims.get("iat", 0)
    is_refresh = claims.get("type") == "refresh"
    outlives_feed = is_refresh or _lives_longer(
        claims.get("exp"), issued_at, settings.access_life_s
    )
    jti = _text(claims.get("jti"))
    subject = _text(claims.get(settings.identity_claim_key))
    if settings.issuer_of(claims) is not None:
        issuer = claims["iss"]
        return TokenRef(
            jti=foreign_name(issuer, jti),
            family_id=None,
            subject=foreign_name(issuer, subject),
            issued_at=issued_at,
            is_refresh=is_refresh,
            outlives_feed=outlives_feed,
        )
    return TokenRef(
        jti=jti,
        family_id=_text(claims.get(SESSION_ID)),
        subject=None if is_foreign(subject) else subject,
        issued_at=issued_at,
        is_refresh=is_refresh,
        outlives_feed=outlives_feed,
    )


def _lives_longer(exp: Any, issued_at: float, life_s: float | None) -> bool:
    if life_s is None:
        return False
    # An expired token's exp was not judged; one that cannot be read has no end.
    return not isinstance(exp, int | float) or exp - issued_at > life_s


def foreign_name(issuer: str, name: str | None) -> str | None:
    """The name in a store of a subject or ``jti`` of another issuer; None for none."""
    return None if name is None else f"{FOREIGN}{issuer}{FOREIGN}{name}"


def is_foreign(name: str | None) -> bool:
    """Whether a name in a store is another issuer's."""
    return name is not None and name.startswith(FOREIGN)


def revocation_of(claims: Claims, settings: _Settings, now: float) -> Revocation:
    """
    The revocation of one token, remembered as long as it could have been accepted.

    Raises:
        ValueError: It has no ``jti``.
    """
    ref = token_ref(claims, settings)
    if ref.jti is None:
        raise ValueError("A token without a jti cannot be revoked")
    leeway_s = settings.expectation_of(claims).leeway_s
    return Revocation(
        scope=Scope.TOKEN,
        name=ref.jti,
        until=kept_until(claims.get("exp"), leeway_s),
        # Of any other token, the feed only has to say that it was revoked.
        followed_until=now if ref.outlives_feed else None,
        subject=ref.subject,
    )


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
