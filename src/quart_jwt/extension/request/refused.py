"""
Refusals: which errors of ``verify`` are about the request, and telling of them.
"""

from jwt.exceptions import InvalidTokenError
from quart import Quart

from quart_jwt.exceptions import error_code
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.extension.request.current import recall
from quart_jwt.extension.sessions.claims import facts_of
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.signals import tell
from quart_jwt.extension.signals import token_refused
from quart_jwt.typing import Claims

REFUSALS = (JWTExtendedException, InvalidTokenError)
"""The request is refused because of what it presented; anything else is trouble."""


async def tell_refused(app: Quart, settings: Settings, error: Exception) -> None:
    """
    Send ``signals.token_refused``.

    Args:
        app: The sender.
        settings: Where the identity stands.
        error: What ``verify`` raised.
    """
    if not token_refused.receivers:
        return
    # Only an error about a token whose signature was good has its claims.
    claims = getattr(error, "jwt_data", {})
    facts = facts_of(claims, settings.identity_claim_key)
    await tell(token_refused, app, {"code": error_code(error), **facts})


def token_of(error: Exception) -> tuple[Claims, Claims]:
    """
    The header and the claims of the token that an error is about.

    One that a view has raised with a message alone is about the request's token. Both
    are empty if none was verified, and for errors of the view's own use of PyJWT.
    """
    header: Claims = getattr(error, "jwt_header", {})
    claims: Claims = getattr(error, "jwt_data", {})
    verified = recall()
    if claims or verified is None or not isinstance(error, JWTExtendedException):
        return header, claims
    return verified.header, verified.claims
