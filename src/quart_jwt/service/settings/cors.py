"""
Pages of other origins: which of them may read answers, and with whose cookies.
"""

from dataclasses import dataclass

from quart_jwt.building_blocks import is_origin
from quart_jwt.service.settings.environment import Reading

ANY = "*"


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
