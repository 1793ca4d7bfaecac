"""
Return addresses: the page that a browser goes back to after signing in.

Pure: a text and the allowed origins in, an address or a refusal out. A parser and a
browser may read one text differently (RFC 3986 and the WHATWG URL standard do), so a
text that leaves room for it is refused, and the address is put together again from the
parts that were checked.
"""

import re
from collections.abc import Collection
from urllib.parse import parse_qsl
from urllib.parse import quote
from urllib.parse import SplitResult
from urllib.parse import urlsplit

from quart_jwt.building_blocks import is_origin
from quart_jwt.service.ground.errors import ServiceError

RETURN_TO = "return_to"
MAX_CHARACTERS = 4_096
"""Hypercorn's limit on a request line is 8,190 bytes, and escaping makes it longer."""
MAX_PARAMETERS = 20

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEMES = tuple(f"{scheme}://" for scheme in _DEFAULT_PORTS)


class ReturnAddressError(ServiceError):
    """Raised for a return address that is malformed, or whose site is not allowed."""

    code = "invalid_return_address"

    def __init__(self) -> None:
        super().__init__(
            f"{RETURN_TO} must be the URL of a page on a site in "
            "QUART_JWT_SIGN_IN_ORIGINS"
        )


def return_address(text: str, allowed: Collection[str]) -> str:
    """
    Return a return address, normalised and without its fragment.

    Args:
        text: An absolute URL.
        allowed: The origins that it may have (RFC 6454), as settings have them.

    Raises:
        ReturnAddressError: It is malformed, ambiguous, or of another origin.
    """
    # urlsplit drops tabs and line breaks; browsers read a backslash as a slash.
    is_plain = text.isascii() and text.isprintable() and not {" ", "\\"} & set(text)
    if not is_plain or len(text) > MAX_CHARACTERS:
        raise ReturnAddressError
    try:
        parts = urlsplit(text)
        origin = _origin(parts)
    except ValueError:
        raise ReturnAddressError from None
    if origin not in allowed or not is_origin(origin):
        raise ReturnAddressError
    query = f"?{parts.query}" if parts.query else ""
    return f"{origin}{parts.path or '/'}{query}"


def _origin(parts: SplitResult) -> str:
    """
    Return the origin of a URL; empty if it has none, or says who the user is.

    Raises:
        ValueError: The port is not a number from 0 to 65535.
    """
    host, port = parts.hostname or "", parts.port
    host = f"[{host}]" if ":" in host else host
    # urlsplit overlooks what stands between a bracket and the port.
    written = parts.netloc.lower().removeprefix(host)
    if parts.scheme not in _DEFAULT_PORTS or not re.fullmatch("(:[0-9]*)?", written):
        return ""
    is_default = port is None or port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if is_default else f":{port}")


def asked_return_address(query: str) -> str | None:
    """
    Return the return address in the query of a request, unchecked; None without one.

    nginx cannot escape a value. An address that follows ``return_to=`` as it is
    therefore reaches to the end of the query, with every ``&`` that it has.

    Args:
        query: The query, as the request has it.

    Raises:
        ReturnAddressError: There are several, or the query cannot be decoded.
    """
    _, found, text = f"&{query}".partition(f"&{RETURN_TO}=")
    if found and text.startswith(_SCHEMES):
        return text
    try:
        pairs = parse_qsl(query, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise ReturnAddressError from None
    values = [value for name, value in pairs if name == RETURN_TO]
    if len(values) > 1:
        raise ReturnAddressError
    return values[0] if values else None


def sign_in_query(address: str) -> str:
    """Return a query that carries a return address, escaped (RFC 3986 §2.1)."""
    return f"{RETURN_TO}={quote(address, safe='')}"
