"""
Revoke a token, a session, or all sessions of a user.
"""

from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from typing import Any

from quart_jwt.extension.request.current import current_binding
from quart_jwt.extension.request.current import get_jwt
from quart_jwt.extension.sessions.claims import kept_until
from quart_jwt.extension.sessions.claims import longest_life
from quart_jwt.extension.sessions.claims import revocation_of
from quart_jwt.extension.sessions.claims import token_ref
from quart_jwt.extension.sessions.context import named_subject
from quart_jwt.extension.sessions.context import session_store
from quart_jwt.extension.sessions.context import subject_of
from quart_jwt.extension.sessions.store import SessionStore
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.tokens.decode import decode_token_async
from quart_jwt.tokens.claims import expiry
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.typing import Claims


async def revoke_token(token: str | None = None, *, jti: str | None = None) -> None:
    """
    Revoke a token: the one of this request, a given one, or one by its ``jti``.

    Revoking a refresh token ends its session (RFC 7009 §2.1). The revocation is stored
    until the token would have expired. The call is idempotent.

    Args:
        token: An encoded token, which is verified but may have expired; None for the
            token of this request.
        jti: The ``jti`` of a token instead. The revocation is stored as long as the
            longest lifetime of a token that is issued now.

    Raises:
        RuntimeError: No token was verified in this request.
        TypeError: Both arguments were given.
        ValueError: The token has no ``jti``.
        jwt.InvalidTokenError, JWTExtendedException: The given token is not valid.
        ConfigurationError: The app has no session store.
        StoreError: The store is unavailable.
    """
    if token is not None and jti is not None:
        raise TypeError("Give a token or a jti, not both")
    settings = current_binding()[1]
    sessions = session_store(settings)
    if jti is not None:
        await _revoke(
            sessions, _until_expired(settings, Scope.TOKEN, jti, sessions.clock())
        )
        return
    claims = await _claims(token)
    if claims["type"] == "refresh" and await _end_family_of(sessions, settings, claims):
        return
    await _revoke_claims(sessions, settings, claims)


async def revoke_family(session_id: str | None = None, *, identity: Any = None) -> bool:
    """
    End a session: its access and refresh tokens are rejected from now on.

    Args:
        session_id: The session; None for the session of this request's token. If that
            token has no session, only the token is revoked.
        identity: The user that the session must belong to; None for any user. Pass the
            user's own identity when users end sessions.

    Returns:
        True if this call ended the session; False if it had already ended, belongs to
        another user, or does not exist.

    Raises:
        RuntimeError: No token was verified in this request.
        ConfigurationError: The app has no session store.
        StoreError: The store is unavailable; the session may have ended all the same.
    """
    jwt, settings = current_binding()
    sessions = session_store(settings)
    if session_id is None:
        claims = get_jwt()
        if token_ref(claims, settings).family_id is None:
            await _revoke_claims(sessions, settings, claims)
            return True
        return await _end_family_of(sessions, settings, claims)
    subject = None if identity is None else await subject_of(jwt, identity)
    return await sessions.settle("end", _end(sessions, session_id, subject))


end_session = revoke_family
"""The same function, by the name that apps use for it."""


async def revoke_all_for(
    identity: Any = None,
    *,
    issuer: str | None = None,
    issued_by: datetime | float | None = None,
    keep_current: bool = False,
    before_epoch: int | None = None,
) -> int:
    """
    End every session of a user, and revoke the user's tokens without a session.

    A later sign-in is not affected, even in the same second. Tokens without a session
    (``create_access_token()``) are compared by ``iat``, which has whole seconds, so
    tokens of the current second are rejected as well. The revocation is stored as long
    as ``JWT_ACCESS_TOKEN_EXPIRES`` and ``JWT_REFRESH_TOKEN_EXPIRES`` allow a token to
    live.

    Args:
        identity: The user, as in ``create_token_pair``; None for the identity of this
            request's token, of any issuer.
        issuer: The issuer of ``JWT_ISSUERS`` that the user belongs to; None for users
            of this app.
        issued_by: End only sessions that began, and reject only tokens that were
            issued, at or before this time; None for now.
        keep_current: Keep the session of this request's token, for "sign out
            everywhere else". The token must have a session.
        before_epoch: End only sessions of ``create_token_pair`` with a smaller epoch,
            or without one. Pass the user's new epoch if a sign-in under it may happen
            before this call.

    Returns:
        The number of sessions that this call ended.

    Raises:
        RuntimeError: An argument refers to this request's token, and none was verified.
        TypeError: The identity is not a string.
        ConfigurationError: The app has no session store.
        StoreError: The store is unavailable; the sessions may have ended all the same.
    """
    settings = current_binding()[1]
    sessions = session_store(settings)
    subject = await named_subject(identity, issuer=issuer)
    spare = None
    if keep_current:
        spare = token_ref(get_jwt(), settings).family_id
    moment = issued_by.timestamp() if isinstance(issued_by, datetime) else issued_by
    return await sessions.settle(
        "end_all",
        _end_all(sessions, settings, subject, _Which(spare, moment, before_epoch)),
    )


@dataclass(frozen=True, slots=True)
class _Which:
    """Which sessions of a subject end, as ``Families.end_all`` takes it."""

    spare: str | None
    started_by: float | None
    before_epoch: int | None


async def _claims(token: str | None) -> Claims:
    if token is None:
        return get_jwt()
    return await decode_token_async(token, allow_expired=True)


async def _end_family_of(
    sessions: SessionStore, settings: Settings, claims: Claims
) -> bool:
    ref = token_ref(claims, settings)
    if ref.family_id is None:
        return False
    return await sessions.settle("end", _end(sessions, ref.family_id, ref.subject))


async def _end(sessions: SessionStore, family_id: str, subject: str | None) -> bool:
    gone = await sessions.store.end(family_id, subject=subject, now=sessions.clock())
    await sessions.tell_revoked(gone)
    return bool(gone)


async def _end_all(
    sessions: SessionStore,
    settings: Settings,
    subject: str,
    which: _Which,
) -> int:
    now = sessions.clock()
    gone = await sessions.store.end_all(
        subject,
        spare=which.spare,
        started_by=which.started_by,
        before_epoch=which.before_epoch,
        now=now,
    )
    await sessions.tell_revoked(gone)
    issued_by = now if which.started_by is None else which.started_by
    cut = replace(
        _until_expired(settings, Scope.SUBJECT, subject, issued_by), issued_by=issued_by
    )
    await sessions.store.revoke(cut, now=now)
    await sessions.tell_revoked((cut,))
    return len(gone)


async def _revoke_claims(
    sessions: SessionStore, settings: Settings, claims: Claims
) -> None:
    await _revoke(sessions, revocation_of(claims, settings, sessions.clock()))


async def _revoke(sessions: SessionStore, revocation: Revocation) -> None:
    await sessions.settle("revoke", _revoke_and_tell(sessions, revocation))


async def _revoke_and_tell(sessions: SessionStore, revocation: Revocation) -> None:
    now = sessions.clock()
    if revocation.until is not None and revocation.until <= now:
        return  # it has expired, so the entry would have no effect
    await sessions.store.revoke(revocation, now=now)
    await sessions.tell_revoked((revocation,))


def _until_expired(
    settings: Settings, scope: Scope, name: str, issued_by: float
) -> Revocation:
    """
    A revocation of what was issued up to a moment, remembered as long as the settings
    let such a token live; by the feed, as long as they let an access token live.
    """
    access, refresh = settings.access_expires, settings.refresh_expires
    return Revocation(
        scope=scope,
        name=name,
        until=kept_until(longest_life(access, refresh, issued_by), settings.leeway),
        followed_until=kept_until(expiry(access, issued_by), settings.leeway),
    )
