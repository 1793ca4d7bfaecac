"""
The settings of the service, from the environment and a file, checked once.

Reading collects every fault and raises them together. What each setting is
called, what it is when it is not set, and which of them go together stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import partial

from quart_jwt.building_blocks import DETAILS
from quart_jwt.building_blocks import weakness
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.ground.values import HashCost
from quart_jwt.service.ground.values import OWASP_MINIMUM
from quart_jwt.service.settings.account_options import AccountOptions
from quart_jwt.service.settings.account_options import read_account_options
from quart_jwt.service.settings.account_options import read_hash_cost
from quart_jwt.service.settings.cors import Cors
from quart_jwt.service.settings.cors import read_cors
from quart_jwt.service.settings.environment import DAYS
from quart_jwt.service.settings.environment import MINUTES
from quart_jwt.service.settings.environment import Reading
from quart_jwt.service.settings.gateway import Gateway
from quart_jwt.service.settings.gateway import read_gateway
from quart_jwt.service.settings.key_options import KeyOptions
from quart_jwt.service.settings.key_options import read_key_options
from quart_jwt.service.settings.observability import Observability
from quart_jwt.service.settings.observability import read_observability
from quart_jwt.service.settings.production import refuse_unsafe
from quart_jwt.service.settings.proxies import Proxies
from quart_jwt.service.settings.proxies import read_proxies
from quart_jwt.service.settings.sources import PREFIX
from quart_jwt.service.settings.storage import read_storage
from quart_jwt.service.settings.storage import Storage
from quart_jwt.service.settings.throttling import read_throttling
from quart_jwt.service.settings.throttling import Throttling


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
        cors: Which pages of other origins may ask.
        docs: Whether ``/openapi.json`` and ``/docs`` are there.
        proxies: Whose word about the client's address is believed.
        throttling: How often somebody may try to sign in.
        accounts: Where users come from.
        hash_cost: What a password hash costs.
        observability: What an operator sees, and who else may.
    """

    storage: Storage
    secret_key: str | None = field(default=None, repr=False)
    keys: KeyOptions = field(default_factory=KeyOptions)
    access_token_expires_s: int = 15 * MINUTES
    refresh_token_expires_s: int = 30 * DAYS
    cookie_secure: bool = True
    session_details: tuple[str, ...] = ()
    gateway: Gateway = field(default_factory=Gateway)
    cors: Cors = field(default_factory=Cors)
    docs: bool = False
    proxies: Proxies = field(default_factory=Proxies)
    throttling: Throttling = field(default_factory=Throttling)
    accounts: AccountOptions = field(default_factory=AccountOptions)
    hash_cost: HashCost = OWASP_MINIMUM
    observability: Observability = field(default_factory=Observability)

    def __post_init__(self) -> None:
        """Raise SettingsError: nobody gets to serve with a weak secret."""
        weak = _secret_weakness(self.secret_key)
        if weak is not None:
            raise SettingsError([f"the secret key is too weak: {weak}"])


def read_storage_settings(environ: Mapping[str, str]) -> Storage:
    """
    Read where the data are, and refuse settings that do not exist.

    Raises:
        SettingsError: Lists everything that is wrong.
    """
    reading = Reading(environ)
    storage = read_storage(reading)
    reading.finish()
    return storage


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSettings:
    """
    What the ``users`` commands need.

    Attributes:
        storage: Where the data are.
        accounts: Where users come from.
        hash_cost: What a password hash costs.
        access_token_expires_s: Life of an access token, in seconds.
    """

    storage: Storage
    accounts: AccountOptions
    hash_cost: HashCost
    access_token_expires_s: int


def read_user_settings(environ: Mapping[str, str]) -> UserSettings:
    """
    Read what the ``users`` commands need, and refuse settings that do not exist.

    Raises:
        SettingsError: Lists everything that is wrong.
    """
    reading = Reading(environ)
    settings = UserSettings(
        storage=read_storage(reading),
        accounts=read_account_options(reading),
        hash_cost=read_hash_cost(reading),
        access_token_expires_s=_lives_s(reading)[0],
    )
    reading.finish()
    return settings


def read_settings(environ: Mapping[str, str]) -> Settings:
    """
    Read and check all settings.

    Raises:
        SettingsError: Lists everything that is wrong.
    """
    return read_all(Reading(environ), environ)


def read_all(reading: Reading, environ: Mapping[str, str]) -> Settings:
    """Same as ``read_settings``, but the reading is there to be asked afterwards."""
    storage = read_storage(reading)
    access_s, refresh_s = _lives_s(reading)
    is_production = storage.mode == "production"
    secure = reading.flag("COOKIE_SECURE", default=is_production)
    settings = partial(
        Settings,
        storage=storage,
        secret_key=_secret(reading),
        keys=read_key_options(reading),
        access_token_expires_s=access_s,
        refresh_token_expires_s=refresh_s,
        cookie_secure=secure,
        session_details=_session_details(reading),
        gateway=read_gateway(reading),
        cors=read_cors(reading),
        docs=reading.flag("DOCS", default=not is_production),
        proxies=read_proxies(reading),
        throttling=read_throttling(reading),
        accounts=read_account_options(reading),
        hash_cost=read_hash_cost(reading),
        observability=read_observability(reading),
    )
    if is_production:
        refuse_unsafe(reading, environ, cookie_secure=secure)
    reading.finish()  # before anything is made of what is wrong
    return settings()


def _lives_s(reading: Reading) -> tuple[int, int]:
    """Return how long an access token and a session live, in seconds."""
    access_s = reading.seconds("ACCESS_TOKEN_EXPIRES", 15 * MINUTES)
    refresh_s = reading.seconds("REFRESH_TOKEN_EXPIRES", 30 * DAYS)
    if access_s > refresh_s:
        reading.fault(
            "REFRESH_TOKEN_EXPIRES",
            f"must not be less than {PREFIX}ACCESS_TOKEN_EXPIRES",
        )
    return access_s, refresh_s


def _session_details(reading: Reading) -> tuple[str, ...]:
    text = reading.text("SESSION_DETAILS") or ""
    details = tuple(part.strip() for part in text.split(",") if part.strip())
    if not set(details) <= set(DETAILS):
        reading.fault("SESSION_DETAILS", f"can only contain {' and '.join(DETAILS)}")
    return details


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
