"""The types that stand in public signatures, at Flask-JWT-Extended's path."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from quart_jwt.tokens.token import Claims

ExpiresDelta = Literal[False] | timedelta
"""How long a token lives; False for one that does not expire."""

Fresh = bool | float | timedelta
"""Fresh or not, or fresh until (epoch seconds), or fresh for (a timedelta)."""

Location = Literal["headers", "cookies", "query_string", "json"]
"""Where a request may carry a token."""

LocationType = str | Sequence[str] | None
"""One location, several in order of precedence, or the configured ones."""

__all__ = ["Claims", "ExpiresDelta", "Fresh", "Location", "LocationType"]
