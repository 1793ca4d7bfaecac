"""
The groups of settings beside storage and keys: accounts, throttling, the proxies and
the gateway in front, pages of other origins, and what an operator sees.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from argon2.profiles import RFC_9106_HIGH_MEMORY
from argon2.profiles import RFC_9106_LOW_MEMORY

from quart_jwt.building_blocks import LOOPBACK
from quart_jwt.building_blocks import UNIX
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.values import HashCost
from quart_jwt.service.ground.values import OWASP_MINIMUM
from quart_jwt.service.settings import kinds
from quart_jwt.service.settings.declared import setting
from quart_jwt.service.settings.kinds import MINUTES

OWN_DIRECTORY = "sql"

HASH_COSTS = {
    "owasp": OWASP_MINIMUM,
    **{
        name: HashCost(
            memory_kib=profile.memory_cost,
            iterations=profile.time_cost,
            lanes=profile.parallelism,
        )
        for name, profile in (
            ("rfc9106-low-memory", RFC_9106_LOW_MEMORY),
            ("rfc9106-high-memory", RFC_9106_HIGH_MEMORY),
        )
    },
}
"""RFC 9106 §4: its second recommendation, and its first, which takes 2 GiB a hash."""

IDENTITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {"roles": "X-Auth-Roles", "scope": "X-Auth-Scope"}
)
"""Claims that the gateway may receive besides the user's name, and their headers."""

LogFormat = Literal["text", "json"]

MAX_FREE_FAILURES = 100
"""NIST SP 800-63B section 5.2.2: no more than 100 failures of an account in a row."""
LONGEST_WAIT_S = 60 * MINUTES
"""The same section names 30 seconds up to an hour; longer locks the owner out."""
MAX_PER_MINUTE = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryOptions:
    """
    A user directory from elsewhere.

    Attributes:
        name: The name of its entry point.
        options: What the environment says for it: ``url`` for
            ``QUART_JWT_USER_DIRECTORY_URL``. It may hold a password.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


def directory(text: str) -> DirectoryOptions | None:
    """A user directory; None for our own."""
    return None if text == OWN_DIRECTORY else DirectoryOptions(name=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOptions:
    """Where users come from, and whether strangers can become users."""

    directory: DirectoryOptions | None = setting(
        "USER_DIRECTORY",
        directory,
        "a [user directory from elsewhere](accounts.md#users-from-elsewhere); its own "
        "settings begin with `QUART_JWT_USER_DIRECTORY_`",
        default=None,
        unset=OWN_DIRECTORY,
    )
    registration: bool = setting(
        "REGISTRATION",
        kinds.flag,
        "whether anyone can create an account: "
        "[registration](accounts.md#registration)",
        default=False,
    )
    registration_roles: tuple[str, ...] = setting(
        "REGISTRATION_ROLES",
        kinds.words,
        "roles of users who register, separated by spaces",
        default=(),
        unset="nothing",
    )
    registration_scopes: tuple[str, ...] = setting(
        "REGISTRATION_SCOPES",
        kinds.words,
        "scopes of users who register, separated by spaces",
        default=(),
        unset="nothing",
    )

    @property
    def registration_grants(self) -> Grants:
        """The roles and scopes of who registers."""
        return Grants(roles=self.registration_roles, scopes=self.registration_scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """How often a sign-in can be attempted."""

    enabled: bool = setting(
        "THROTTLE",
        kinds.flag,
        "whether [failed attempts are throttled](throttling.md)",
        default=True,
    )
    # Ten guesses find no password, and allow for typing errors and several sign-ins at
    # once.
    free_failures: int = setting(
        "THROTTLE_FREE_FAILURES",
        kinds.number(MAX_FREE_FAILURES),
        "failed attempts of an account without a wait, up to 100",
        default=10,
    )
    max_wait_s: int = setting(
        "THROTTLE_MAX_WAIT",
        kinds.seconds(LONGEST_WAIT_S),
        "the longest wait of an account, up to an hour",
        default=LONGEST_WAIT_S,
    )
    address_per_minute: int = setting(
        "THROTTLE_ADDRESS_PER_MINUTE",
        kinds.number(MAX_PER_MINUTE),
        "failed attempts of an IP address in a minute",
        default=30,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The proxies in front; ``unix`` stands for peers of a unix socket."""

    trusted: tuple[str, ...] = setting(
        "TRUSTED_PROXIES",
        kinds.peers_or_none,
        "proxies trusted to report the [client's address]"
        "(throttling.md#the-clients-address); `none` for none",
        default=(*LOOPBACK, UNIX),
    )
    address_header: str | None = setting(
        "CLIENT_ADDRESS_HEADER",
        kinds.address_header,
        "the header in which they report it",
        default="X-Forwarded-For",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The gateway that asks at ``/auth/verify``."""

    trusted: tuple[str, ...] = setting(
        "TRUSTED_GATEWAYS",
        kinds.peers,
        "addresses and networks of gateways trusted at `/auth/verify`",
        default=LOOPBACK,
    )
    method_header: str | None = setting(
        "METHOD_HEADER",
        kinds.header,
        "the header with the original method; `none` if the gateway asks with that "
        "method (Envoy)",
        default="X-Forwarded-Method",
    )
    uri_header: str | None = setting(
        "URI_HEADER",
        kinds.header,
        "the same for the original path and query",
        default="X-Forwarded-Uri",
    )
    pass_preflight: bool = setting(
        "PASS_PREFLIGHT",
        kinds.flag,
        "whether OPTIONS passes at `/auth/verify` without a token",
        default=False,
    )
    renews_sessions: bool = setting(
        "RENEW_AT_GATEWAY",
        kinds.flag,
        "whether `/auth/verify` [renews expired sessions]"
        "(gateways.md#sessions-of-browsers-that-only-load-pages); only for a gateway "
        "that passes `Set-Cookie` on",
        default=False,
    )
    identity: tuple[str, ...] = setting(
        "IDENTITY_HEADERS",
        kinds.some_of(tuple(IDENTITY_HEADERS)),
        "what `/auth/verify` sends besides the name: `roles`, `scope`, or both with a "
        "comma: [accounts](accounts.md#roles-and-scopes)",
        default=(),
        unset="nothing",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Cross-origin requests (the Fetch standard's CORS protocol)."""

    origins: tuple[str, ...] = setting(
        "CORS_ORIGINS",
        kinds.origins,
        "[pages of other origins](http-api.md#pages-of-other-origins) that may read "
        "responses, separated by commas; `*` for all",
        default=(),
        unset="no pages",
    )
    credentials: bool = setting(
        "CORS_CREDENTIALS",
        kinds.flag,
        "whether their requests may carry cookies; not with `*`",
        default=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observability:
    """Metrics, logs and the audit log, which is a file or None for standard error."""

    metrics_from: tuple[str, ...] = setting(
        "METRICS_FROM",
        kinds.peers_or_none,
        "addresses and networks that may read `/metrics`; `none` denies all",
        default=LOOPBACK,
    )
    log_format: LogFormat = setting(
        "LOG_FORMAT",
        kinds.one_of("text", "json"),
        "`text` or `json`: how [log lines](observability.md#log-lines) are written",
        default="text",
    )
    log_verified: bool = setting(
        "LOG_VERIFIED",
        kinds.flag,
        "`true` also writes an access log line for requests to `/auth/verify` that "
        "were answered with 200",
        default=False,
    )
    audit_log: Path | None = setting(
        "AUDIT_LOG",
        Path,
        "the file of the [audit log](observability.md#the-audit-log)",
        default=None,
        unset="standard error",
    )
