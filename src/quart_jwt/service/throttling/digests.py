"""
Whose attempts are counted: names and addresses as digests.

What is typed into the name field by mistake is often a password, so no name is stored
as it is. The digest is keyed if the operator has given the service a secret; names
cannot then be guessed from a stolen database.
"""

import hmac
from enum import StrEnum
from ipaddress import ip_address
from ipaddress import IPv6Address

from quart_jwt.service.throttling.rule import Visit

IPV6_PREFIX = 64
"""The bits that a provider gives to a customer; the rest is the customer's choice."""


class Door(StrEnum):
    """
    What is tried; each door has counts of its own.

    The second needs no password, so only addresses are counted there.
    """

    SIGN_IN = "sign_in"
    REGISTRATION = "registration"


class Digests:
    """
    Makes digests.

    Args:
        secret: The operator's secret, or None.
    """

    def __init__(self, secret: str | None) -> None:
        self._key = (secret or "quart-jwt").encode("utf-8")

    def visit(self, door: Door, *, name: str | None, address: str | None) -> Visit:
        """
        Return who tries.

        Args:
            door: What is tried.
            name: What the account is counted by; None for none.
            address: The client's address; None or empty if it is not known.
        """
        network = _network(address) if address else None
        return Visit(
            address=self._digest(door, "address", network),
            account=self._digest(door, "account", name),
            place=None
            if network is None
            else self._digest(door, f"place {network}", name),
        )

    def _digest(self, door: Door, kind: str, word: str | None) -> str | None:
        if word is None:
            return None
        # The word comes last, so the parts cannot run into each other.
        message = f"{door}\0{kind}\0{word}".encode()
        return hmac.digest(self._key, message, "sha256").hex()


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address  # a test client's, or a socket's path
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    if isinstance(plain, IPv6Address):
        return str(IPv6Address(int(plain) >> IPV6_PREFIX << IPV6_PREFIX))
    return str(plain)
