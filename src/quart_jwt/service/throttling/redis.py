"""
The counters in Redis, where the sessions are.

A verb is one script, which is one atomic step (``stores.redis_scripts``).
"""

import asyncio
from contextlib import suppress
from importlib.resources import files

from quart_jwt.building_blocks import Client
from quart_jwt.building_blocks import Script
from quart_jwt.building_blocks import translated
from quart_jwt.exceptions import StoreError as AwayError
from quart_jwt.service.ground.errors import StoreError
from quart_jwt.service.throttling.attempts import Counted
from quart_jwt.service.throttling.attempts import Limits
from quart_jwt.service.throttling.attempts import MAX_PLACES
from quart_jwt.service.throttling.attempts import PLACE_KNOWN_MS
from quart_jwt.service.throttling.attempts import Refused
from quart_jwt.service.throttling.attempts import Visit
from quart_jwt.service.throttling.waits import SKEW_MS

_LUA = files("quart_jwt.service.throttling") / "lua"
ADMIT = Script("admit", folder=_LUA)
SUCCEED = Script("succeed", folder=_LUA)
GIVE_BACK = Script("give_back", folder=_LUA)


class RedisAttempts:
    """
    Counts in Redis.

    Args:
        client: A client of redis-py's asyncio, made with ``decode_responses=True``.
        limits: What they go by.
        timeout_s: How long a step may take, in seconds; a Redis that hangs is away.
        prefix: What the names of keys begin with.
    """

    def __init__(
        self,
        client: Client,
        limits: Limits,
        *,
        timeout_s: float,
        prefix: str = "quart-jwt",
    ) -> None:
        self._client = client
        self._limits = limits
        self._timeout_s = timeout_s
        self._prefix = f"{{{prefix}}}:"

    async def admit(self, visit: Visit, *, now_ms: int) -> Refused | None:
        """See ``attempts.Attempts.admit``."""
        rate, waits = self._limits.rate, self._limits.waits
        refused = await self._run(
            ADMIT,
            now_ms,
            visit,
            rate.interval_ms,
            rate.tolerance_ms,
            waits.free,
            waits.forgotten_after_ms,
            waits.longest_ms,
            SKEW_MS,
            *waits.growing_ms,
        )
        if refused is None:
            return None
        by, wait_ms = refused
        return Refused(Counted(by), int(wait_ms))

    async def succeed(self, visit: Visit, *, now_ms: int) -> None:
        """See ``attempts.Attempts.succeed``."""
        interval_ms = self._limits.rate.interval_ms
        known_until_ms = now_ms + PLACE_KNOWN_MS
        words = (interval_ms, known_until_ms, MAX_PLACES)
        await self._run(SUCCEED, now_ms, visit, *words)

    async def give_back(self, visit: Visit, *, now_ms: int) -> None:
        """See ``attempts.Attempts.give_back``."""
        rate, waits = self._limits.rate, self._limits.waits
        words = (rate.interval_ms, waits.free, waits.forgotten_after_ms)
        await self._run(GIVE_BACK, now_ms, visit, *words)

    async def close(self) -> None:
        """Close the connections."""
        with suppress(AwayError), translated():
            await self._client.aclose()

    async def _run(
        self, script: Script, now_ms: int, visit: Visit, *words: int
    ) -> list[str] | None:
        digests = (visit.address, visit.account, visit.place)
        try:
            async with asyncio.timeout(self._timeout_s):
                found: list[str] | None = await script.run(
                    self._client,
                    self._prefix,
                    now_ms,
                    *digests,
                    self._limits.max_counts,
                    *words,
                )
        except AwayError as error:
            raise StoreError("Redis") from (error.__cause__ or error)
        except TimeoutError as error:
            raise StoreError("Redis") from error
        return found
