"""
Functions that decode tokens outside of a request's verification, sync and async.
"""

from quart_jwt.extension.hooks.calling import call
from quart_jwt.extension.hooks.calling import Caller
from quart_jwt.extension.hooks.calling import inline
from quart_jwt.extension.hooks.colour import finish
from quart_jwt.extension.hooks.colour import WouldSuspendError
from quart_jwt.extension.request.current import current_binding
from quart_jwt.extension.verify import proven
from quart_jwt.tokens.codec import parse_header
from quart_jwt.typing import Claims


def decode_token(
    encoded_token: str, csrf_value: str | None = None, allow_expired: bool = False
) -> Claims:
    """
    Verify a token and return its claims, without a revocation check or user lookup.

    Args:
        encoded_token: The token.
        csrf_value: The CSRF value that the token must contain, if any.
        allow_expired: Whether to accept an expired token.

    Raises:
        jwt.InvalidTokenError: The token is not valid; the subclass gives the reason.
        JWTDecodeError: A claim is missing.
        CSRFError: The CSRF value differs.
        AsyncHookError: The decode-key hook is async: use ``decode_token_async``.
        RuntimeError: The keys of the issuer must be fetched first: use
            ``decode_token_async``.

    Examples:
        >>> async with app.app_context():
        ...     claims = decode_token(create_access_token("alice"))
        >>> claims["exp"] - claims["iat"]
        900
    """
    caller = inline("decode_token_async").call
    try:
        return finish(_decode(encoded_token, csrf_value, allow_expired, caller))
    except WouldSuspendError:
        raise RuntimeError(
            "The keys of this token's issuer have to be fetched first, and a sync "
            "function cannot wait for them. Use: await decode_token_async(...)"
        ) from None


async def decode_token_async(
    encoded_token: str, csrf_value: str | None = None, allow_expired: bool = False
) -> Claims:
    """Same as ``decode_token``, but awaits an async decode-key hook."""
    return await _decode(encoded_token, csrf_value, allow_expired, call)


def get_jti(encoded_token: str) -> str | None:
    """Verify a token and return its ``jti`` claim; None without one."""
    return decode_token(encoded_token).get("jti")


def get_csrf_token(encoded_token: str) -> str:
    """
    Verify a token and return its ``csrf`` claim.

    Raises:
        KeyError: The token has no such claim.
    """
    csrf: str = decode_token(encoded_token)["csrf"]
    return csrf


def get_unverified_jwt_headers(encoded_token: str) -> Claims:
    """Return the header of a token without verifying it: do not trust the result."""
    return parse_header(encoded_token)


async def _decode(
    text: str, csrf_value: str | None, allow_expired: bool, caller: Caller
) -> Claims:
    jwt, settings = current_binding()
    entry = await proven(
        text,
        settings,
        jwt.verifying.key,
        caller,
        jwt.clock(),
        csrf=csrf_value,
        allow_expired=allow_expired,
    )
    return entry.token.claims_copy()
