"""
Peers: which addresses are trusted, as networks that are written down once.
"""

from collections.abc import Callable
from collections.abc import Iterable
from ipaddress import ip_address
from ipaddress import ip_network
from typing import Any

LOOPBACK = ("127.0.0.0/8", "::1")

UNIX = "unix"

MAX_KNOWN_PEERS = 1_024


def trusted_peers(networks: Iterable[str]) -> Callable[[str], bool]:
    """
    Give a test for addresses.

    Args:
        networks: Addresses or networks, such as ``"10.0.0.0/8"``, and ``"unix"``
            for peers without an address: those of a unix socket, where the
            file's rights decide.

    Raises:
        ValueError: One of them is neither.
    """
    given = set(networks)
    allowed = [ip_network(each, strict=False) for each in given - {UNIX}]
    known: dict[str, bool] = {"": UNIX in given}

    def is_trusted(address: str) -> bool:
        if address not in known:
            if len(known) >= MAX_KNOWN_PEERS:
                return _is_in(address, allowed)
            known[address] = _is_in(address, allowed)
        return known[address]

    return is_trusted


def _is_in(address: str, allowed: Iterable[Any]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(plain in network for network in allowed)
