"""
The settings of the service, from the environment and a file, checked once.

Reading collects every fault and raises them together. Each setting is declared in its
group; what several of them must be together stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace

from quart_jwt.building_blocks import DETAILS
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.ground.values import HashCost
from quart_jwt.service.ground.values import OWASP_MINIMUM
from quart_jwt.service.settings import kinds
from quart_jwt.service.settings.declared import declared_by
from quart_jwt.service.settings.declared import setting
from quart_jwt.service.settings.groups import AccountOptions
from quart_jwt.service.settings.groups import Cors
from quart_jwt.service.settings.groups import Gateway
from quart_jwt.service.settings.groups import HASH_COSTS
from quart_jwt.service.settings.groups import LogFormat
from quart_jwt.service.settings.groups import Observability
from quart_jwt.service.settings.groups import OWN_DIRECTORY
from quart_jwt.service.settings.groups import Proxies
from quart_jwt.service.settings.groups import Throttling
from quart_jwt.service.settings.kinds import DAYS
from quart_jwt.service.settings.kinds import MINUTES
from quart_jwt.service.settings.reading import DIRECTORY
from quart_jwt.service.settings.reading import Reading
from quart_jwt.service.settings.sign_in import cookie_domain
from quart_jwt.service.settings.sign_in import outside
from quart_jwt.service.settings.sign_in import SignIn
from quart_jwt.service.settings.sources import PREFIX
from quart_jwt.service.settings.storage import KeyOptions
from quart_jwt.service.settings.storage import Storage

DEBUG_VARIABLES = ("QUART_DEBUG", "FLASK_DEBUG")
"""Both make Quart show errors to any client."""


def hash_cost(text: str) -> HashCost:
    """The cost of a hash by its name."""
    return HASH_COSTS[kinds.one_of(*HASH_COSTS)(text)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that ``create_app`` needs."""

    storage: Storage
    keys: KeyOptions = field(default_factory=KeyOptions)
    secret_key: str | None = setting(
        "SECRET_KEY",
        kinds.secret,
        "signs the tokens (HS256) in place of "
        "[keys](../api/keys.md#the-keys-of-the-service); 32 bytes or more, not a "
        "publicly known one",
        default=None,
        unset="none",
        is_secret=True,
    )
    access_token_expires_s: int = setting(
        "ACCESS_TOKEN_EXPIRES",
        kinds.seconds(),
        "seconds, or a duration such as `15m`; up to 366 days",
        default=15 * MINUTES,
    )
    refresh_token_expires_s: int = setting(
        "REFRESH_TOKEN_EXPIRES",
        kinds.seconds(),
        "the same, `30d`; the length of a session; not less than the access token's",
        default=30 * DAYS,
    )
    clock_skew_s: int = setting(
        "CLOCK_SKEW",
        kinds.seconds(MINUTES),
        "seconds that another machine's clock may be ahead, up to 60; not for expiry",
        default=5,
    )
    session_details: tuple[str, ...] = setting(
        "SESSION_DETAILS",
        kinds.some_of(DETAILS),
        "what a session stores about the client: `user_agent`, `address`, or both "
        "with a comma",
        default=(),
        unset="nothing",
    )
    cookie_secure: bool = setting(
        "COOKIE_SECURE",
        kinds.flag,
        "whether cookies are sent over HTTPS only",
        default=True,
        in_development=False,
    )
    cookie_domain: str | None = setting(
        "COOKIE_DOMAIN",
        cookie_domain,
        "the domain whose hosts all get the cookies: "
        "[one sign-in for several sites](sign-in.md#one-sign-in-for-several-sites)",
        default=None,
        unset="the service's host alone",
    )
    docs: bool = setting(
        "DOCS",
        kinds.flag,
        "whether `/openapi.json` and `/docs` are served",
        default=False,
        in_development=True,
    )
    hash_cost: HashCost = setting(
        "PASSWORD_HASHING",
        hash_cost,
        "what a [password hash](accounts.md#password-hashes) costs; or "
        "`rfc9106-low-memory`, `rfc9106-high-memory`",
        default=OWASP_MINIMUM,
        unset="owasp",
    )
    accounts: AccountOptions = field(default_factory=AccountOptions)
    throttling: Throttling = field(default_factory=Throttling)
    proxies: Proxies = field(default_factory=Proxies)
    gateway: Gateway = field(default_factory=Gateway)
    cors: Cors = field(default_factory=Cors)
    sign_in: SignIn = field(default_factory=SignIn)
    observability: Observability = field(default_factory=Observability)

    @property
    def renews_at_gateway(self) -> bool:
        """Whether the gateway's question renews sessions."""
        return self.gateway.renews_sessions and bool(self.sign_in.origins)

    def __post_init__(self) -> None:
        """Raise SettingsError if the secret is weak."""
        if self.secret_key is not None:
            weak = kinds.secret_weakness(self.secret_key)
            if weak is not None:
                raise SettingsError([f"the secret key is too weak: {weak}"])


GROUPS = (
    *(Storage, KeyOptions, Settings, AccountOptions, Throttling),
    *(Proxies, Gateway, Cors, SignIn, Observability),
)
TABLE = tuple(one for group in GROUPS for _, one in declared_by(group))
"""Every setting there is, in the order in which they are shown."""
NAMES = tuple(one.name for one in TABLE)


def reading_of(environ: Mapping[str, str]) -> Reading:
    """Return a reading of an environment and the file that it names."""
    return Reading(environ, NAMES, OWN_DIRECTORY)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """
    Read and check all settings.

    Raises:
        SettingsError: Lists everything that is wrong.
    """
    return read_all(reading_of(environ), environ)


def read_all(reading: Reading, environ: Mapping[str, str]) -> Settings:
    """Same as ``read_settings``, but the reading is there to be asked afterwards."""
    settings = Settings(
        storage=_storage(reading),
        keys=reading.group(KeyOptions),
        accounts=_accounts(reading),
        throttling=reading.group(Throttling),
        proxies=reading.group(Proxies),
        gateway=reading.group(Gateway),
        cors=reading.group(Cors),
        sign_in=reading.group(SignIn),
        observability=reading.group(Observability),
        **reading.values(Settings),
    )
    _check_together(reading, settings)
    if settings.storage.mode == "production":
        _refuse_unsafe(reading, environ, cookie_secure=settings.cookie_secure)
    reading.finish()
    return settings


def _storage(reading: Reading) -> Storage:
    is_named = reading.is_given("DATABASE_URL")
    storage = reading.group(Storage, is_database_named=is_named)
    reading.show_default("DATABASE_URL", storage.database_url)
    return storage


def _accounts(reading: Reading) -> AccountOptions:
    accounts = reading.group(AccountOptions)
    if accounts.directory is None:
        return accounts
    options = reading.below(DIRECTORY)
    return replace(accounts, directory=replace(accounts.directory, options=options))


def _check_together(reading: Reading, settings: Settings) -> None:
    if settings.access_token_expires_s > settings.refresh_token_expires_s:
        shortest = f"{PREFIX}ACCESS_TOKEN_EXPIRES"
        reading.fault("REFRESH_TOKEN_EXPIRES", f"must not be less than {shortest}")
    if settings.gateway.renews_sessions and not settings.sign_in.origins:
        needed = f"{PREFIX}SIGN_IN_ORIGINS"
        reading.fault("RENEW_AT_GATEWAY", f"needs sites in {needed}")
    domain = settings.cookie_domain
    if domain is not None and outside(domain, settings.sign_in.origins):
        left_out = ", ".join(outside(domain, settings.sign_in.origins))
        reading.fault(
            "COOKIE_DOMAIN", f"must contain each sign-in site; {left_out} is outside"
        )
    cors = settings.cors
    if cors.credentials and kinds.ANY in cors.origins:
        reading.fault(
            "CORS_CREDENTIALS",
            "must not be true for *: any page could send requests with its visitor's "
            "cookies",
        )
    if cors.credentials and not cors.origins:
        reading.fault("CORS_CREDENTIALS", f"needs origins in {PREFIX}CORS_ORIGINS")


def _refuse_unsafe(
    reading: Reading, environ: Mapping[str, str], *, cookie_secure: bool
) -> None:
    """Leave a fault for what is fine for a look and dangerous for users."""
    if not cookie_secure:
        reading.fault(
            "COOKIE_SECURE",
            "cannot be false in production: cookies would be sent over plain HTTP",
        )
    for name in DEBUG_VARIABLES:
        if environ.get(name, "").lower() not in {"", "0", "false", "no"}:
            reading.fault("MODE", f"cannot be production while {name} is set")


def read_storage_settings(environ: Mapping[str, str]) -> Storage:
    """
    Read where the data are, and refuse settings that do not exist.

    Raises:
        SettingsError: Lists everything that is wrong.
    """
    reading = reading_of(environ)
    storage = _storage(reading)
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
    reading = reading_of(environ)
    settings = UserSettings(
        storage=_storage(reading),
        accounts=_accounts(reading),
        hash_cost=reading.value(Settings, "hash_cost"),
        access_token_expires_s=reading.value(Settings, "access_token_expires_s"),
    )
    reading.finish()
    return settings


def log_format_of(environ: Mapping[str, str]) -> LogFormat:
    """
    Return how log lines are written, for who configures logging before settings are
    read; what is wrong counts as text here, and is refused by ``read_settings``.
    """
    log_format = reading_of(environ).value(Observability, "log_format")
    return "json" if log_format == "json" else "text"


def logs_verified(environ: Mapping[str, str]) -> bool:
    """Return whether ``log_verified`` is set; see ``log_format_of``."""
    return bool(reading_of(environ).value(Observability, "log_verified"))
