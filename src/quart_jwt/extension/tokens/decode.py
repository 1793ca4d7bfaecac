"""
Taking tokens apart outside of a request's own verification, in both colours.
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
    Verify a token and give its claims; no revocation check, no user look-up.

    Args:
        encoded_token: The token.
        csrf_value: The double-submit value that it has to match, if any.
        allow_expired: Whether an expired token will do.

    Raises:
        jwt.InvalidTokenError: It is not valid; PyJWT's subclass says why.
        JWTDecodeError, CSRFError: A claim is missing; the CSRF value differs.
        AsyncHookError: The decode-key hook is async: use ``decode_token_async``.
        RuntimeError: Its issuer's keys have to be fetched first: the same.
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
    """Same as ``decode_token``, but waits for a key hook of any colour."""
    return await _decode(encoded_token, csrf_value, allow_expired, call)


def get_jti(encoded_token: str) -> str | None:
    """The identifier of a token, which is verified first; None if it has none."""
    return decode_token(encoded_token).get("jti")


def get_csrf_token(encoded_token: str) -> str:
    """
    The double-submit value of a token, which is verified first.

    Raises:
        KeyError: The token has none.
    """
    csrf: str = decode_token(encoded_token)["csrf"]
    return csrf


def get_unverified_jwt_headers(encoded_token: str) -> Claims:
    """The header of a token that nobody has verified: anybody can have made it."""
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
