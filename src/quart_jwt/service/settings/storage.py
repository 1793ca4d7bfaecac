"""
Where the service keeps things, and what its own keys are.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import URL

from quart_jwt.building_blocks import SQLITE
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.settings import kinds
from quart_jwt.service.settings.declared import setting
from quart_jwt.service.settings.kinds import DAYS
from quart_jwt.service.settings.kinds import MINUTES
from quart_jwt.service.settings.kinds import sqlite_path
from quart_jwt.service.settings.state_dir import ensure_state_dir
from quart_jwt.service.settings.state_dir import require_owner

Mode = Literal["development", "production"]

FILE_TIMEOUT_S = 5.0
"""A file does not hang like a network, but a hundred sign-ins write one by one."""
SERVER_TIMEOUT_S = 0.25
MAX_TIMEOUT_MS = 60_000
"""Longer than anyone waits for a page."""

ES256 = "ES256"
"""
Signs in a thirteenth of the time of RS256 (docs/api/keys.md), and gateways verify it;
for those that take RSA alone, ``QUART_JWT_KEY_ALGORITHM=RS256``.
"""

PUBLISH_BEFORE_USE_S = 10 * MINUTES
"""Envoy keeps a JWK Set for ten minutes, which is the longest of the gateways."""

MAX_REREAD_S = 30
"""A process looks for new keys this often, whatever else is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """
    Where the service keeps things; all that the ``users`` commands need.

    ``is_database_named`` says whether the database is configured. It and the
    store may have a password in their URLs.
    """

    mode: Mode = setting(
        "MODE",
        kinds.one_of("development", "production"),
        "`development` or `production`",
        default="production",
    )
    state_dir: Path = setting(
        "STATE_DIR",
        Path,
        "the directory for the database and the keys",
        default=Path(".quart-jwt"),
    )
    database_url: str = setting(
        "DATABASE_URL",
        kinds.database_url,
        "accounts, keys and sessions: `sqlite+aiosqlite:///relative.db`, "
        "`sqlite+aiosqlite:////absolute.db`, or "
        "`postgresql://user:password@host/database`, also with `sslmode`",
        default="",
        unset="service.db in the state directory",
        may_be_shown=False,
    )
    store_url: str | None = setting(
        "STORE_URL",
        kinds.store_url,
        "where sessions are stored: any of the [stores](../api/stores.md)",
        default=None,
        unset="the same database",
        may_be_shown=False,
    )
    store_timeout_ms: int | None = setting(
        "STORE_TIMEOUT_MS",
        kinds.number(MAX_TIMEOUT_MS),
        "time limit of a call to the session store, in milliseconds; up to 60,000",
        default=None,
        unset="250, or 5000 for SQLite",
    )
    is_database_named: bool = True

    def __post_init__(self) -> None:
        """Fill in the usual database, whatever characters its path has."""
        if not self.database_url:
            path = str(self.state_dir / "service.db")
            usual = URL.create(SQLITE, database=path).render_as_string()
            object.__setattr__(self, "database_url", usual)

    @property
    def sessions_url(self) -> str:
        """Where sessions are."""
        return self.store_url or self.database_url

    @property
    def database_file(self) -> Path | None:
        """The file of the accounts; None for a server."""
        return sqlite_path(self.database_url)

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
            StartError: It cannot be made, or belongs to another user, as may a
                database.
        """
        for path in (self.database_file, sqlite_path(self.sessions_url)):
            if path is None:
                continue
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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOptions:
    """How the service makes, keeps and publishes its keys, and names its tokens."""

    issuer: str | None = setting(
        "ISSUER",
        kinds.issuer,
        "`iss` of tokens, a URL; tokens without it are rejected from then on",
        default=None,
        unset="none",
    )
    audience: str | None = setting(
        "AUDIENCE", str, "`aud` of tokens, in the same way", default=None, unset="none"
    )
    algorithm: str = setting(
        "KEY_ALGORITHM",
        kinds.one_of(
            *(ES256, "ES384", "ES512", "EdDSA"),
            *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        ),
        "the algorithm of new keys; keys that exist keep theirs. "
        "[Which gateways verify what](../api/keys.md#which-algorithm)",
        default=ES256,
    )
    encryption_key: str | None = setting(
        "KEY_ENCRYPTION_KEY",
        kinds.encryption_key,
        "encrypts private keys, which are then stored in the database: 32 random "
        "bytes in base64url; without it, private keys are files",
        default=None,
        unset="none",
        is_secret=True,
    )
    publish_before_use_s: int = setting(
        "PUBLISH_BEFORE_USE",
        kinds.seconds(DAYS),
        "how long a new key is published before it signs; at least as long as "
        "gateways cache the keys",
        default=PUBLISH_BEFORE_USE_S,
    )

    @property
    def reread_s(self) -> float:
        """How often the key table is read: a new key is known long before it signs."""
        return min(MAX_REREAD_S, self.publish_before_use_s / 4)

    @property
    def max_age_s(self) -> int:
        """How long others may keep the JWK Set: a new key is seen before it signs."""
        return min(5 * MINUTES, self.publish_before_use_s // 2)
