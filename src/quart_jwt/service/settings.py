"""
The settings of the service: ``QUART_JWT_*`` of the environment, checked once.

Reading collects every fault and raises them together. What each setting is
called, what it is when it is not set, and which of them go together stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Literal

from sqlalchemy import make_url
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError

from quart_jwt.extension.forward_auth import LOOPBACK
from quart_jwt.extension.forwarded import trusted_peers
from quart_jwt.extension.session_settings import DETAILS
from quart_jwt.service.environment import DAYS
from quart_jwt.service.environment import MINUTES
from quart_jwt.service.environment import PREFIX
from quart_jwt.service.environment import Reading
from quart_jwt.service.errors import SettingsError
from quart_jwt.service.key_options import KeyOptions
from quart_jwt.service.key_options import read_key_options
from quart_jwt.service.passwords import HashCost
from quart_jwt.service.passwords import OWASP_MINIMUM
from quart_jwt.service.state_dir import ensure_state_dir
from quart_jwt.stores.urls import SCHEMES
from quart_jwt.tokens.keys import weakness

Mode = Literal["development", "production"]


SQLITE = "sqlite+aiosqlite"
POSTGRESQL_SCHEME = "postgresql+asyncpg://"

FILE_TIMEOUT_S = 5.0
"""A file does not hang like a network, but a hundred sign-ins write one by one."""
SERVER_TIMEOUT_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """
    Where the service keeps things; all that the ``users`` commands need.

    Attributes:
        mode: ``production`` unless the environment says otherwise.
        state_dir: The directory of what the service makes itself.
        database_url: The database of the accounts.
        store_url: Where sessions are; None for the same database.
    """

    mode: Mode
    state_dir: Path
    database_url: str = field(repr=False)  # it may hold a password
    store_url: str | None = field(default=None, repr=False)

    @property
    def sessions_url(self) -> str:
        """Where sessions are."""
        return self.store_url or self.database_url

    @property
    def store_timeout_s(self) -> float:
        """How long a call of the session store may take, in seconds."""
        is_file = self.sessions_url.startswith(f"{SQLITE}:")
        return FILE_TIMEOUT_S if is_file else SERVER_TIMEOUT_S

    def prepare(self) -> None:
        """
        Make the state directory if the database is to be in it.

        Raises:
            StartError: It cannot be made.
        """
        path = _sqlite_path(self.database_url)
        if path is not None and path.is_relative_to(self.state_dir):
            ensure_state_dir(self.state_dir)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    Everything that ``create_app`` needs.

    Attributes:
        storage: Where the data are.
        secret_key: Signs the tokens (HS256): 32 bytes or more; None to sign with key
            pairs that the service makes, publishes and rotates.
        keys: How it does that, and what names tokens carry.
        access_token_expires_s: Life of an access token, in seconds.
        refresh_token_expires_s: Life of a session, in seconds.
        cookie_secure: Whether cookies travel over HTTPS only.
        session_details: What a session records of the client that logs in.
        gateway: Whose questions at ``/auth/verify`` are believed, and how.
        hash_cost: What a password hash costs.
    """

    storage: Storage
    secret_key: str | None = field(default=None, repr=False)
    keys: KeyOptions = field(default_factory=KeyOptions)
    access_token_expires_s: int = 15 * MINUTES
    refresh_token_expires_s: int = 30 * DAYS
    cookie_secure: bool = True
    session_details: tuple[str, ...] = ()
    gateway: Gateway = Gateway()
    hash_cost: HashCost = OWASP_MINIMUM

    def __post_init__(self) -> None:
        """Raise SettingsError: nobody gets to serve with a weak secret."""
        weak = _secret_weakness(self.secret_key)
        if weak is not None:
            raise SettingsError([f"the secret key is too weak: {weak}"])


def read_storage(environ: Mapping[str, str]) -> Storage:
    """
    Read where the data are, and refuse settings that do not exist.

    Raises:
        SettingsError: Lists everything that is wrong.
    """
    reading = Reading(environ)
    storage = _storage(reading)
    reading.finish()
    return storage


def read_settings(environ: Mapping[str, str]) -> Settings:
    """
    Read and check all settings.

    Raises:
        SettingsError: Lists everything that is wrong.
    """
    reading = Reading(environ)
    storage = _storage(reading)
    secret = _secret(reading)
    keys = read_key_options(reading)
    access_s = reading.seconds("ACCESS_TOKEN_EXPIRES", 15 * MINUTES)
    refresh_s = reading.seconds("REFRESH_TOKEN_EXPIRES", 30 * DAYS)
    if access_s > refresh_s:
        reading.fault(
            "REFRESH_TOKEN_EXPIRES",
            f"must not be less than {PREFIX}ACCESS_TOKEN_EXPIRES",
        )
    secure = reading.flag("COOKIE_SECURE", default=storage.mode == "production")
    details = _session_details(reading)
    gateway = _gateway(reading)
    reading.finish()
    return Settings(
        storage=storage,
        secret_key=secret,
        keys=keys,
        access_token_expires_s=access_s,
        refresh_token_expires_s=refresh_s,
        cookie_secure=secure,
        session_details=details,
        gateway=gateway,
    )


def _session_details(reading: Reading) -> tuple[str, ...]:
    text = reading.text("SESSION_DETAILS") or ""
    details = tuple(part.strip() for part in text.split(",") if part.strip())
    if not set(details) <= set(DETAILS):
        reading.fault("SESSION_DETAILS", f"can only contain {' and '.join(DETAILS)}")
    return details


def _gateway(reading: Reading) -> Gateway:
    trusted: tuple[str, ...] = LOOPBACK
    text = reading.text("TRUSTED_GATEWAYS")
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


def _storage(reading: Reading) -> Storage:
    state_dir = Path(reading.text("STATE_DIR") or ".quart-jwt")
    return Storage(
        mode=_mode(reading),
        state_dir=state_dir,
        database_url=_database_url(reading, state_dir),
        store_url=_store_url(reading),
    )


def _mode(reading: Reading) -> Mode:
    match reading.text("MODE"):
        case "development":
            return "development"
        case None | "production":
            return "production"
    reading.fault("MODE", "must be development or production")
    return "production"


def _database_url(reading: Reading, state_dir: Path) -> str:
    url = reading.text("DATABASE_URL")
    if url is None:
        return _sqlite_url(state_dir / "service.db")
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
    url = reading.text("STORE_URL")
    if url is not None and url.partition("://")[0] not in SCHEMES:
        known = ", ".join(f"{one}://" for one in SCHEMES)
        reading.fault("STORE_URL", f"must begin with one of {known}")
    return url


def _secret(reading: Reading) -> str | None:
    secret = reading.text("SECRET_KEY")
    weak = _secret_weakness(secret)
    if weak is not None:
        reading.fault("SECRET_KEY", f"is too weak: {weak}")
    return secret


def _secret_weakness(secret: str | None) -> str | None:
    if secret is None:
        return None
    try:
        return weakness("HS256", secret)
    except (RuntimeError, ValueError):
        return "it cannot be used as an HS256 secret"
