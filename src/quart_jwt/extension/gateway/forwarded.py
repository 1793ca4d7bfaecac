"""
What a gateway forwards: the credentials of a request that it holds back.

Headers, cookies and the query are read from the ASGI scope as they are needed. The
original method is read only from a trusted peer, and only from the one header that the
gateway is configured to set, because the client could set any other.
"""

import json
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from urllib.parse import quote
from urllib.parse import urlsplit

from hypercorn.typing import HTTPScope
from hypercorn.typing import WebsocketScope
from werkzeug.http import parse_cookie

from quart_jwt.extension.gateway import required_grants
from quart_jwt.tokens import locations

Scope = HTTPScope | WebsocketScope

STRICTEST_METHOD = "POST"
"""What an unknown method counts as: one that needs its CSRF value."""

METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """
    How the gateway in front says what was asked of it.

    Attributes:
        is_trusted: Whether a peer's address is the gateway's.
        pass_preflight: Whether an OPTIONS request passes without a token.
        method_header: The header with the original method; None if the gateway
            calls with the original method itself (Envoy).
        uri_header: The header with the original path and query; None if it
            calls with the original query.
    """

    is_trusted: Callable[[str], bool]
    pass_preflight: bool
    method_header: str | None
    uri_header: str | None


class ForwardedPresentation:
    """
    A request as its gateway shows it.

    Args:
        scope: The ASGI scope of the gateway's call.
        forwarding: How the gateway says what was asked of it.
    """

    __slots__ = ("_forwarding", "_scope")

    def __init__(self, scope: Scope, forwarding: Forwarding) -> None:
        self._scope = scope
        self._forwarding = forwarding

    @property
    def method(self) -> str:
        """The original method; the strictest one without a trusted header."""
        header = self._forwarding.method_header
        if header is None:
            return str(self._scope.get("method", "GET"))
        method = self.header(header) if self._peer_is_trusted() else None
        return method if method in METHODS else STRICTEST_METHOD

    @property
    def opens_websocket(self) -> bool:
        """Not to be told from here: gateways ask about a handshake as about a GET."""
        return False

    def is_exempt(self) -> bool:
        """Whether this is a preflight that passes without a token."""
        return self._forwarding.pass_preflight and self.method == "OPTIONS"

    def header(self, name: str) -> str | None:
        """A header; several of one name are joined by commas."""
        wanted = name.lower().encode("latin-1")
        values = [value for key, value in self._scope["headers"] if key == wanted]
        return b",".join(values).decode("latin-1") if values else None

    def cookie(self, name: str) -> str | None:
        """A cookie; InvalidHeaderError if there are several of that name."""
        values = [value for key, value in self._scope["headers"] if key == b"cookie"]
        # Bytes that are not UTF-8 are in another cookie, or in an invalid token.
        text = b"; ".join(values).decode("utf-8", "replace")
        cookies = parse_cookie(text.encode("utf-8").decode("latin-1"))
        return locations.only_cookie(cookies.getlist(name), name=name)

    def argument(self, name: str) -> str | None:
        """A parameter of the original query."""
        values = parse_qs(self._query()).get(name)
        return values[0] if values else None

    async def json(self) -> Any:
        """Gateways do not forward bodies."""
        locations.not_json()

    async def form_field(self, _name: str) -> str | None:
        """Gateways do not forward bodies."""
        return None

    def judge_required(self, claim: Callable[[str], Any]) -> None:
        """Require what the gateway requires for the site; see ``required_grants``."""
        required_grants.judge_required(self._scope["headers"], claim)

    def accepts_json(self) -> bool:
        """Whether the caller asks for a JSON answer."""
        return "application/json" in (self.header("Accept") or "")

    def _query(self) -> str:
        header = self._forwarding.uri_header
        if header is None:
            return self._scope["query_string"].decode("latin-1")
        uri = self.header(header) if self._peer_is_trusted() else None
        try:
            return urlsplit(uri or "").query
        except ValueError:
            return ""

    def _peer_is_trusted(self) -> bool:
        client = self._scope.get("client")
        return self._forwarding.is_trusted(client[0] if client else "")


def headers_of(
    names: Mapping[bytes, str], claim: Callable[[str], Any]
) -> list[tuple[bytes, bytes]]:
    """
    The headers that say who it is; every one of them, for a gateway may pass the
    client's own copy on where ours is missing.

    Args:
        names: Header names and the claim that each carries.
        claim: Returns a verified claim by its name; None for an anonymous request.
    """
    return [(header, _header_value(claim(name))) for header, name in names.items()]


def _header_value(claim: Any) -> bytes:
    """
    Text that a header can carry: percent-encoded beyond visible ASCII.

    Blanks are encoded, too: servers strip them from the ends of a value, and
    between the items of a list they have a meaning.
    """
    if isinstance(claim, list):
        return b" ".join(map(_header_value, claim))
    text = claim if isinstance(claim, str) else _json(claim)
    if text.isalnum() and text.isascii():
        return text.encode("ascii")
    return quote(text, safe=_VISIBLE).encode("ascii")


def _json(claim: Any) -> str:
    return "" if claim is None else json.dumps(claim)


_VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F) if code != ord("%"))
