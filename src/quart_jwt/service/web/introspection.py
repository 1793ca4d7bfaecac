"""
Introspection (RFC 7662): whether a token is active, for API clients.

The token goes through the main flow as if a request had sent it, so signature, claims,
session and user are checked in the same place. Every rejection has one answer,
``{"active": false}``.
"""

from typing import Any

from quart_jwt.building_blocks import Credential
from quart_jwt.building_blocks import current_binding
from quart_jwt.building_blocks import granted_scopes
from quart_jwt.building_blocks import JWTSettings as Settings
from quart_jwt.building_blocks import REFUSALS
from quart_jwt.building_blocks import Requirement
from quart_jwt.building_blocks import session_store
from quart_jwt.building_blocks import verify
from quart_jwt.exceptions import KeysUnavailableError
from quart_jwt.service.resources import current_resources
from quart_jwt.typing import Claims

COPIED = ("client_id", "exp", "iat", "nbf", "sub", "aud", "iss", "jti", "sid", "roles")
"""Claims that the response copies from the token (RFC 7662 §2.2)."""

NOT_APPLICABLE = "N_A"
"""RFC 8693 §2.2.1: the type of a token that is not an access token."""

ANY_TOKEN = Requirement(verify_type=False)

INACTIVE: dict[str, Any] = {"active": False}


async def introspect(token: str) -> dict[str, Any]:
    """
    Return the introspection response for a token.

    Raises:
        StoreError: The session store or the database cannot tell.
    """
    manager, settings = current_binding()
    try:
        verified = await verify(manager, settings, Credential(token, "json"), ANY_TOKEN)
    except KeysUnavailableError:
        raise
    except REFUSALS:
        return dict(INACTIVE)
    claims = verified.claims
    if claims["type"] == "refresh" and not await _is_current(claims, settings):
        return dict(INACTIVE)
    return _described(claims)


async def _is_current(claims: Claims, settings: Settings) -> bool:
    """Whether a refresh token is the current one of a live session."""
    user = await current_resources().users.directory.find(claims["sub"])
    if user is None or not user.enabled:
        return False
    sessions = session_store(settings)
    live = await sessions.settle(
        "live", sessions.store.live(claims["sub"], now=sessions.clock())
    )
    return any(
        family.family_id == claims["sid"]
        and family.current.jti == claims["jti"]
        and family.epoch == user.session_epoch
        for family in live
    )


def _described(claims: Claims) -> dict[str, Any]:
    is_access = claims["type"] == "access"
    answer = {
        "active": True,
        "username": claims["sub"],
        "token_type": "Bearer" if is_access else NOT_APPLICABLE,
        **{name: claims[name] for name in COPIED if name in claims},
    }
    scopes = granted_scopes(claims)
    if scopes:
        answer["scope"] = " ".join(sorted(scopes))
    return answer
