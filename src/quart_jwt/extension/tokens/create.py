"""
Making tokens, in both colours.

The sync functions are Flask-JWT-Extended's. Each has an awaitable twin, which
waits for async hooks, runs plain ones in a worker thread and signs RSA there.
"""

from typing import Any
from typing import cast

from quart_jwt.extension.request.current import current_manager
from quart_jwt.extension.tokens.maker import TokenMaker
from quart_jwt.typing import Claims
from quart_jwt.typing import ExpiresDelta
from quart_jwt.typing import Fresh


def create_access_token(
    identity: Any,
    fresh: Fresh = False,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: Claims | None = None,
    additional_headers: Claims | None = None,
    *,
    purpose: str | None = None,
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
        purpose: The only thing that it opens: ``@jwt_required(purpose=...)``, as for a
            link to a file or a confirmation by mail. It is then no access token.

    Raises:
        TypeError: The identity is not a string; a claim is not JSON.
        ValueError: A claim holds NaN, NUL or a lone surrogate; the purpose is none.
        AsyncHookError: A hook is async: use ``create_access_token_async``.
    """
    return _maker().create_access_token(
        identity,
        fresh,
        expires_delta,
        additional_claims,
        additional_headers,
        purpose=purpose,
    )


async def create_access_token_async(
    identity: Any,
    fresh: Fresh = False,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: Claims | None = None,
    additional_headers: Claims | None = None,
    *,
    purpose: str | None = None,
) -> str:
    """Same as ``create_access_token``, but waits for hooks of any colour."""
    return await _maker().create_access_token_async(
        identity,
        fresh,
        expires_delta,
        additional_claims,
        additional_headers,
        purpose=purpose,
    )


def create_refresh_token(
    identity: Any,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: Claims | None = None,
    additional_headers: Claims | None = None,
) -> str:
    """Same as ``create_access_token``, but makes a refresh token, which is never
    fresh and lives for ``JWT_REFRESH_TOKEN_EXPIRES``.
    """
    return _maker().create_refresh_token(
        identity, expires_delta, additional_claims, additional_headers
    )


async def create_refresh_token_async(
    identity: Any,
    expires_delta: ExpiresDelta | None = None,
    additional_claims: Claims | None = None,
    additional_headers: Claims | None = None,
) -> str:
    """Same as ``create_refresh_token``, but waits for hooks of any colour."""
    return await _maker().create_refresh_token_async(
        identity, expires_delta, additional_claims, additional_headers
    )


def _maker() -> TokenMaker:
    return cast("TokenMaker", current_manager())
