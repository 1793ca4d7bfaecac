"""
Token pairs: the two tokens of a session, made from what the store knows of it.

Both carry the ``sid`` of their session. Neither outlives it: the access token ends
with the refresh token at the latest, and both with the session's absolute end.
"""

from dataclasses import dataclass
from dataclasses import field
from typing import Any

from quart_jwt.extension.hooks.calling import AWAITING
from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.sessions.claims import kept_until
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.tokens.issue import Issued
from quart_jwt.extension.tokens.issue import make
from quart_jwt.extension.tokens.issue import Order
from quart_jwt.extension.tokens.issue import random_uuid
from quart_jwt.extension.tokens.issue import tell_issued
from quart_jwt.tokens.claims import expiry
from quart_jwt.tokens.claims import SESSION_ID
from quart_jwt.tokens.rotation import earlier
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import MAX_GRACE_S
from quart_jwt.tokens.rotation import Stamp
from quart_jwt.tokens.rotation import Successor
from quart_jwt.typing import Claims
from quart_jwt.typing import Fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """
    The two tokens of a session.

    Attributes:
        access_token: Opens protected routes.
        refresh_token: Buys the next pair, once.
        session_id: The session's id, the ``sid`` of both.
        access_expires_at: When the access token expires, in epoch seconds; None for
            never.
        refresh_expires_at: The same of the refresh token.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    session_id: str
    access_expires_at: int | None
    refresh_expires_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the caller wants in both tokens, beyond the session."""

    identity: Any
    fresh: Fresh
    claims: Claims | None
    headers: Claims | None
    issued_at: float


@dataclass(frozen=True, slots=True)
class Minted:
    """
    A pair that was just made, and not yet handed out.

    Attributes:
        jwt: The manager.
        pair: What the caller gets.
        tokens: Both tokens with their claims.
    """

    jwt: Loaders
    pair: TokenPair
    tokens: tuple[Issued, Issued]

    async def hand_out(self) -> TokenPair:
        """The pair; from here on it is issued: ``signals.token_issued`` says so."""
        for token in self.tokens:
            await tell_issued(self.jwt, token.claims, AWAITING)
        return self.pair


def successor(settings: Settings, now: float) -> Successor:
    """
    A refresh token that could follow in any session.

    Args:
        settings: Its life.
        now: The time, in epoch seconds.
    """
    exp = expiry(settings.refresh_expires, now)
    stamp = Stamp(
        jti=random_uuid(),
        iat=int(now),
        exp=exp,
        csrf=random_uuid() if settings.cookie_csrf_protect else None,
    )
    access_exp = expiry(settings.access_expires, now + MAX_GRACE_S)
    return Successor(
        stamp=stamp,
        keep_until=kept_until(exp, settings.leeway),
        access_until=kept_until(access_exp, settings.leeway),
    )


async def mint(jwt: Loaders, settings: Settings, family: Family, wish: Wish) -> Minted:
    """
    Make the pair of a family as it stands: its current refresh token, and an access
    token beside it. Made twice, the refresh token is the same.

    Args:
        jwt: The manager: its hooks, its clock.
        settings: What goes into every token.
        family: The session.
        wish: What the caller wants beyond it.

    Raises:
        TypeError, ValueError: As ``create_access_token``.
    """
    issued_at = int(wish.issued_at)
    access_exp = earlier(
        expiry(settings.access_expires, wish.issued_at), family.current.exp
    )
    session = {
        settings.identity_claim_key: family.subject,
        SESSION_ID: family.family_id,
    }
    of_access = {
        **session,
        "iat": issued_at,
        "nbf": issued_at if settings.encode_nbf else None,
        "exp": access_exp,
        "type": "access",
    }
    of_refresh = {**session, **_stamped(family.current, settings)}
    access = await make(jwt, _order(wish, "access", of_access), AWAITING)
    refresh = await make(jwt, _order(wish, "refresh", of_refresh), AWAITING)
    pair = TokenPair(
        access_token=access.text,
        refresh_token=refresh.text,
        session_id=family.family_id,
        access_expires_at=access_exp,
        refresh_expires_at=family.current.exp,
    )
    return Minted(jwt, pair, (access, refresh))


def _stamped(stamp: Stamp, settings: Settings) -> Claims:
    return {
        "fresh": False,
        "iat": stamp.iat,
        "nbf": stamp.iat if settings.encode_nbf else None,
        "jti": stamp.jti,
        "csrf": stamp.csrf,
        "exp": stamp.exp,
        "type": "refresh",
    }


def _order(wish: Wish, token_type: str, pinned: Claims) -> Order:
    return Order(
        token_type=token_type,
        identity=wish.identity,
        fresh=wish.fresh,
        expires_delta=None,
        additional_claims=wish.claims,
        additional_headers=wish.headers,
        pinned=pinned,
    )
