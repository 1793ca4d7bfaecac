"""
The gateway that asks: whose questions are believed, and how they are put.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from quart_jwt.building_blocks import LOOPBACK
from quart_jwt.building_blocks import trusted_peers
from quart_jwt.service.settings.environment import Reading

VERIFY_PATH = "/auth/verify"
"""Where a gateway asks; every path below counts, too."""

IDENTITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {"roles": "X-Auth-Roles", "scope": "X-Auth-Scope"}
)
"""Claims that the gateway may hear beside the user's name, and their headers."""


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
        identity: Which of ``IDENTITY_HEADERS`` stand in each 200.
    """

    trusted: tuple[str, ...] = LOOPBACK
    method_header: str | None = "X-Forwarded-Method"
    uri_header: str | None = "X-Forwarded-Uri"
    pass_preflight: bool = False
    identity: tuple[str, ...] = ()


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
        identity=_identity(reading),
    )


def _identity(reading: Reading) -> tuple[str, ...]:
    text = reading.text("IDENTITY_HEADERS") or ""
    claims = tuple(part.strip() for part in text.split(",") if part.strip())
    if not set(claims) <= set(IDENTITY_HEADERS):
        known = " and ".join(IDENTITY_HEADERS)
        reading.fault("IDENTITY_HEADERS", f"can only contain {known}")
        return ()
    return claims
