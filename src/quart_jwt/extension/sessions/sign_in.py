"""
Signing in: a new session in the store, and its first pair of tokens.
"""

import secrets
from dataclasses import replace
from typing import Any

from quart_jwt.extension.request.current import current_binding
from quart_jwt.extension.request.subject import find_subject
from quart_jwt.extension.sessions.claims import kept_until
from quart_jwt.extension.sessions.context import session_store
from quart_jwt.extension.sessions.context import subject_of
from quart_jwt.extension.sessions.pairs import mint
from quart_jwt.extension.sessions.pairs import successor
from quart_jwt.extension.sessions.pairs import TokenPair
from quart_jwt.extension.sessions.pairs import Wish
from quart_jwt.extension.sessions.store import SessionStore
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.tokens.rotation import earlier
from quart_jwt.tokens.rotation import Family
from quart_jwt.typing import Claims
from quart_jwt.typing import Fresh

SESSION_ID_BYTES = 16
"""128 bits of randomness (OWASP ASVS 7.2.3)."""

MAX_DETAIL = 256
"""Characters of a client's header that a session keeps."""


async def create_token_pair(
    identity: Any,
    *,
    fresh: Fresh = False,
    additional_claims: Claims | None = None,
    additional_headers: Claims | None = None,
    issued_at: float | None = None,
    epoch: int | None = None,
) -> TokenPair:
    """
    Sign somebody in: start a session in the store, and make its first two tokens.

    Args:
        identity: Whom the tokens speak for: a string, or what the identity hook
            turns into one.
        fresh: Whether the access token opens ``fresh=True`` routes; a timedelta for
            how long.
        additional_claims: Further claims of both tokens; those of the session win.
        additional_headers: Further header parameters of both tokens.
        issued_at: The ``iat`` of the access token, from which its life counts, in epoch
            seconds: when its claims were read, if they can change; None for now.
        epoch: The user's epoch, as it was when the credentials were checked: a number
            of yours that grows when the user is to be signed out everywhere. The
            session keeps it; see ``rotate_refresh_token`` and ``revoke_all_for``.

    Raises:
        ConfigurationError: The app has no session store.
        TypeError: The identity is not a string; a claim is not JSON.
        ValueError: A claim holds NaN, NUL or a lone surrogate.
        SessionLimitError: The user has ``JWT_MAX_SESSIONS_PER_USER`` sessions, and
            ``JWT_MAX_SESSIONS_POLICY`` is ``"refuse"``.
        StoreError: The store cannot do it now; no token was handed out.
    """
    jwt, settings = current_binding()
    sessions = session_store(settings)
    now = jwt.clock()
    family = _family(settings, await subject_of(jwt, identity), now, epoch)
    wish = Wish(
        identity=identity,
        fresh=fresh,
        claims=additional_claims,
        headers=additional_headers,
        issued_at=now if issued_at is None else issued_at,
    )
    # Made before, so that what cannot be issued starts no session.
    minted = await mint(jwt, settings, family, wish)
    await sessions.settle("start", _start(sessions, settings, family, now))
    return await minted.hand_out()


async def _start(
    sessions: SessionStore, settings: Settings, family: Family, now: float
) -> None:
    limit = settings.session_limit
    await sessions.tell_revoked(
        await sessions.store.start(family, limit=limit, now=now)
    )


def _family(settings: Settings, subject: str, now: float, epoch: int | None) -> Family:
    life_s = settings.session_absolute_expires_s
    absolute_exp = None if life_s is None else int(now + life_s)
    first = successor(settings, now)
    exp = earlier(first.stamp.exp, absolute_exp)
    details = _details(settings)
    return Family(
        family_id=secrets.token_urlsafe(SESSION_ID_BYTES),
        subject=subject,
        current=replace(first.stamp, exp=exp),
        created_at=now,
        refreshed_at=now,
        absolute_exp=absolute_exp,
        keep_until=kept_until(exp, settings.leeway),
        access_until=first.access_until,
        epoch=epoch,
        user_agent=details.get("user_agent"),
        address=details.get("address"),
    )


def _details(settings: Settings) -> dict[str, str | None]:
    """What the app lets a session record of the client that signs in."""
    request, wanted = find_subject(), settings.session_details
    if request is None:
        return {}
    found = {
        "user_agent": request.headers.get("User-Agent"),
        "address": request.remote_addr,
    }
    return {
        name: value[:MAX_DETAIL] if value else None
        for name, value in found.items()
        if name in wanted
    }
