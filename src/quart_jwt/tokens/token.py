"""
A token whose signature was checked.

What a signature proves is kept frozen; each reader gets a copy of the claims, so that
no reader can change what the next one sees.
"""

from dataclasses import dataclass
from dataclasses import field
from typing import Any

Claims = dict[str, Any]
"""A JSON object: the claims or the header of a token."""


@dataclass(frozen=True, slots=True)
class Token:
    """
    The header and the claims of one verified token.

    Attributes:
        header: The JOSE header (RFC 7515 §4).
        claims: The claims set (RFC 7519 §4), as it was signed.
        key: The key that its signature was checked with.
    """

    header: Claims
    claims: Claims = field(repr=False)
    key: Any = None

    def header_copy(self) -> Claims:
        """The header, for the caller to keep and change."""
        return copy(self.header)

    def claims_copy(self) -> Claims:
        """The claims, for the caller to keep and change; three have defaults."""
        claims = copy(self.claims)
        claims.setdefault("type", "access")
        claims.setdefault("fresh", False)
        claims.setdefault("jti", None)
        return claims


def copy(members: Claims) -> Claims:
    """Copy a JSON object to any depth; flat ones, which most are, at once."""
    duplicate = members.copy()
    for name, value in members.items():
        if value.__class__ in _CONTAINERS:
            duplicate[name] = _copy(value)
    return duplicate


_CONTAINERS = frozenset({dict, list})


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return copy(value)
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value
