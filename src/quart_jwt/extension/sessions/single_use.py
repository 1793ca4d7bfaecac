"""
Tokens that can be used once: their use is their revocation.

The store decides in one atomic step which of several uses is the first, also when they
come at the same moment in several processes.
"""

from jwt.exceptions import MissingRequiredClaimError

from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.extension.hooks.waiting import via_loop
from quart_jwt.extension.request.current import Verified
from quart_jwt.extension.sessions.claims import revocation_of
from quart_jwt.extension.sessions.context import session_store
from quart_jwt.extension.sessions.store import SessionStore
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.tokens.revocation import Revocation


async def use_up(settings: Settings, verified: Verified) -> None:
    """
    Use a token that has passed everything else; it is not accepted again.

    Raises:
        RevokedTokenError: It was used or revoked before.
        MissingRequiredClaimError: It has no ``jti`` by which it could be known.
        ConfigurationError: The app has no session store.
        StoreError: The store cannot tell; the token may be used up all the same.
    """
    sessions = session_store(settings)
    if verified.claim("jti") is None:
        raise MissingRequiredClaimError("jti")
    revocation = revocation_of(verified.claims, settings, sessions.clock())
    is_first = await via_loop(sessions.settle("revoke", _revoke(sessions, revocation)))
    if is_first is not True:
        raise RevokedTokenError(verified.header, verified.claims)
    verified.is_used_up = True


async def _revoke(sessions: SessionStore, revocation: Revocation) -> bool:
    return await sessions.store.revoke(revocation, now=sessions.clock())
