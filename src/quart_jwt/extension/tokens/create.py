"""
Making tokens, in both colours.

The sync functions are Flask-JWT-Extended's. Each has an awaitable twin, which
waits for async hooks, runs plain ones in a worker thread and signs RSA there.
"""

from typing import Any

from quart_jwt.extension.hooks.calling import AWAITING
from quart_jwt.extension.hooks.calling import inline
from quart_jwt.extension.hooks.colour import finish
from quart_jwt.extension.request.current import current_manager
from quart_jwt.extension.tokens.issue import issue
from quart_jwt.extension.tokens.issue import Order
from quart_jwt.typing import Claims
from quart_jwt.typing import ExpiresDelta
from quart_jwt.typing import Fresh


def create_access_token(
    identity: Any,
    fresh: Fresh = False,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: Claims | None = None,
    additional_headers: Claims | None = None,
) -> str:
    """
    Make an access token.

    Args:
        identity: Whom it speaks for: a string, or what the identity hook turns
            into one.
        fresh: Whether it opens ``fresh=True`` routes; a timedelta for how long.
        expires_delta: Its life; False for no end; ``JWT_ACCESS_TOKEN_EXPIRES``
            if None.
        additional_claims: Further claims; they win over the hook's and ours.
        additional_headers: Further header parameters; they win, too.

    Raises:
        TypeError: The identity is not a string; a claim is not JSON.
        ValueError: A claim holds NaN, NUL or a lone surrogate.
        AsyncHookError: A hook is async: use ``create_access_token_async``.
    """
    order = _access(
        identity, fresh, expires_delta, additional_claims, additional_headers
    )
    return finish(issue(current_manager(), order, inline("create_access_token_async")))


async def create_access_token_async(
    identity: Any,
    fresh: Fresh = False,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: Claims | None = None,
    additional_headers: Claims | None = None,
) -> str:
    """Same as ``create_access_token``, but waits for hooks of any colour."""
    order = _access(
        identity, fresh, expires_delta, additional_claims, additional_headers
    )
    return await issue(current_manager(), order, AWAITING)


def create_refresh_token(
    identity: Any,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: Claims | None = None,
    additional_headers: Claims | None = None,
) -> str:
    """Same as ``create_access_token``, but makes a refresh token, which is never
    fresh and lives for ``JWT_REFRESH_TOKEN_EXPIRES``.
    """
    order = _refresh(identity, expires_delta, additional_claims, additional_headers)
    return finish(issue(current_manager(), order, inline("create_refresh_token_async")))


async def create_refresh_token_async(
    identity: Any,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: Claims | None = None,
    additional_headers: Claims | None = None,
) -> str:
    """Same as ``create_refresh_token``, but waits for hooks of any colour."""
    order = _refresh(identity, expires_delta, additional_claims, additional_headers)
    return await issue(current_manager(), order, AWAITING)


def _access(
    identity: Any,
    fresh: Fresh,
    expires_delta: ExpiresDelta | None,
    additional_claims: Claims | None,
    additional_headers: Claims | None,
) -> Order:
    return Order(
        token_type="access",  # noqa: S106 - a type, not a secret
        identity=identity,
        fresh=fresh,
        expires_delta=expires_delta,
        additional_claims=additional_claims,
        additional_headers=additional_headers,
    )


def _refresh(
    identity: Any,
    expires_delta: ExpiresDelta | None,
    additional_claims: Claims | None,
    additional_headers: Claims | None,
) -> Order:
    return Order(
        token_type="refresh",  # noqa: S106 - a type, not a secret
        identity=identity,
        fresh=False,
        expires_delta=expires_delta,
        additional_claims=additional_claims,
        additional_headers=additional_headers,
    )
