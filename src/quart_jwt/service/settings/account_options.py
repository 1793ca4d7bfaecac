"""
Where users come from, whether strangers can become users, and what a hash costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field

from argon2.profiles import RFC_9106_HIGH_MEMORY
from argon2.profiles import RFC_9106_LOW_MEMORY

from quart_jwt.service.ground.errors import GrantRuleError
from quart_jwt.service.ground.grants import checked_grants
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.grants import NONE
from quart_jwt.service.ground.values import HashCost
from quart_jwt.service.ground.values import OWASP_MINIMUM
from quart_jwt.service.settings.environment import DIRECTORY
from quart_jwt.service.settings.environment import OWN_DIRECTORY
from quart_jwt.service.settings.environment import Reading

OWASP = "owasp"
HASH_COSTS = {
    OWASP: OWASP_MINIMUM,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOptions:
    """
    Where users come from.

    Attributes:
        directory: The user directory; None for our own.
        registration: Whether strangers can become users.
        registration_grants: The roles and scopes of who does.
    """

    directory: DirectoryOptions | None = None
    registration: bool = False
    registration_grants: Grants = NONE


def read_account_options(reading: Reading) -> AccountOptions:
    """Read them; faults are left with the reading."""
    return AccountOptions(
        directory=_directory(reading),
        registration=reading.flag("REGISTRATION", default=False),
        registration_grants=Grants(
            roles=_words(reading, "REGISTRATION_ROLES"),
            scopes=_words(reading, "REGISTRATION_SCOPES"),
        ),
    )


def read_hash_cost(reading: Reading) -> HashCost:
    """Read what a new hash costs; a fault is left with the reading."""
    name = reading.text("PASSWORD_HASHING", shown=OWASP) or OWASP
    if name not in HASH_COSTS:
        reading.fault("PASSWORD_HASHING", f"must be one of {', '.join(HASH_COSTS)}")
    return HASH_COSTS.get(name, OWASP_MINIMUM)


def _directory(reading: Reading) -> DirectoryOptions | None:
    name = reading.text(DIRECTORY, shown=OWN_DIRECTORY) or OWN_DIRECTORY
    if name == OWN_DIRECTORY:
        return None
    return DirectoryOptions(name=name, options=reading.below(DIRECTORY))


def _words(reading: Reading, name: str) -> tuple[str, ...]:
    try:
        return checked_grants(roles=(reading.text(name) or "").split()).roles
    except GrantRuleError:
        reading.fault(name, "must be words of visible ASCII with blanks between them")
        return ()
