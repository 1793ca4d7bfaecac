"""
What a gateway requires of the users of one site: scopes and roles, in headers.

The gateway's configuration sets the headers for a site, in place of a client's. The
peer need not be trusted: a header can only make the answer stricter, so a client that
sends one loses by it, and a gateway that is not in the list of trusted ones gets no
weaker answer. For the same reason, every value of every line counts, and a value that
is malformed or empty is not met.
"""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from quart_jwt.exceptions import InsufficientScopeError
from quart_jwt.exceptions import UnmetRequirementError
from quart_jwt.tokens.scopes import granted_scopes
from quart_jwt.tokens.scopes import is_scope

SCOPE_HEADER = b"x-require-scope"
ROLE_HEADER = b"x-require-role"
REQUIRING = frozenset({SCOPE_HEADER, ROLE_HEADER})
"""The headers that require something, as ASGI has them."""


def judge_required(
    headers: Iterable[tuple[bytes, bytes]], claim: Callable[[str], Any]
) -> None:
    """
    Require every scope and role that the headers name.

    Args:
        headers: The headers of the question.
        claim: Returns a verified claim by its name.

    Raises:
        InsufficientScopeError: The token lacks a scope.
        UnmetRequirementError: It lacks a role, or a header is malformed.
    """
    asked = [(name, value) for name, value in headers if name in REQUIRING]
    if not asked:
        return
    scopes = _words(value for name, value in asked if name == SCOPE_HEADER)
    roles = _words(value for name, value in asked if name == ROLE_HEADER)
    has = claim("roles")
    if not roles <= set(has if isinstance(has, list) else ()):
        raise UnmetRequirementError
    granted = granted_scopes({name: claim(name) for name in ("scope", "scp")})
    if not scopes <= granted:
        raise InsufficientScopeError(tuple(sorted(scopes)))


def _words(values: Iterable[bytes]) -> frozenset[str]:
    """Return the words of header lines, which blanks separate (RFC 6749 §3.3)."""
    words: set[str] = set()
    for value in values:
        line = value.decode("latin-1").split()
        if not line or not all(map(is_scope, line)):
            raise UnmetRequirementError
        words.update(line)
    return frozenset(words)
