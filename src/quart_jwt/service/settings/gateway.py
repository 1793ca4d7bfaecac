"""
The gateway that asks: whose questions are believed, and how they are put.
"""

from dataclasses import dataclass

from quart_jwt.extension.forward_auth import LOOPBACK
from quart_jwt.extension.forwarded import trusted_peers
from quart_jwt.service.settings.environment import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """
    The gateway that asks at ``/auth/verify``.

    Attributes:
        trusted: Its addresses and networks.
        method_header: The header in which it puts the original method; None if
            it asks with the original method.
        uri_header: The same for the original path and query.
        pass_preflight: Whether OPTIONS requests pass without a token.
    """

    trusted: tuple[str, ...] = LOOPBACK
    method_header: str | None = "X-Forwarded-Method"
    uri_header: str | None = "X-Forwarded-Uri"
    pass_preflight: bool = False


def read_gateway(reading: Reading) -> Gateway:
    """Read the gateway's settings; faults are left with the reading."""
    trusted: tuple[str, ...] = LOOPBACK
    text = reading.text("TRUSTED_GATEWAYS", shown=",".join(LOOPBACK))
    if text is not None:
        trusted = tuple(part.strip() for part in text.split(","))
        try:
            trusted_peers(trusted)
        except ValueError:
            reading.fault(
                "TRUSTED_GATEWAYS", "must be addresses or networks, separated by commas"
            )
    return Gateway(
        trusted=trusted,
        method_header=reading.header("METHOD_HEADER", "X-Forwarded-Method"),
        uri_header=reading.header("URI_HEADER", "X-Forwarded-Uri"),
        pass_preflight=reading.flag("PASS_PREFLIGHT", default=False),
    )
