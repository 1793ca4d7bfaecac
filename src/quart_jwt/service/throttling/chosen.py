"""
Which counters the service has: where the sessions are if that is Redis, else where the
accounts are. Signing in needs both anyway, so counting adds nothing that can be away.
"""

from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.values import Clock
from quart_jwt.service.settings.groups import Throttling
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.throttling.attempts import Attempts
from quart_jwt.service.throttling.digests import Digests
from quart_jwt.service.throttling.rule import ThrottleLimits
from quart_jwt.service.throttling.sql import SqlRecords
from quart_jwt.service.throttling.throttle import Throttle
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import SECOND_MS
from quart_jwt.service.throttling.waits import Waits

PER_ADDRESS = 8
"""Of some 65: an office that signs in at nine needs no more at once."""

REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})


def make_throttle(
    settings: Settings, database: Database, clock: Clock, *, at_once: int
) -> Throttle:
    """Put the throttle together for ``at_once`` sign-ins; nothing is opened yet."""
    return Throttle(
        _attempts(settings, database),
        Digests(settings.secret_key or settings.keys.encryption_key),
        clock,
        at_once=at_once,
        per_address=PER_ADDRESS,
    )


def _attempts(settings: Settings, database: Database) -> Attempts | None:
    if not settings.throttling.enabled:
        return None
    limits = limits_of(settings.throttling)
    url = settings.storage.sessions_url
    if url.partition("://")[0] not in REDIS_SCHEMES:
        return Attempts(SqlRecords(database, limits.max_counts), limits)
    # The driver comes with an extra of its own.
    from quart_jwt.building_blocks import client_from_url  # noqa: PLC0415
    from quart_jwt.service.throttling.redis import RedisRecords  # noqa: PLC0415

    timeout_s = settings.storage.store_timeout_s
    client = client_from_url(url)
    records = RedisRecords(client, limits.max_counts, timeout_s=timeout_s)
    return Attempts(records, limits)


def limits_of(throttling: Throttling) -> ThrottleLimits:
    """Return what the counters go by."""
    longest_ms = throttling.max_wait_s * SECOND_MS
    return ThrottleLimits(
        waits=Waits(free=throttling.free_failures, longest_ms=longest_ms),
        rate=Rate(per_minute=throttling.address_per_minute),
    )
