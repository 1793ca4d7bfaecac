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
    Start a session in the store, and create its first access and refresh token.

    Args:
        identity: The user: a string, or an object that the identity hook converts to
            a string.
        fresh: True for an access token that ``fresh=True`` routes accept; a timedelta
            limits how long they accept it.
        additional_claims: More claims of both tokens. They cannot replace the claims
            of the session.
        additional_headers: More header parameters of both tokens.
        issued_at: The ``iat`` of the access token, in epoch seconds; None for now. If
            its claims can change, pass the time at which you read them.
        epoch: The user's epoch when the credentials were checked: a number of yours
            that you increase to sign the user out everywhere. The session stores it;
            see ``rotate_refresh_token`` and ``revoke_all_for``.

    Raises:
        ConfigurationError: The app has no session store.
        TypeError: The identity is not a string, or a claim cannot be written as JSON.
        ValueError: A claim contains NaN, NUL or a lone surrogate.
        SessionLimitError: The user has ``JWT_MAX_SESSIONS_PER_USER`` sessions, and
            ``JWT_MAX_SESSIONS_POLICY`` is ``"refuse"``.
        StoreError: The store is unavailable; no token was returned.

    Examples:
        >>> async with app.app_context():
        ...     pair = await create_token_pair("alice")
        ...     claims = decode_token(pair.access_token)
        >>> claims["sid"] == pair.session_id
        True
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
