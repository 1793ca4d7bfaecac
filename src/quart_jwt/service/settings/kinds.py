"""
The kinds of values that settings have: each makes a value of a text, or says what it
must be.
"""

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError

from quart_jwt.building_blocks import for_asyncpg
from quart_jwt.building_blocks import is_origin
from quart_jwt.building_blocks import POSTGRESQL
from quart_jwt.building_blocks import SCHEMES
from quart_jwt.building_blocks import SQLITE
from quart_jwt.building_blocks import trusted_peers
from quart_jwt.building_blocks import weakness
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.service.ground.errors import GrantRuleError
from quart_jwt.service.ground.grants import checked_grants
from quart_jwt.service.settings.declared import FaultError

MINUTES = 60
DAYS = 24 * 60 * MINUTES
MAX_EXPIRES_S = 366 * DAYS
"""No token lives longer than a year; a larger number is a slip of units."""

ENCRYPTION_KEY_BYTES = 32

ANY = "*"

_UNITS = {"d": DAYS, "h": 60 * MINUTES, "m": MINUTES, "s": 1}
_DURATION = re.compile(
    "".join(f"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _UNITS)
)
"""Days, hours, minutes and seconds, in this order, each at most once."""

_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def number(most: int, kind: str = "a whole number") -> Callable[[str], int]:
    """A whole number from 1 to ``most``; ``kind`` says of what."""

    def parse(text: str) -> int:
        value = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
        if not 1 <= value <= most:
            raise FaultError(f"must be {kind} from 1 to {most}")
        return value

    return parse


def seconds(most: int = MAX_EXPIRES_S) -> Callable[[str], int]:
    """A duration from one second to ``most``: ``900``, ``15m``, ``1h30m``."""

    def parse(text: str) -> int:
        parts = _DURATION.fullmatch(text)
        value = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
        if parts is not None:
            value = sum(
                int(count or 0) * _UNITS[unit]
                for unit, count in parts.groupdict().items()
            )
        if not 1 <= value <= most:
            raise FaultError(
                f"must be whole seconds from 1 to {most}, or a duration such as 15m or "
                "30d (units: s, m, h, d)"
            )
        return value

    return parse


def one_of(*names: str) -> Callable[[str], str]:
    """One of some words."""
    two = 2
    known = " or ".join(names) if len(names) <= two else f"one of {', '.join(names)}"

    def parse(text: str) -> str:
        if text not in names:
            raise FaultError(f"must be {known}")
        return text

    return parse


def some_of(names: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """Some of some words, separated by commas."""

    def parse(text: str) -> tuple[str, ...]:
        given = _parts(text)
        if not set(given) <= set(names):
            raise FaultError(f"can only contain {' and '.join(names)}")
        return given

    return parse


def flag(text: str) -> bool:
    """A yes or no."""
    if text.lower() not in _FLAGS:
        raise FaultError("must be true or false")
    return _FLAGS[text.lower()]


def header(text: str) -> str | None:
    """A header's name; ``none`` for none."""
    if not re.fullmatch(r"[A-Za-z0-9-]+", text):
        raise FaultError("must be the name of a header, or none")
    return None if text.lower() == "none" else text


def address_header(text: str) -> str | None:
    """A header of plain addresses: nothing here reads RFC 7239's syntax."""
    name = header(text)
    if name is not None and name.lower() == "forwarded":
        raise FaultError("must be a header of plain addresses")
    return name


def peers(text: str) -> tuple[str, ...]:
    """Addresses or networks, separated by commas."""
    given = tuple(part.strip() for part in text.split(","))
    try:
        trusted_peers(given)
    except ValueError:
        raise FaultError("must be addresses or networks, separated by commas") from None
    return given


def peers_or_none(text: str) -> tuple[str, ...]:
    """The same; ``none`` for none."""
    if text.lower() == "none":
        return ()
    try:
        return peers(text)
    except FaultError as fault:
        raise FaultError(f"{fault}, or none") from None


def words(text: str) -> tuple[str, ...]:
    """Roles or scopes with blanks between them."""
    try:
        return checked_grants(roles=text.split()).roles
    except GrantRuleError:
        raise FaultError(
            "must be words of visible ASCII with blanks between them"
        ) from None


def origins(text: str) -> tuple[str, ...]:
    """Origins of pages, separated by commas; ``*`` for all."""
    given = _parts(text)
    if not all(map(is_origin, set(given) - {ANY})):
        raise FaultError(
            "must be origins as browsers send them, separated by commas: "
            "scheme://host or scheme://host:port in lower case, without a path"
        )
    if ANY in given and len(given) > 1:
        raise FaultError("must not have * beside other origins")
    return given


def issuer(text: str) -> str:
    """RFC 8414 §2, but for http, which a private network may have."""
    try:
        parts = urlsplit(text)
        is_plain = not (parts.query or parts.fragment or "?" in text or "#" in text)
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and is_plain
    except ValueError:
        is_url = False
    if not is_url:
        raise FaultError("must be a URL without query and fragment")
    return text


def secret(text: str) -> str:
    """An HS256 secret that cannot be guessed."""
    weak = secret_weakness(text)
    if weak is not None:
        raise FaultError(f"is too weak: {weak}")
    return text


def secret_weakness(text: str) -> str | None:
    """Return why a secret is too weak; None if it is not."""
    try:
        return weakness("HS256", text)
    except (RuntimeError, ValueError):
        return "it cannot be used as an HS256 secret"


def encryption_key(text: str) -> str:
    """32 bytes in base64url."""
    try:
        is_key = len(urlsafe_b64decode(text.encode())) == ENCRYPTION_KEY_BYTES
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise FaultError(
            "must be 32 random bytes in base64url, as `python3 -c 'import base64, "
            "secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32))"
            ".decode())'` prints them"
        )
    return text


def database_url(text: str) -> str:
    """The URL of an SQLite file or of PostgreSQL, also as hosting providers give it."""
    text = _for_asyncpg(text)
    if sqlite_path(text) is None and not text.startswith(f"{POSTGRESQL}://"):
        raise FaultError(
            f"must be {SQLITE}:/// and a file's path, or "
            "postgresql://user:password@host/name"
        )
    return text


def _for_asyncpg(text: str) -> str:
    try:
        return for_asyncpg(text)
    except ConfigurationError as error:
        raise FaultError(f"cannot be used: {error}") from None


def sqlite_path(text: str) -> Path | None:
    """Return the file of an SQLite URL, ``%`` decoded once; None for another URL."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return None
    path = url.database or ""
    if url != URL.create(SQLITE, database=path) or not path:
        return None
    return None if path.startswith(":") or "\0" in path else Path(path)


def store_url(text: str) -> str:
    """The URL of a session store."""
    text = _for_asyncpg(text)
    if text.partition("://")[0] not in SCHEMES:
        known = ", ".join(f"{one}://" for one in SCHEMES)
        raise FaultError(f"must begin with one of {known}")
    return text


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
