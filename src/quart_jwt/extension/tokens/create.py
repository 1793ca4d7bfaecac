"""
Functions that create tokens, sync and async.

The sync functions are Flask-JWT-Extended's. Each has an async twin, which awaits async
hooks, and runs sync hooks and RSA signatures in a worker thread.
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
    Create an access token.

    Args:
        identity: The user: a string, or an object that the identity hook converts to
            a string.
        fresh: True for a token that ``fresh=True`` routes accept; a timedelta limits
            how long they accept it.
        expires_delta: The lifetime; False for a token without ``exp``; None for
            ``JWT_ACCESS_TOKEN_EXPIRES``.
        additional_claims: More claims. They replace default claims and those of the
            additional-claims hook.
        additional_headers: More header parameters. They replace the defaults.
        purpose: Creates a token that only routes with the same
            ``@jwt_required(purpose=...)`` accept, such as for a download link. It is
            not an access token.

    Raises:
        TypeError: The identity is not a string, or a claim cannot be written as JSON.
        ValueError: A claim contains NaN, NUL or a lone surrogate, or the purpose is
            not valid.
        AsyncHookError: A hook is async: use ``create_access_token_async``.

    Examples:
        >>> async with app.app_context():
        ...     token = create_access_token("alice", additional_claims={"plan": "pro"})
        ...     claims = decode_token(token)
        >>> claims["sub"], claims["plan"], claims["type"]
        ('alice', 'pro', 'access')
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
    """Same as ``create_access_token``, but awaits async hooks."""
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
    """
    Same as ``create_access_token``, but creates a refresh token.

    A refresh token is never fresh. Its lifetime is ``JWT_REFRESH_TOKEN_EXPIRES``.

    Examples:
        >>> async with app.app_context():
        ...     claims = decode_token(create_refresh_token("alice"))
        >>> claims["type"]
        'refresh'
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
    """Same as ``create_refresh_token``, but awaits async hooks."""
    return await _maker().create_refresh_token_async(
        identity, expires_delta, additional_claims, additional_headers
    )


def _maker() -> TokenMaker:
    return cast("TokenMaker", current_manager())
