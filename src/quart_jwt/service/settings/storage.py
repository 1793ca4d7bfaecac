"""
Where the service keeps things.
"""

from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Literal

from sqlalchemy import make_url
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError

from quart_jwt.building_blocks import SCHEMES
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.settings.environment import Reading
from quart_jwt.service.settings.state_dir import ensure_state_dir
from quart_jwt.service.settings.state_dir import require_owner

Mode = Literal["development", "production"]


STATE_DIR = ".quart-jwt"
SQLITE = "sqlite+aiosqlite"
POSTGRESQL_SCHEME = "postgresql+asyncpg://"

FILE_TIMEOUT_S = 5.0
"""A file does not hang like a network, but a hundred sign-ins write one by one."""
SERVER_TIMEOUT_S = 0.25
MAX_TIMEOUT_MS = 60_000
"""Nobody waits longer for a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """
    Where the service keeps things; all that the ``users`` commands need.

    Attributes:
        mode: ``production`` unless the environment says otherwise.
        state_dir: The directory of what the service makes itself.
        database_url: The database of the accounts.
        is_database_named: Whether somebody has chosen it.
        store_url: Where sessions are; None for the same database.
        store_timeout_ms: How long a call of the session store may take; None for
            what suits the store.
    """

    mode: Mode
    state_dir: Path
    database_url: str = field(repr=False)  # it may hold a password
    is_database_named: bool = True
    store_url: str | None = field(default=None, repr=False)
    store_timeout_ms: int | None = None

    @property
    def sessions_url(self) -> str:
        """Where sessions are."""
        return self.store_url or self.database_url

    @property
    def database_file(self) -> Path | None:
        """The file of the accounts; None for a server."""
        return _sqlite_path(self.database_url)

    @property
    def store_timeout_s(self) -> float:
        """How long a call of the session store may take, in seconds."""
        if self.store_timeout_ms is not None:
            return self.store_timeout_ms / 1_000
        is_file = self.sessions_url.startswith(f"{SQLITE}:")
        return FILE_TIMEOUT_S if is_file else SERVER_TIMEOUT_S

    def prepare(self) -> None:
        """
        Make the state directory if the database is to be in it.

        Raises:
            StartError: It cannot be made, or belongs to another user, as may the
                database.
        """
        path = self.database_file
        if path is None:
            return
        if path.is_relative_to(self.state_dir):
            ensure_state_dir(self.state_dir)
        if path.exists():
            require_owner(path)

    def require_database(self) -> None:
        """
        Refuse to work on a file that is not there; nothing is made.

        Raises:
            StartError: There is none, or it belongs to another user.
        """
        path = self.database_file
        if path is not None and not path.is_file():
            raise StartError(
                f"there is no database at {str(path)!r}: run this in the directory of "
                "the service, or let 'quart-jwt db upgrade' make one"
            )
        self.prepare()


def read_state_dir(reading: Reading) -> Path:
    """Read where the state directory is."""
    return Path(reading.text("STATE_DIR", shown=STATE_DIR) or STATE_DIR)


def read_storage(reading: Reading) -> Storage:
    """Read where the data are; faults are left with the reading."""
    state_dir = read_state_dir(reading)
    return Storage(
        mode=_mode(reading),
        state_dir=state_dir,
        database_url=_database_url(reading, state_dir),
        is_database_named=reading.is_given("DATABASE_URL"),
        store_url=_store_url(reading),
        store_timeout_ms=_store_timeout_ms(reading),
    )


def _store_timeout_ms(reading: Reading) -> int | None:
    usual = int(1_000 * SERVER_TIMEOUT_S)
    if not reading.text("STORE_TIMEOUT_MS", shown=f"{usual}, or 5000 for SQLite"):
        return None
    return reading.number("STORE_TIMEOUT_MS", usual, most=MAX_TIMEOUT_MS)


def _mode(reading: Reading) -> Mode:
    match reading.text("MODE", shown="production"):
        case "development":
            return "development"
        case None | "production":
            return "production"
    reading.fault("MODE", "must be development or production")
    return "production"


def _database_url(reading: Reading, state_dir: Path) -> str:
    usual = _sqlite_url(state_dir / "service.db")
    url = reading.text("DATABASE_URL", shown=usual)
    if url is None:
        return usual
    if _sqlite_path(url) is None and not url.startswith(POSTGRESQL_SCHEME):
        reading.fault(
            "DATABASE_URL",
            f"must be {SQLITE}:/// and a file's path, or {POSTGRESQL_SCHEME}…",
        )
    return url


def _sqlite_url(path: Path) -> str:
    """Return the URL of a file, whatever characters its path has."""
    return URL.create(SQLITE, database=str(path)).render_as_string()


def _sqlite_path(text: str) -> Path | None:
    """Return the file of an SQLite URL, ``%`` decoded once; None for another URL."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return None
    path = url.database or ""
    if url != URL.create(SQLITE, database=path) or not path:
        return None
    return None if path.startswith(":") or "\0" in path else Path(path)


def _store_url(reading: Reading) -> str | None:
    url = reading.text("STORE_URL", shown="the same database")
    if url is not None and url.partition("://")[0] not in SCHEMES:
        known = ", ".join(f"{one}://" for one in SCHEMES)
        reading.fault("STORE_URL", f"must begin with one of {known}")
    return url
