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
from quart_jwt.service.database import SQLITE
from quart_jwt.service.environment import DAYS
from quart_jwt.service.environment import MINUTES
from quart_jwt.service.environment import PREFIX
from quart_jwt.service.environment import Reading
from quart_jwt.service.errors import SettingsError
from quart_jwt.service.passwords import HashCost
from quart_jwt.service.passwords import OWASP_MINIMUM
from quart_jwt.service.state_dir import development_secret
from quart_jwt.service.state_dir import ensure_state_dir
from quart_jwt.tokens.keys import weakness

Mode = Literal["development", "production"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """
    Where the service keeps things; all that the ``users`` commands need.

    Attributes:
        mode: ``production`` unless the environment says otherwise.
        state_dir: The directory of what the service makes itself.
        database_path: The SQLite file.
    """

    mode: Mode
    state_dir: Path
    database_path: Path

    def prepare(self) -> None:
        """
        Make the state directory if the database is to be in it.

        Raises:
            StartError: It cannot be made.
        """
        if self.database_path.is_relative_to(self.state_dir):
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
        secret_key: Signs the tokens (HS256): 32 bytes or more.
        access_token_expires_s: Life of an access token, in seconds.
        refresh_token_expires_s: Life of a session, in seconds.
        cookie_secure: Whether cookies travel over HTTPS only.
        gateway: Whose questions at ``/auth/verify`` are believed, and how.
        hash_cost: What a password hash costs.
    """

    storage: Storage
    secret_key: str = field(repr=False)
    access_token_expires_s: int = 15 * MINUTES
    refresh_token_expires_s: int = 30 * DAYS
    cookie_secure: bool = True
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

    In development a missing secret is generated into the state directory.

    Raises:
        SettingsError: Lists everything that is wrong.
        StartError: The state directory cannot be used.
    """
    reading = Reading(environ)
    storage = _storage(reading)
    secret = _secret(reading, storage.mode)
    access_s = reading.seconds("ACCESS_TOKEN_EXPIRES", 15 * MINUTES)
    refresh_s = reading.seconds("REFRESH_TOKEN_EXPIRES", 30 * DAYS)
    if access_s > refresh_s:
        reading.fault(
            "REFRESH_TOKEN_EXPIRES",
            f"must not be less than {PREFIX}ACCESS_TOKEN_EXPIRES",
        )
    secure = reading.flag("COOKIE_SECURE", default=storage.mode == "production")
    gateway = _gateway(reading)
    reading.finish()
    return Settings(
        storage=storage,
        secret_key=secret or development_secret(storage.state_dir),
        access_token_expires_s=access_s,
        refresh_token_expires_s=refresh_s,
        cookie_secure=secure,
        gateway=gateway,
    )


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
        database_path=_database_path(reading, state_dir),
    )


def _mode(reading: Reading) -> Mode:
    match reading.text("MODE"):
        case "development":
            return "development"
        case None | "production":
            return "production"
    reading.fault("MODE", "must be development or production")
    return "production"


def _database_path(reading: Reading, state_dir: Path) -> Path:
    url = reading.text("DATABASE_URL")
    if url is None:
        return state_dir / "service.db"
    path = _sqlite_path(url)
    if path is None:
        reading.fault("DATABASE_URL", f"must be {SQLITE}:/// and a file's path")
    return path or state_dir


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


def _secret(reading: Reading, mode: Mode) -> str | None:
    secret = reading.text("SECRET_KEY")
    if secret is None:
        if mode == "production":
            reading.fault(
                "SECRET_KEY",
                "must be set in production: 32 random bytes or more, as "
                "`python3 -c 'import secrets; print(secrets.token_urlsafe(48))'` "
                "prints them",
            )
        return None
    weak = _secret_weakness(secret)
    if weak is not None:
        reading.fault("SECRET_KEY", f"is too weak: {weak}")
    return secret


def _secret_weakness(secret: str) -> str | None:
    try:
        return weakness("HS256", secret)
    except (RuntimeError, ValueError):
        return "it cannot be used as an HS256 secret"
