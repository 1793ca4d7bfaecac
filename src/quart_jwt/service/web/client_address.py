"""
The client's address behind proxies: an ASGI layer that puts it where it belongs.

Each proxy appends the address of its peer to one header. The header is therefore read
from the right: the first address that is not a trusted proxy's is the client's.
Everything left of it comes from the client and cannot be trusted. Without a trusted
proxy at the other end of the connection the header is not looked at.

A header that cannot be right is not guessed at: the address is then the proxy's own.
"""

from collections.abc import Callable
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import cast

from hypercorn.typing import ASGIFramework
from hypercorn.typing import ASGIReceiveCallable
from hypercorn.typing import ASGISendCallable
from hypercorn.typing import HTTPScope
from hypercorn.typing import Scope
from hypercorn.typing import WebsocketScope

from quart_jwt.building_blocks import trusted_peers
from quart_jwt.service.ground.request_facts import note_address
from quart_jwt.service.settings.groups import Proxies

MAX_PROXIES = 16
"""In a row; more are a loop or an attempt to make us work."""

MAX_ENTRY_BYTES = 56
"""The longest IPv6 address in brackets with its port has 53."""

MAX_REMEMBERED = 1_024
"""Addresses that need not be read again; each is short."""


class ClientAddress:
    """
    Wraps an ASGI application.

    Args:
        app: The application, which then sees the client in ``scope["client"]``.
        proxies: The trusted proxies, and their header.
    """

    def __init__(self, app: ASGIFramework, proxies: Proxies) -> None:
        self._app = app
        self._is_trusted = trusted_peers(proxies.trusted)
        self._header = (proxies.address_header or "").lower().encode("ascii")

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Handle one connection."""
        if scope["type"] != "lifespan":
            address = self._address_behind(scope)
            if address is not None:
                # A copy: the server writes its access log by its own scope.
                scope = cast("Scope", {**scope, "client": (address, 0)})
                note_address(address)
        await self._app(scope, receive, send)

    def _address_behind(self, scope: HTTPScope | WebsocketScope) -> str | None:
        """Return the address of the client behind the peer; None to leave the peer."""
        values = [value for name, value in scope["headers"] if name == self._header]
        if not values:
            return None
        client = scope.get("client")
        peer = client[0] if client else ""
        return client_of(values, self._is_trusted) if self._is_trusted(peer) else None


def client_of(values: Iterable[bytes], is_trusted: Callable[[str], bool]) -> str | None:
    """
    Return the client's address; None if the header does not say it.

    Args:
        values: The header, line by line (RFC 9110 section 5.3: they are one list).
        is_trusted: Whether an address is a trusted proxy's.
    """
    entries = b",".join(values).rsplit(b",", MAX_PROXIES)
    address = None
    for entry in reversed(entries[-MAX_PROXIES:]):
        entry = entry.strip(b" \t")  # noqa: PLW2901 - the same entry, bare
        address = _address(entry) if len(entry) <= MAX_ENTRY_BYTES else None
        if address is None:
            return None
        if not is_trusted(address):
            return address
    # Only proxies: the client itself is within the trusted networks.
    return address if len(entries) <= MAX_PROXIES else None


@lru_cache(MAX_REMEMBERED)
def _address(entry: bytes) -> str | None:
    """Return an address as it is compared: no port, no brackets, IPv4 as such."""
    text = entry.decode("latin-1")
    if "%" in text:  # a zone means nothing elsewhere
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
