"""
Pages of other origins: which of them may read answers, and with whose cookies.
"""

import re
from dataclasses import dataclass

from quart_jwt.service.settings.environment import Reading

ANY = "*"
DEFAULT_PORTS = {"http": "80", "https": "443"}

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
)
"""An origin as browsers write it (RFC 6454 §6.2), with a host in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """
    Cross-origin requests (the Fetch standard's CORS protocol).

    Attributes:
        origins: Whose pages may read answers; nobody's if empty.
        credentials: Whether their requests may carry cookies.
    """

    origins: tuple[str, ...] = ()
    credentials: bool = False


def read_cors(reading: Reading) -> Cors:
    """Read what pages of other origins may do; faults are left with the reading."""
    text = reading.text("CORS_ORIGINS") or ""
    origins = tuple(part.strip() for part in text.split(",") if part.strip())
    credentials = reading.flag("CORS_CREDENTIALS", default=False)
    if not all(map(is_origin, set(origins) - {ANY})):
        reading.fault(
            "CORS_ORIGINS",
            "must be origins as browsers send them, separated by commas: "
            "scheme://host or scheme://host:port in lower case, without a path",
        )
    if ANY in origins and len(origins) > 1:
        reading.fault("CORS_ORIGINS", "must not have * beside other origins")
    if ANY in origins and credentials:
        reading.fault(
            "CORS_CREDENTIALS",
            "must not be true for *: any page could act with the cookies of its reader",
        )
    if credentials and not origins:
        reading.fault("CORS_CREDENTIALS", "needs origins in QUART_JWT_CORS_ORIGINS")
    return Cors(origins=origins, credentials=credentials)


def is_origin(text: str) -> bool:
    """Say whether a browser could ever send this as the origin of a page."""
    found = _ORIGIN.fullmatch(text)
    return found is not None and found["port"] != DEFAULT_PORTS[found["scheme"]]
