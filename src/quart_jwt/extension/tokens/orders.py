"""
What the callers of ``create_access_token`` and ``create_refresh_token`` may ask for.
"""

from typing import Any

from quart_jwt.extension.tokens.issue import Order
from quart_jwt.tokens.claims import check_purpose
from quart_jwt.typing import Claims
from quart_jwt.typing import ExpiresDelta
from quart_jwt.typing import Fresh


def access_order(
    identity: Any,
    fresh: Fresh,
    expires_delta: ExpiresDelta | None,
    additional_claims: Claims | None,
    additional_headers: Claims | None,
    *,
    purpose: str | None = None,
) -> Order:
    """
    An access token, or a token for one purpose.

    Raises:
        ValueError: The purpose is none.
    """
    if purpose is not None:
        check_purpose(purpose)
    return Order(
        token_type=purpose or "access",
        identity=identity,
        fresh=fresh,
        expires_delta=expires_delta,
        additional_claims=additional_claims,
        additional_headers=additional_headers,
        # Whatever a hook puts there, the token must not be accepted elsewhere.
        pinned=None if purpose is None else {"type": purpose},
    )


def refresh_order(
    identity: Any,
    expires_delta: ExpiresDelta | None,
    additional_claims: Claims | None,
    additional_headers: Claims | None,
) -> Order:
    """A refresh token, which is never fresh."""
    return Order(
        token_type="refresh",  # noqa: S106 - a type, not a secret
        identity=identity,
        fresh=False,
        expires_delta=expires_delta,
        additional_claims=additional_claims,
        additional_headers=additional_headers,
    )
