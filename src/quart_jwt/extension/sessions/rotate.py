"""
Refreshing: a refresh token is exchanged for the next pair of its session.

The decision is one atomic step of the store, and is finished even if the client goes
away. The answer is built after it, from what the store then says: a repeated request
within the grace period gets the same refresh token.
"""

from typing import Any

from quart_jwt.exceptions import SessionEndedError
from quart_jwt.exceptions import TokenReuseError
from quart_jwt.extension.request.current import current_binding
from quart_jwt.extension.request.current import get_jwt
from quart_jwt.extension.request.current import get_jwt_header
from quart_jwt.extension.sessions.claims import token_ref
from quart_jwt.extension.sessions.context import session_store
from quart_jwt.extension.sessions.pairs import mint
from quart_jwt.extension.sessions.pairs import successor
from quart_jwt.extension.sessions.pairs import TokenPair
from quart_jwt.extension.sessions.pairs import Wish
from quart_jwt.extension.sessions.revoke import revoke_family
from quart_jwt.extension.sessions.store import SessionStore
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.signals import refresh_reuse_detected
from quart_jwt.extension.signals import tell
from quart_jwt.extension.signals import token_rotated
from quart_jwt.stores.base import ending_of
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import Outcome
from quart_jwt.tokens.rotation import Presented
from quart_jwt.tokens.rotation import Rotation
from quart_jwt.typing import Claims


async def rotate_refresh_token(
    *,
    identity: Any = None,
    additional_claims: Claims | None = None,
    additional_headers: Claims | None = None,
    issued_at: float | None = None,
    epoch: int | None = None,
) -> TokenPair:
    """
    Exchange the refresh token of this request for the next pair of its session.

    Call it in a ``@jwt_required(refresh=True)`` view. A refresh token is good for
    one exchange (RFC 9700 §4.14.2). Within ``JWT_REFRESH_GRACE`` of it, and only for
    the token just before, the same refresh token is given again: the answer may have
    been lost, or two tabs have asked at once. Afterwards it is reuse, and ends the
    session. The access token is not fresh, and custom claims are not inherited.

    Args:
        identity: What the claims and key hooks are shown; the token's own identity
            if None. Whom the tokens speak for does not change.
        additional_claims: Further claims of both tokens; those of the session win.
        additional_headers: Further header parameters of both tokens.
        issued_at: The ``iat`` of the access token, from which its life counts, in epoch
            seconds: when its claims were read, if they can change; None for now.
        epoch: The user's epoch now. A session that began under another one is ended:
            its user was signed out, or shut out, meanwhile. None to ask for none.

    Raises:
        RuntimeError: This request has no verified refresh token.
        ConfigurationError: The app has no session store.
        TokenReuseError: The token was used up; its session has just ended.
        SessionEndedError: Its session has ended, or is of another epoch, or it has
            none.
        StoreError: The store cannot do it now; try again with the same token.
    """
    jwt, settings = current_binding()
    sessions = session_store(settings)
    header, claims = get_jwt_header(), get_jwt()
    if claims.get("type") != "refresh":
        raise RuntimeError("Call it in a view with @jwt_required(refresh=True)")
    now = jwt.clock()
    rotation = await sessions.settle("rotate", _rotate(sessions, settings, claims, now))
    if rotation.outcome is Outcome.REUSE:
        raise TokenReuseError(header, claims)
    if rotation.family is None or rotation.outcome is Outcome.GONE:
        raise SessionEndedError(header, claims)
    if epoch is not None and rotation.family.epoch != epoch:
        await revoke_family(rotation.family.family_id)
        raise SessionEndedError(header, claims)
    subject = rotation.family.subject
    wish = Wish(
        identity=subject if identity is None else identity,
        fresh=False,
        claims=additional_claims,
        headers=additional_headers,
        issued_at=now if issued_at is None else issued_at,
    )
    minted = await mint(jwt, settings, rotation.family, wish)
    return await minted.hand_out()


async def _rotate(
    sessions: SessionStore, settings: Settings, claims: Claims, now: float
) -> Rotation:
    """Rotate in the store, and tell what came of it before anybody goes away."""
    ref = token_ref(claims, settings)
    if ref.jti is None or ref.family_id is None or ref.subject is None:
        return Rotation(Outcome.GONE, None)
    presented = Presented(jti=ref.jti, family_id=ref.family_id, subject=ref.subject)
    rotation = await sessions.store.rotate(
        presented, successor(settings, now), grace_s=settings.refresh_grace_s, now=now
    )
    if rotation.family is not None and rotation.outcome is not Outcome.GONE:
        await _tell_rotation(sessions, rotation.outcome, rotation.family, presented)
    return rotation


async def _tell_rotation(
    sessions: SessionStore, outcome: Outcome, family: Family, presented: Presented
) -> None:
    facts = {"session_id": family.family_id, "subject": family.subject}
    if outcome is Outcome.REUSE:
        told = {"jti": presented.jti, **facts}
        await tell(refresh_reuse_detected, sessions.app, told)
        await sessions.tell_revoked((ending_of(family),))
        return
    told = {"outcome": outcome.value, "jti": family.current.jti, **facts}
    await tell(token_rotated, sessions.app, told)
