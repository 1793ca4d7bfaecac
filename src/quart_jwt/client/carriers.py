"""
How tokens travel: in the ``Authorization`` header and JSON, or in cookies.

A carrier puts a token on a request and takes the tokens out of an answer.
"""

from dataclasses import dataclass
from typing import Any
from typing import Protocol

import httpx

from quart_jwt.client.held_tokens import HeldTokens
from quart_jwt.client.held_tokens import unverified_claims

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110 §9.2.1: methods that no CSRF value is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieNames:
    """
    The names that a server uses; the defaults are Flask-JWT-Extended's and ours.

    Attributes:
        access: ``JWT_ACCESS_COOKIE_NAME``.
        refresh: ``JWT_REFRESH_COOKIE_NAME``.
        access_csrf_header: ``JWT_ACCESS_CSRF_HEADER_NAME``.
        refresh_csrf_header: ``JWT_REFRESH_CSRF_HEADER_NAME``.
    """

    access: str = "access_token_cookie"
    refresh: str = "refresh_token_cookie"
    access_csrf_header: str = "X-CSRF-TOKEN"
    refresh_csrf_header: str = "X-CSRF-TOKEN"


class Carrier(Protocol):
    """One way for tokens to travel."""

    def put_access(self, request: httpx.Request, token: str) -> None:
        """Put an access token on a request, in place of an earlier one."""

    def put_refresh(self, request: httpx.Request, token: str) -> None:
        """Put a refresh token on a request."""

    def take(self, answer: httpx.Response, held: str | None) -> HeldTokens | None:
        """
        Take the tokens out of an answer.

        Args:
            answer: What the login or the refresh endpoint said.
            held: The refresh token that goes on if the answer brings none.

        Returns:
            The tokens, or None if there is no access token.
        """


class HeaderCarrier:
    """Tokens come in a JSON object and go in a header (RFC 6750 §2.1)."""

    def put_access(self, request: httpx.Request, token: str) -> None:
        """Put an access token on a request, in place of an earlier one."""
        request.headers["Authorization"] = f"Bearer {token}"

    put_refresh = put_access

    def take(self, answer: httpx.Response, held: str | None) -> HeldTokens | None:
        """Take the tokens out of a JSON object (RFC 6749 §5.1)."""
        try:
            body = answer.json()
        except ValueError:
            return None
        if not isinstance(body, dict):
            return None
        return _pair(body.get("access_token"), body.get("refresh_token"), held)


@dataclass(frozen=True, slots=True)
class CookieCarrier:
    """
    Tokens come and go in cookies, with a CSRF value beside them.

    The value is read from the token itself, so that the readable cookies which a
    browser's script needs are not needed here.

    Args:
        names: The names of cookies and headers.
    """

    names: CookieNames

    def put_access(self, request: httpx.Request, token: str) -> None:
        """Put an access token on a request, in place of an earlier one."""
        _set_cookie(request, self.names.access, token)
        _set_csrf(request, self.names.access_csrf_header, token)

    def put_refresh(self, request: httpx.Request, token: str) -> None:
        """Put a refresh token on a request."""
        _set_cookie(request, self.names.refresh, token)
        _set_csrf(request, self.names.refresh_csrf_header, token)

    def take(self, answer: httpx.Response, held: str | None) -> HeldTokens | None:
        """Take the tokens out of the cookies that an answer sets."""
        cookies = answer.cookies
        return _pair(
            cookies.get(self.names.access), cookies.get(self.names.refresh), held
        )


def _pair(access: Any, refresh: Any, held: str | None) -> HeldTokens | None:
    if not isinstance(access, str) or not access:
        return None
    return HeldTokens(access, refresh if isinstance(refresh, str) and refresh else held)


def _set_cookie(request: httpx.Request, name: str, value: str) -> None:
    """Set one cookie of a request; those that its client put there stay."""
    others = [
        cookie
        for cookie in request.headers.get("Cookie", "").split("; ")
        if cookie and cookie.partition("=")[0] != name
    ]
    request.headers["Cookie"] = "; ".join([*others, f"{name}={value}"])


def _set_csrf(request: httpx.Request, header: str, token: str) -> None:
    csrf = unverified_claims(token).get("csrf")
    if request.method not in SAFE_METHODS and isinstance(csrf, str):
        request.headers[header] = csrf
