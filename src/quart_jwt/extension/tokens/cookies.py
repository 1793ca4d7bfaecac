"""
Tokens in cookies: the token itself for the browser alone, and its CSRF value
where JavaScript can read it.
"""

from dataclasses import dataclass
from typing import Any

from quart_jwt.extension.request.current import current_settings
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.tokens.codec import parse


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two cookies of one token: their names and paths."""

    name: str
    path: str
    csrf_name: str
    csrf_path: str


def set_access_cookies(
    response: Any,
    encoded_access_token: str,
    max_age: int | None = None,
    domain: str | None = None,
) -> None:
    """
    Set the cookies of an access token and of its CSRF value.

    The token is not verified.

    Args:
        response: The response to change.
        encoded_access_token: The token.
        max_age: Lifetime of the cookies in seconds; None follows
            ``JWT_SESSION_COOKIE``.
        domain: Domain of the cookies; None for ``JWT_COOKIE_DOMAIN``, "" for this host
            only.

    Raises:
        KeyError: The token has no ``csrf`` claim, which
            ``JWT_COOKIE_CSRF_PROTECT`` needs.

    Examples:
        >>> async with app.test_request_context("/login"):
        ...     response = jsonify(login=True)
        ...     set_access_cookies(response, create_access_token("alice"))
        >>> [cookie.split("=")[0] for cookie in response.headers.getlist("Set-Cookie")]
        ['access_token_cookie', 'csrf_access_token']
    """
    settings = current_settings()
    _set(response, _access(settings), encoded_access_token, max_age, domain)


def set_refresh_cookies(
    response: Any,
    encoded_refresh_token: str,
    max_age: int | None = None,
    domain: str | None = None,
) -> None:
    """Same as ``set_access_cookies``, but for a refresh token."""
    settings = current_settings()
    _set(response, _refresh(settings), encoded_refresh_token, max_age, domain)


def unset_jwt_cookies(response: Any, domain: str | None = None) -> None:
    """
    Remove the cookies of both tokens.

    Args:
        response: The response to change.
        domain: The domain that the cookies were set for; None for
            ``JWT_COOKIE_DOMAIN``. "" removes the cookies of this host only, which a
            browser keeps when ``JWT_COOKIE_DOMAIN`` is set later.

    Examples:
        >>> async with app.test_request_context("/logout"):
        ...     response = jsonify(logout=True)
        ...     unset_jwt_cookies(response)
        >>> len(response.headers.getlist("Set-Cookie"))
        4
    """
    unset_access_cookies(response, domain)
    unset_refresh_cookies(response, domain)


def unset_access_cookies(response: Any, domain: str | None = None) -> None:
    """Remove the access token's cookies."""
    _unset(response, _access(current_settings()), domain)


def unset_refresh_cookies(response: Any, domain: str | None = None) -> None:
    """Remove the refresh token's cookies."""
    _unset(response, _refresh(current_settings()), domain)


def _access(settings: Settings) -> _Pair:
    return _Pair(
        settings.access_cookie_name,
        settings.access_cookie_path,
        settings.access_csrf_cookie_name,
        settings.access_csrf_cookie_path,
    )


def _refresh(settings: Settings) -> _Pair:
    return _Pair(
        settings.refresh_cookie_name,
        settings.refresh_cookie_path,
        settings.refresh_csrf_cookie_name,
        settings.refresh_csrf_cookie_path,
    )


def _set(
    response: Any, pair: _Pair, token: str, max_age: int | None, domain: str | None
) -> None:
    settings = current_settings()
    age = settings.cookie_max_age if max_age is None else max_age
    common = {"max_age": age, **_attributes(settings, domain)}
    response.set_cookie(pair.name, token, httponly=True, path=pair.path, **common)
    if _has_csrf_cookie(settings):
        csrf = settings.issued.take(token) or parse(token).claims["csrf"]
        response.set_cookie(
            pair.csrf_name, csrf, httponly=False, path=pair.csrf_path, **common
        )


def _unset(response: Any, pair: _Pair, domain: str | None) -> None:
    settings = current_settings()
    common = {"expires": 0, **_attributes(settings, domain)}
    response.set_cookie(pair.name, "", httponly=True, path=pair.path, **common)
    if _has_csrf_cookie(settings):
        response.set_cookie(
            pair.csrf_name, "", httponly=False, path=pair.csrf_path, **common
        )


def _attributes(settings: Settings, domain: str | None) -> dict[str, Any]:
    chosen = settings.cookie_domain if domain is None else domain
    attributes: dict[str, Any] = {
        "secure": settings.cookie_secure,
        "domain": chosen or None,
        "samesite": settings.cookie_samesite,
    }
    if settings.cookie_partitioned:  # Werkzeug knows it since 3.1
        attributes["partitioned"] = True
    return attributes


def _has_csrf_cookie(settings: Settings) -> bool:
    return settings.cookie_csrf_protect and settings.csrf_in_cookies
