"""
The feed of the Redis store: a stream, whose entries are numbered without a gap.

An entry goes when its revocation has ended, never because there are many. The name of
the feed holds the run of the server: after a restart, or when a replica has taken over,
the last entries may be lost, so that readers begin again.
"""

from collections.abc import Mapping
from math import ceil
from typing import Any

from quart_jwt.exceptions import FeedGapError
from quart_jwt.stores.base import Changes
from quart_jwt.stores.redis.scripts import Client
from quart_jwt.stores.redis.scripts import Script
from quart_jwt.stores.redis.scripts import translated
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope

CHANGES = Script("changes")

LONGEST_WAIT_S = 2.0
"""A wait for news ends before the socket times out."""


class Feed:
    """
    The feed of one store.

    Args:
        client: The client of the store.
        prefix: What its keys begin with.
    """

    def __init__(self, client: Client, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    async def begin(self, now: float) -> None:
        """Note since when there is a feed, if it is new."""
        await self._page(None, limit=1, now=now)

    async def read(
        self, after: str | None, *, limit: int, wait_s: float, now: float
    ) -> Changes:
        """See ``stores.base.RevokedTokens.changes``."""
        changes = await self._page(after, limit=limit, now=now)
        if changes.revocations or wait_s <= 0:
            return changes
        if not await self._news(changes.position, min(wait_s, LONGEST_WAIT_S)):
            return changes  # the next reader looks before it waits
        return await self._page(changes.position, limit=limit, now=now)

    async def _page(self, after: str | None, *, limit: int, now: float) -> Changes:
        name, _, text = (after or "").rpartition("-")
        number = int(text) if text.isdecimal() else 0
        feed, last, begun_at, entries = await CHANGES.run(
            self._client, self._prefix, now, number, limit + 1
        )
        if after is not None and (name != feed or not text or number > int(last)):
            raise FeedGapError("The position is of another feed")
        is_complete = len(entries) <= limit
        reached = last if is_complete else entries[limit - 1][0].partition("-")[0]
        return Changes(
            tuple(_revocation(fields) for _id, fields in entries[:limit]),
            f"{feed}-{reached}",
            is_complete,
            float(begun_at),
        )

    async def _news(self, position: str, wait_s: float) -> bool:
        """Wait for an entry after a position; False if none comes in that time."""
        number = position.rpartition("-")[2]
        with translated():
            entries = await self._client.xread(
                {f"{self._prefix}feed:entries": f"{number}-0"},
                count=1,
                block=ceil(wait_s * 1_000),
            )
        return bool(entries)


def _revocation(fields: list[Any]) -> Revocation:
    entry: Mapping[str, str] = dict(zip(fields[::2], fields[1::2], strict=True))
    return Revocation(
        scope=Scope(entry["scope"]),
        name=entry["name"],
        until=float(entry["until"]) if entry["until"] else None,
        issued_by=float(entry["issued_by"]) if entry["issued_by"] else None,
    )
