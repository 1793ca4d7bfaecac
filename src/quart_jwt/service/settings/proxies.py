"""
The proxies in front: whose word about the client's address is believed.
"""

from dataclasses import dataclass

from quart_jwt.building_blocks import LOOPBACK
from quart_jwt.building_blocks import trusted_peers
from quart_jwt.building_blocks import UNIX
from quart_jwt.service.settings.environment import Reading

SAME_MACHINE = (*LOOPBACK, UNIX)

_NOT_UNDERSTOOD = "forwarded"
"""RFC 7239's syntax: none of the gateways in ``deploy/`` writes it by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """
    The proxies in front.

    Attributes:
        trusted: Their addresses and networks; ``unix`` for peers of a unix socket.
        address_header: The one header in which they say who asked them; None to
            believe nobody.
    """

    trusted: tuple[str, ...] = SAME_MACHINE
    address_header: str | None = "X-Forwarded-For"


def read_proxies(reading: Reading) -> Proxies:
    """Read them; faults are left with the reading."""
    header = reading.header("CLIENT_ADDRESS_HEADER", "X-Forwarded-For")
    if header is not None and header.lower() == _NOT_UNDERSTOOD:
        reading.fault("CLIENT_ADDRESS_HEADER", "must be a header of plain addresses")
    return Proxies(trusted=_trusted(reading), address_header=header)


def _trusted(reading: Reading) -> tuple[str, ...]:
    text = reading.text("TRUSTED_PROXIES", shown=",".join(SAME_MACHINE))
    if text is None:
        return SAME_MACHINE
    if text.lower() == "none":
        return ()
    trusted = tuple(part.strip() for part in text.split(","))
    try:
        trusted_peers(trusted)
    except ValueError:
        reading.fault(
            "TRUSTED_PROXIES",
            "must be addresses or networks, separated by commas, or none",
        )
    return trusted
