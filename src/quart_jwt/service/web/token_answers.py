"""
How a pair of tokens is answered: in the body (RFC 6749 §5.1), or in cookies.
"""

from quart import jsonify
from quart import Response

from quart_jwt import get_csrf_token
from quart_jwt import set_access_cookies
from quart_jwt import set_refresh_cookies
from quart_jwt import TokenPair
from quart_jwt.building_blocks import current_settings
from quart_jwt.service.ground.errors import CookieSizeError
from quart_jwt.service.resources import current_resources

MAX_COOKIE_TOKEN = 3_800
"""Characters; browsers drop a cookie of more than 4,096 with its attributes."""

REFRESH_COOKIE_PATHS = frozenset({"/refresh", "/"})
"""Without renewal at the gateway, and with it."""


def token_answer(pair: TokenPair, *, in_cookies: bool) -> Response:
    """
    Return the answer that hands a pair out.

    Raises:
        CookieSizeError: Browsers would drop the cookie.
    """
    return _cookie_answer(pair) if in_cookies else _bearer_answer(pair)


def _bearer_answer(pair: TokenPair) -> Response:
    return jsonify(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        token_type="Bearer",  # noqa: S106 - RFC 6749 section 5.1
        expires_in=_life_s(pair),
    )


def _cookie_answer(pair: TokenPair) -> Response:
    response = jsonify(cookies=True, expires_in=_life_s(pair), **_csrf_values(pair))
    put_in_cookies(response, pair)
    return response


def put_in_cookies(response: Response, pair: TokenPair) -> None:
    """
    Set the cookies of both tokens.

    Raises:
        CookieSizeError: Browsers would drop one.
    """
    _remove_moved_cookie(response)
    set_access_cookies(response, _fitting(pair.access_token))
    set_refresh_cookies(response, _fitting(pair.refresh_token))


def _csrf_values(pair: TokenPair) -> dict[str, str]:
    """
    What a page of another host needs, which cannot read our cookies.

    Only pages that may read this answer learn it, and those may act for the user.
    """
    if not current_resources().settings.cors.credentials:
        return {}
    return {
        "csrf_access_token": get_csrf_token(pair.access_token),
        "csrf_refresh_token": get_csrf_token(pair.refresh_token),
    }


def _life_s(pair: TokenPair) -> int:
    """Return how long the access token lives from now, in seconds."""
    expires_at = pair.access_expires_at
    if expires_at is None:  # pragma: no cover - the service has no such setting
        raise RuntimeError("a token of the service has an end")
    return max(0, expires_at - int(current_resources().clock()))


def _remove_moved_cookie(response: Response) -> None:
    """
    Remove the refresh cookie that has the other path.

    It is of a time before ``QUART_JWT_RENEW_AT_GATEWAY`` changed. A browser would send
    both to ``/refresh``, which refuses two cookies of one name.
    """
    if not current_resources().settings.sign_in.origins:
        return
    settings = current_settings()
    for path in REFRESH_COOKIE_PATHS - {settings.refresh_cookie_path}:
        response.delete_cookie(
            settings.refresh_cookie_name,
            path=path,
            domain=settings.cookie_domain or None,
            secure=settings.cookie_secure,
            httponly=True,
            samesite=settings.cookie_samesite,
        )


def _fitting(token: str) -> str:
    if len(token) > MAX_COOKIE_TOKEN:
        raise CookieSizeError("User name, roles and scopes are too long for a cookie")
    return token
