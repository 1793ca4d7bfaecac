"""
``RedisStore``: sessions in Redis.

Each verb is one script (``lua/``), which is one atomic step. Only the rotation takes
two: it reads the family, applies the rule of ``tokens.rotation``, and stores the result
by compare-and-set; after a concurrent change it tries again. So the rule exists once.

All keys have one hash tag. On Redis Cluster they are in one slot: an ending and its
entry in the feed are one step there, too, and every session is on one master.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import BlockingConnectionPool
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import SessionLimitError
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.base import Changes
from quart_jwt.stores.base import Limit
from quart_jwt.stores.family_fields import family_of
from quart_jwt.stores.family_fields import flat
from quart_jwt.stores.family_fields import TYPES
from quart_jwt.stores.redis.feed import Feed
from quart_jwt.stores.redis.scripts import Client
from quart_jwt.stores.redis.scripts import Script
from quart_jwt.stores.redis.scripts import translated
from quart_jwt.stores.redis.scripts import Word
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import scopes_of
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import Outcome
from quart_jwt.tokens.rotation import Presented
from quart_jwt.tokens.rotation import rotate
from quart_jwt.tokens.rotation import Rotation
from quart_jwt.tokens.rotation import Successor

START = Script("start")
REPLACE = Script("replace")
END = Script("end")
END_ALL = Script("end_all")
LIVE = Script("live")
REVOKE = Script("revoke")
IS_REVOKED = Script("is_revoked")
PURGE = Script("purge")

MAX_CONNECTIONS = 20
"""Per process; one of them waits for news of the feed."""
CONNECT_TIMEOUT_S = 2.0
SOCKET_TIMEOUT_S = 5.0
"""Only so that nothing is held for ever: callers have deadlines of their own."""


class RedisStore:
    """
    Keeps sessions and revocations in Redis.

    Args:
        client: A client of redis-py's asyncio, made with ``decode_responses=True``.
            It should not retry by itself, because the caller decides that.
        prefix: What the names of keys begin with, so that stores can share a Redis.

    Raises:
        ConfigurationError: The client gives bytes.
    """

    def __init__(self, client: Client, *, prefix: str = "quart-jwt") -> None:
        if not client.get_encoder().decode_responses:
            raise ConfigurationError("The Redis client needs decode_responses=True")
        self._client = client
        self._prefix = f"{{{prefix}}}:"
        self._feed = Feed(client, self._prefix)

    async def open(self, *, now: float) -> None:
        """See ``stores.base.Lifecycle.open``."""
        await self._feed.begin(now)

    async def close(self) -> None:
        """See ``stores.base.Lifecycle.close``."""
        with suppress(StoreError), translated():
            await self._client.aclose()

    async def ping(self) -> None:
        """See ``stores.base.Lifecycle.ping``; asks what a verb would ask."""
        with translated():
            await self._client.exists(f"{self._prefix}feed")

    async def try_writing(self) -> None:
        """See ``stores.base.Lifecycle.try_writing``; a key of a millisecond."""
        with translated():
            await self._client.set(f"{self._prefix}writing", "", px=1)

    async def start(
        self, family: Family, *, limit: Limit | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.start``."""
        ended = await self._run(
            START,
            now,
            family.family_id,
            family.subject,
            family.created_at,
            family.keep_until,
            limit.sessions if limit else None,
            limit.at_limit.value if limit else None,
            *_words(family),
        )
        if ended is None:
            raise SessionLimitError(
                "The user has reached the maximum number of sessions"
            )
        return _endings(ended)

    async def rotate(
        self, presented: Presented, successor: Successor, *, grace_s: float, now: float
    ) -> Rotation:
        """See ``stores.base.Families.rotate``."""
        while True:
            version, family = await self._family(presented.family_id)
            rotation = rotate(family, presented, successor, grace_s=grace_s, now=now)
            after = rotation.family
            if after is None or after is family:
                return rotation
            ended = "ended" if rotation.outcome is Outcome.REUSE else None
            words = (version, after.keep_until, ended, *_words(after))
            if await self._run(REPLACE, now, after.family_id, *words):
                return rotation

    async def end(
        self, family_id: str, *, subject: str | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.end``."""
        whose = () if subject is None else (subject,)
        return _endings(await self._run(END, now, family_id, *whose))

    async def end_all(
        self,
        subject: str,
        *,
        spare: str | None,
        started_by: float | None,
        before_epoch: int | None = None,
        now: float,
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.end_all``."""
        words = (subject, spare, started_by, before_epoch)
        return _endings(await self._run(END_ALL, now, *words))

    async def live(self, subject: str, *, now: float) -> Sequence[Family]:
        """See ``stores.base.Families.live``."""
        found = await self._run(LIVE, now, subject)
        return [_family(dict(zip(one[::2], one[1::2], strict=True))) for one in found]

    async def revoke(self, revocation: Revocation, *, now: float) -> bool:
        """See ``stores.base.RevokedTokens.revoke``."""
        if revocation.scope is Scope.FAMILY:
            raise ValueError("A family is ended with end(), not revoked")
        words = (revocation.name, revocation.until, revocation.issued_by)
        followed_until = revocation.as_followed().until
        scope = revocation.scope.value
        return bool(await self._run(REVOKE, now, scope, *words, followed_until))

    async def is_revoked(self, token: TokenRef, *, now: float) -> bool:
        """See ``stores.base.RevokedTokens.is_revoked``."""
        words: list[Word] = [token.issued_at]
        if token.jti is not None:
            words += [Scope.TOKEN.value, token.jti]
        if token.family_id is not None:
            words += [Scope.FAMILY.value, token.family_id]
        if token.subject is not None:
            for scope in scopes_of(token):
                words += [scope.value, token.subject]
        return bool(await self._run(IS_REVOKED, now, *words))

    async def changes(
        self, after: str | None, *, limit: int, wait_s: float, now: float
    ) -> Changes:
        """See ``stores.base.RevokedTokens.changes``."""
        return await self._feed.read(after, limit=limit, wait_s=wait_s, now=now)

    async def purge(self, *, limit: int, now: float) -> int:
        """See ``stores.base.RevokedTokens.purge``."""
        removed, told = await self._run(PURGE, now, limit, limit)
        while told >= limit:
            _none, told = await self._run(PURGE, now, 0, limit)
        return int(removed)

    async def _run(self, script: Script, now: float, *words: Word) -> Any:
        return await script.run(self._client, self._prefix, now, *words)

    async def _family(self, family_id: str) -> tuple[str, Family | None]:
        """The version and the family; no family if there is none."""
        with translated():
            found: Any = await self._client.hgetall(f"{self._prefix}family:{family_id}")
        return found.get("version", ""), _family(found) if found else None


def from_url(url: str) -> RedisStore:
    """
    The store of ``redis://``, ``rediss://`` and ``unix://``.

    Raises:
        ConfigurationError: It cannot be read; the message does not show it.
    """
    return RedisStore(client_from_url(url))


def client_from_url(url: str) -> Redis:
    """
    A client with our limits, which does not retry by itself.

    Args:
        url: As redis-py has it; its query overrides our timeouts.

    Raises:
        ConfigurationError: It cannot be read; the message does not show it.
    """
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            decode_responses=True,
            max_connections=MAX_CONNECTIONS,
            timeout=SOCKET_TIMEOUT_S,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=SOCKET_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        raise ConfigurationError("Redis's URL cannot be read") from None
    return Redis.from_pool(pool)


def _words(family: Family) -> Iterator[Word]:
    """The fields of a family that are set, each with its name before it."""
    for name, value in flat(family).items():
        if value is not None:
            yield name
            yield value


def _family(found: Mapping[str, str]) -> Family:
    values = {
        name: kind(found[name]) if name in found else None
        for name, kind in TYPES.items()
    }
    return family_of(values)


def _endings(ended: Iterable[tuple[str, str]]) -> tuple[Revocation, ...]:
    return tuple(
        Revocation(scope=Scope.FAMILY, name=name, until=float(until) if until else None)
        for name, until in ended
    )
