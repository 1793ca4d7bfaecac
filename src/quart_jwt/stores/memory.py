"""
``MemoryStore``: sessions in this process, for tests and for a single worker.

The reference implementation of the contract. No verb awaits anything between its
first look and its last write, which is what makes it atomic on one event loop.
What it holds ends with the process.
"""

import asyncio
import uuid
from collections.abc import Iterable
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import FeedGapError
from quart_jwt.stores.base import Changes
from quart_jwt.stores.base import ending_of
from quart_jwt.stores.base import Limit
from quart_jwt.stores.session_limit import age
from quart_jwt.stores.session_limit import surplus
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Revocations
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import Outcome
from quart_jwt.tokens.rotation import Presented
from quart_jwt.tokens.rotation import rotate
from quart_jwt.tokens.rotation import Rotation
from quart_jwt.tokens.rotation import Standing
from quart_jwt.tokens.rotation import Successor

UNBOUNDED = 2**63 - 1
"""The reference store forgets nothing that is in force."""


class MemoryStore:
    """
    Keeps sessions and revocations in this process; use one event loop.
    """

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}
        self._subjects: dict[str, set[str]] = {}
        self._revoked = Revocations(UNBOUNDED)
        self._feed = _Feed()

    async def open(self, *, now: float) -> None:
        """There is nothing to open; it begins when it is first opened or read."""
        self._feed.begin(now)

    async def close(self) -> None:
        """There is nothing to close; what was kept stays, and can be used again."""

    async def ping(self) -> None:
        """It is always there."""

    async def try_writing(self) -> None:
        """It can always be written to."""

    async def start(
        self, family: Family, *, limit: Limit | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.start``."""
        ended: tuple[Revocation, ...] = ()
        if limit is not None:
            ended = self._end(surplus(self._live(family.subject, now), limit), now)
        self._put(family)
        return ended

    async def rotate(
        self, presented: Presented, successor: Successor, *, grace_s: float, now: float
    ) -> Rotation:
        """See ``stores.base.Families.rotate``."""
        family = self._families.get(presented.family_id)
        rotation = rotate(family, presented, successor, grace_s=grace_s, now=now)
        if rotation.family is not None:
            self._put(rotation.family)
            if rotation.outcome is Outcome.REUSE:
                self._feed.append(ending_of(rotation.family))
        return rotation

    async def end(
        self, family_id: str, *, subject: str | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.end``."""
        family = self._families.get(family_id)
        if family is None or subject not in {None, family.subject}:
            return ()
        return self._end([family], now)

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
        chosen = [
            family
            for family in self._of(subject)
            if family.family_id != spare
            and (started_by is None or family.created_at <= started_by)
            and (before_epoch is None or _is_before(family.epoch, before_epoch))
        ]
        return self._end(chosen, now)

    async def live(self, subject: str, *, now: float) -> Sequence[Family]:
        """See ``stores.base.Families.live``."""
        return self._live(subject, now)

    async def revoke(self, revocation: Revocation, *, now: float) -> bool:  # noqa: ARG002 - the contract's
        """See ``stores.base.RevokedTokens.revoke``."""
        if revocation.scope is Scope.FAMILY:
            raise ValueError("A family is ended with end(), not revoked")
        is_first = not self._revoked.holds(revocation)
        self._revoked.add(revocation)
        self._feed.append(revocation.as_followed())
        return is_first

    async def is_revoked(self, token: TokenRef, *, now: float) -> bool:  # noqa: ARG002 - the same
        """See ``stores.base.RevokedTokens.is_revoked``."""
        if self._revoked.refuses(token):
            return True
        if token.family_id is None:
            return False
        family = self._families.get(token.family_id)
        return family is None or family.revoked_at is not None

    async def changes(
        self, after: str | None, *, limit: int, wait_s: float, now: float
    ) -> Changes:
        """See ``stores.base.RevokedTokens.changes``."""
        self._feed.begin(now)
        return await self._feed.read(after, limit=limit, wait_s=wait_s)

    async def purge(self, *, limit: int, now: float) -> int:
        """See ``stores.base.RevokedTokens.purge``."""
        over = (one for one in self._families.values() if _is_past(one.keep_until, now))
        gone = [family.family_id for family in islice(over, limit)]
        for family_id in gone:
            self._forget(family_id)
        self._feed.drop_ended(now)
        return len(gone) + self._revoked.drop_ended(now)

    def _live(self, subject: str, now: float) -> list[Family]:
        return [
            family
            for family in self._of(subject)
            if family.standing_at(now) is Standing.LIVE
        ]

    def _of(self, subject: str) -> list[Family]:
        families = [self._families[one] for one in self._subjects.get(subject, ())]
        return sorted(families, key=age)

    def _end(self, families: Iterable[Family], now: float) -> tuple[Revocation, ...]:
        going_on = [
            family
            for family in families
            if family.revoked_at is None and not _is_past(family.keep_until, now)
        ]
        endings = tuple(map(ending_of, going_on))
        for family, ending in zip(going_on, endings, strict=True):
            self._put(family.ended_at(now))
            self._feed.append(ending)
        return endings

    def _put(self, family: Family) -> None:
        self._families[family.family_id] = family
        self._subjects.setdefault(family.subject, set()).add(family.family_id)

    def _forget(self, family_id: str) -> None:
        subject = self._families.pop(family_id).subject
        self._subjects[subject].discard(family_id)
        if not self._subjects[subject]:
            del self._subjects[subject]


def from_url(url: str) -> MemoryStore:
    """
    The store of ``memory://``.

    Raises:
        ConfigurationError: Something follows, as if it could be shared.
    """
    if url != "memory://":
        raise ConfigurationError("JWT_STORE_URL: nothing can follow memory://")
    return MemoryStore()


class _Feed:
    """The revocations in their order; a position is this feed's name and a number."""

    def __init__(self) -> None:
        self._name = uuid.uuid4().hex
        self._begun_at: float | None = None
        self._last = 0
        self._entries: dict[int, Revocation] = {}
        self._news = asyncio.Event()

    def begin(self, now: float) -> None:
        if self._begun_at is None:
            self._begun_at = now

    def append(self, revocation: Revocation) -> None:
        self._last += 1
        self._entries[self._last] = revocation
        self._news.set()
        self._news = asyncio.Event()

    async def read(self, after: str | None, *, limit: int, wait_s: float) -> Changes:
        last = 0 if after is None else self._number(after)
        if last == self._last and wait_s > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
        newer = [number for number in self._entries if number > last]
        given = newer[:limit]
        is_complete = len(given) == len(newer)
        reached = self._last if is_complete else given[-1]
        return Changes(
            tuple(self._entries[number] for number in given),
            f"{self._name}-{reached}",
            is_complete,
            self._begun_at or 0,
        )

    def drop_ended(self, now: float) -> None:
        self._entries = {
            number: one
            for number, one in self._entries.items()
            if not _is_past(one.until, now)
        }

    def _number(self, position: str) -> int:
        name, _, number = position.partition("-")
        if name != self._name:
            raise FeedGapError("The position is of another feed")
        return int(number)


def _is_before(epoch: int | None, other: int) -> bool:
    return epoch is None or epoch < other


def _is_past(end: float | None, now: float) -> bool:
    return end is not None and end <= now
