"""
Scopes (RFC 6749 §3.3): what a token allows, and what a route asks for.

RFC 8693 §4.2 writes them into ``scope``, a string with blanks between; some
issuers write ``scp``, a string or a list. A token has what either of them says.
"""

import re
from collections.abc import Iterable
from typing import Any

from quart_jwt.exceptions import InsufficientScopeError
from quart_jwt.tokens.token import Claims
from quart_jwt.tokens.token import Token

_SCOPE = re.compile(r"[!#-\[\]-~]+")
"""RFC 6749 §3.3: visible ASCII without the quote and the backslash."""


def is_scope(text: str) -> bool:
    """Whether a text can be one scope."""
    return _SCOPE.fullmatch(text) is not None


def required_scopes(given: str | Iterable[str] | None) -> tuple[str, ...]:
    """
    The scopes that a route asks for, all of them.

    Args:
        given: One string with blanks between the scopes, or several strings; None
            for none.

    Raises:
        ValueError: One of them is no scope.
    """
    if given is None:
        return ()
    scopes = tuple(given.split()) if isinstance(given, str) else tuple(given)
    if not scopes or not all(map(is_scope, scopes)):
        raise ValueError("A scope must be visible ASCII without quotes and backslashes")
    return scopes


def granted_scopes(claims: Claims) -> frozenset[str]:
    """
    The scopes that a token has; what is malformed grants nothing.

    Args:
        claims: The verified claims.
    """
    return frozenset((*_listed(claims.get("scope")), *_listed(claims.get("scp"))))


def judge_scopes(token: Token, required: tuple[str, ...]) -> None:
    """
    Require every one of these scopes.

    Raises:
        InsufficientScopeError: The token lacks one (RFC 6750 §3.1).
    """
    if not granted_scopes(token.claims).issuperset(required):
        raise InsufficientScopeError(required, token.header_copy(), token.claims_copy())


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split(" ")
    if isinstance(value, list):
        return [scope for scope in value if isinstance(scope, str)]
    return []
