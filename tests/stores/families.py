"""Families and tokens as the contract tests need them."""

from dataclasses import replace
from typing import Any

from clock import START
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import Presented
from quart_jwt.tokens.rotation import Stamp
from quart_jwt.tokens.rotation import Successor

LIFE_S = 1_000
LEEWAY_S = 5
KEPT_S = LIFE_S + LEEWAY_S
GRACE_S = 10


def stamp(jti: str, now: float = START, *, exp: int | None = START + LIFE_S) -> Stamp:
    """The stamp of a refresh token."""
    return Stamp(jti=jti, iat=int(now), exp=exp, csrf=f"csrf of {jti}")


def family(family_id: str = "f", subject: str = "ada", **changes: Any) -> Family:
    """A family that has just begun, its first refresh token called ``<id>-1``."""
    return replace(
        Family(
            family_id=family_id,
            subject=subject,
            current=stamp(f"{family_id}-1"),
            created_at=START,
            refreshed_at=START,
            keep_until=START + LIFE_S + LEEWAY_S,
        ),
        **changes,
    )


def presented(
    jti: str = "f-1", *, family_id: str = "f", subject: str = "ada"
) -> Presented:
    """A refresh token that comes to be rotated."""
    return Presented(jti=jti, family_id=family_id, subject=subject)


def successor(
    jti: str = "f-2", now: float = START, *, life_s: int | None = LIFE_S
) -> Successor:
    """The refresh token that is to follow."""
    exp = None if life_s is None else int(now) + life_s
    until = None if exp is None else float(exp + LEEWAY_S)
    return Successor(stamp=stamp(jti, now, exp=exp), keep_until=until)


def token(
    jti: str | None = "t",
    *,
    family_id: str | None = None,
    subject: str | None = "ada",
    issued_at: float = START,
    is_refresh: bool = False,
    outlives_feed: bool = False,
) -> TokenRef:
    """A token that somebody asks about."""
    return TokenRef(
        jti=jti,
        family_id=family_id,
        subject=subject,
        issued_at=issued_at,
        is_refresh=is_refresh,
        outlives_feed=outlives_feed,
    )


def revoked_token(
    jti: str = "t",
    until: float | None = START + LIFE_S,
    *,
    subject: str | None = "ada",
) -> Revocation:
    """The revocation of one token; without a subject, of one known by its jti only."""
    return Revocation(scope=Scope.TOKEN, name=jti, until=until, subject=subject)


def revoked_subject(
    subject: str = "ada", *, issued_by: float, until: float | None = START + LIFE_S
) -> Revocation:
    """The revocation of whatever a subject was issued without a family."""
    return Revocation(
        scope=Scope.SUBJECT, name=subject, until=until, issued_by=issued_by
    )


def revoked_access(subject: str = "ada", *, issued_by: float = START) -> Revocation:
    """The revocation of a subject's access tokens."""
    return Revocation(
        scope=Scope.ACCESS, name=subject, until=START + LIFE_S, issued_by=issued_by
    )


def ended(
    family_id: str, until: float | None = START + LIFE_S + LEEWAY_S
) -> Revocation:
    """The revocation that the end of a family is."""
    return Revocation(scope=Scope.FAMILY, name=family_id, until=until)
