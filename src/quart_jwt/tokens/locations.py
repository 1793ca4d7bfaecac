"""
What a header, a cookie, an argument or a JSON body says about a token.

Each function takes what the request holds in one location and gives the token's
text, or raises: NoAuthorizationError where there is no token (the next location
may have one), anything else where there is a malformed one (and nothing is
tried after it).
"""

import re
from collections.abc import Sequence
from typing import Any
from typing import NoReturn

from quart_jwt.exceptions import CSRFError
from quart_jwt.exceptions import InvalidHeaderError
from quart_jwt.exceptions import InvalidQueryParamError
from quart_jwt.exceptions import NoAuthorizationError

MAX_HEADER_CHARS = 16_384
"""Twice the longest token; nothing longer is taken apart (servers stop there, too)."""

_BLANKS = " \t"
_ONE_WORD = re.compile(r"[^ \t,]+")

LOCATIONS = ("headers", "cookies", "query_string", "json")


def from_header(value: str, *, name: str, scheme: str | None) -> str:
    """
    Read ``Authorization: Bearer <JWT>`` (RFC 6750 §2.1).

    Args:
        value: The header's value; several headers are joined by commas.
        name: The header's name, for the message.
        scheme: The word before the token, in any case (RFC 9110 §11.1); empty or
            None for none.
    """
    if len(value) > MAX_HEADER_CHARS:
        raise InvalidHeaderError(f"The {name} header is too long")
    first, _, text = value.partition(" ")
    # The two words of every well-behaved client; a token has no blank and no comma.
    if scheme and first.lower() == scheme.lower() and _ONE_WORD.fullmatch(text):
        return text
    return _from_list(value, name, scheme)


def _from_list(value: str, name: str, scheme: str | None) -> str:
    """The same for whatever else there may be: a list of credentials."""
    value = value.strip(_BLANKS).strip(",")
    if not value:
        raise NoAuthorizationError(f"Missing {name} Header")
    if not scheme:
        return _only(_words(value), 1, f"{name}: <JWT>", name)
    expected = f"{name}: {scheme} <JWT>"
    fields = [_words(part) for part in value.split(",")]
    ours = [words for words in fields if words[0].lower() == scheme.lower()]
    if len(ours) != 1:
        raise NoAuthorizationError(
            f"Missing '{scheme}' type in '{name}' header. Expected '{expected}'"
        )
    return _only(ours[0], 2, expected, name)


def _words(text: str) -> list[str]:
    """Split at space and tab, the only blanks of a header (RFC 9110 §5.6.3)."""
    return re.split(r"[ \t]+", text.strip(_BLANKS))


def _only(words: list[str], count: int, expected: str, name: str) -> str:
    if len(words) != count:
        raise InvalidHeaderError(f"Bad {name} header. Expected '{expected}'")
    return words[-1]


def from_subprotocols(value: str, marker: str) -> str:
    """
    Read a token that a browser has offered as a subprotocol of a websocket.

    ``new WebSocket(url, ["bearer.v1", token])`` sends both in one header (RFC 6455
    §4.1); a browser can set no other header there.

    Args:
        value: The header's value; several headers are joined by commas.
        marker: The subprotocol that stands before the token.
    """
    name = "Sec-WebSocket-Protocol"
    if len(value) > MAX_HEADER_CHARS:
        raise InvalidHeaderError(f"The {name} header is too long")
    offered = [part.strip(" \t") for part in value.split(",")]
    if marker not in offered:
        raise NoAuthorizationError(f"Missing '{marker}' in '{name}' header")
    after = offered[offered.index(marker) + 1 :]
    if not after or not after[0] or offered.count(marker) != 1:
        raise InvalidHeaderError(f"Bad {name} header. Expected '{marker}, <JWT>'")
    return after[0]


def only_cookie(values: Sequence[str], *, name: str) -> str | None:
    """
    Return the value of a cookie, None if there is none.

    Args:
        values: The values of all cookies of that name.
        name: The name, for the message.

    Raises:
        InvalidHeaderError: There are several, equal or not. A page on a sibling
            subdomain can set a second one (RFC 6265 §8.6), and the server cannot
            tell which is genuine.
    """
    if len(values) > 1:
        raise InvalidHeaderError(f'Several cookies are named "{name}"')
    return values[0] if values else None


def from_cookie(value: str | None, *, name: str) -> str:
    """Read the token's cookie."""
    if not value:
        raise NoAuthorizationError(f'Missing cookie "{name}"')
    return value


def csrf_value(header: str | None, field: str | None) -> str:
    """The value to compare with the token's: the header's, or the form's."""
    value = header or field
    if not value:
        raise CSRFError("Missing CSRF token")
    return value


def from_argument(value: str | None, *, name: str, prefix: str) -> str:
    """Read the token from the query string, after the configured prefix."""
    if not value:
        # Flask-JWT-Extended's spelling, which clients may compare with.
        raise NoAuthorizationError(f"Missing '{name}' query paramater")
    if not value.startswith(prefix):
        raise InvalidQueryParamError(
            f"Invalid value for query parameter '{name}'. "
            f"Expected the value to start with '{prefix}'"
        )
    return value[len(prefix) :]


def from_json(body: Any, *, key: str) -> Any:
    """Read the token from a parsed JSON body."""
    text = body.get(key) if isinstance(body, dict) else None
    if not text:
        raise NoAuthorizationError(f'Missing "{key}" key in json data.')
    return text


def not_json() -> NoReturn:
    """Refuse a body that does not say that it is JSON."""
    raise NoAuthorizationError("Invalid content-type. Must be application/json.")


def nowhere(locations: tuple[str, ...], reasons: list[str]) -> NoAuthorizationError:
    """The error when no location had a token, with the reason of each."""
    if len(locations) == 1:
        return NoAuthorizationError(reasons[0])
    *first, last = locations
    return NoAuthorizationError(
        f"Missing JWT in {', '.join(first)} or {last} ({'; '.join(reasons)})"
    )
