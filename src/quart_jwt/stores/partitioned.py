"""
A store in parts: each subject's sessions and revocations are in one of several stores.

Every verb that knows the subject goes to one part, where it is one atomic step. The
parts know nothing of each other, so that a part that fails affects its own subjects
only. Without a subject, a verb goes to all parts.

The number of parts and their order must never change: a session in another part than
its subject's is unknown, and its tokens are refused.
"""

import asyncio
import json
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Sequence
from math import inf
from typing import TypeVar
from zlib import crc32

from quart_jwt.exceptions import FeedGapError
from quart_jwt.stores.base import Changes
from quart_jwt.stores.base import Limit
from quart_jwt.stores.base import Store
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import Presented
from quart_jwt.tokens.rotation import Rotation
from quart_jwt.tokens.rotation import Successor

T = TypeVar("T")


class PartitionedStore:
    """
    Spreads subjects over stores.

    Args:
        parts: The stores, always the same number in the same order.

    Attributes:
        parts: The same.
    """

    def __init__(self, parts: Sequence[Store]) -> None:
        self.parts: Sequence[Store] = tuple(parts)

    async def open(self, *, now: float) -> None:
        """See ``stores.base.Lifecycle.open``; one part that can be used is enough."""
        _raise_unless_any(await self._all(lambda part: part.open(now=now)))

    async def close(self) -> None:
        """See ``stores.base.Lifecycle.close``."""
        await self._all(lambda part: part.close())

    async def ping(self) -> None:
        """See ``stores.base.Lifecycle.ping``; one part that answers is enough."""
        _raise_unless_any(await self._all(lambda part: part.ping()))

    async def try_writing(self) -> None:
        """See ``stores.base.Lifecycle.try_writing``; one part that can is enough."""
        _raise_unless_any(await self._all(lambda part: part.try_writing()))

    async def start(
        self, family: Family, *, limit: Limit | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.start``."""
        return await self._of(family.subject).start(family, limit=limit, now=now)

    async def rotate(
        self, presented: Presented, successor: Successor, *, grace_s: float, now: float
    ) -> Rotation:
        """See ``stores.base.Families.rotate``."""
        part = self._of(presented.subject)
        return await part.rotate(presented, successor, grace_s=grace_s, now=now)

    async def end(
        self, family_id: str, *, subject: str | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.end``; without a subject, asks every part."""
        if subject is not None:
            return await self._of(subject).end(family_id, subject=subject, now=now)
        answers = await self._all(
            lambda part: part.end(family_id, subject=None, now=now)
        )
        for answer in answers:
            if not isinstance(answer, BaseException) and answer:
                return answer
        _raise_first(answers)  # it may be in a part that did not answer
        return ()

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
        return await self._of(subject).end_all(
            subject,
            spare=spare,
            started_by=started_by,
            before_epoch=before_epoch,
            now=now,
        )

    async def live(self, subject: str, *, now: float) -> Sequence[Family]:
        """See ``stores.base.Families.live``."""
        return await self._of(subject).live(subject, now=now)

    async def revoke(self, revocation: Revocation, *, now: float) -> bool:
        """
        See ``stores.base.RevokedTokens.revoke``. A token whose subject is not known is
        revoked in every part. If that fails, it may be revoked in some: call it again.
        """
        if revocation.scope is not Scope.TOKEN:
            return await self._of(revocation.name).revoke(revocation, now=now)
        if revocation.subject is not None:
            return await self._of(revocation.subject).revoke(revocation, now=now)
        # One part decides which of several calls is the first, after all others.
        first, *others = self.parts
        calls = (part.revoke(revocation, now=now) for part in others)
        _raise_first(await asyncio.gather(*calls, return_exceptions=True))
        return await first.revoke(revocation, now=now)

    async def is_revoked(self, token: TokenRef, *, now: float) -> bool:
        """
        See ``stores.base.RevokedTokens.is_revoked``. A session without a subject
        cannot be found, so such a token is revoked.
        """
        if token.subject is None and token.family_id is not None:
            return True
        return await self._of(token.subject).is_revoked(token, now=now)

    async def changes(
        self, after: str | None, *, limit: int, wait_s: float, now: float
    ) -> Changes:
        """
        See ``stores.base.RevokedTokens.changes``. Only revocations of one part are in
        order. A process that serves reads the feed of each part instead.
        """
        positions = self._positions(after)
        found = await self._page(positions, limit=limit, now=now)
        if found.revocations or wait_s <= 0:
            return found
        ends = zip(self.parts, self._positions(found.position), strict=True)
        waiting = [
            asyncio.ensure_future(part.changes(end, limit=1, wait_s=wait_s, now=now))
            for part, end in ends
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return await self._page(self._positions(found.position), limit=limit, now=now)

    async def purge(self, *, limit: int, now: float) -> int:
        """See ``stores.base.RevokedTokens.purge``."""
        left = limit
        for part in self.parts:
            left -= await part.purge(limit=left, now=now)
            if left <= 0:
                break
        return limit - left

    def number_of(self, subject: str | None) -> int:
        """The index of the part that holds a subject."""
        # Any string is possible, also one that no store would take.
        name = (subject or "").encode("utf-8", "surrogatepass")
        return crc32(name) % len(self.parts)

    def _of(self, subject: str | None) -> Store:
        return self.parts[self.number_of(subject)]

    async def _all(
        self, call: Callable[[Store], Awaitable[T]]
    ) -> "list[T | BaseException]":
        """Make a call to every part at once; gives answers and errors, in order."""
        calls = (call(part) for part in self.parts)
        return await asyncio.gather(*calls, return_exceptions=True)

    async def _page(
        self, positions: "list[str | None]", *, limit: int, now: float
    ) -> Changes:
        """Read one part after the other, until there are enough revocations."""
        found: list[Revocation] = []
        begun_at, is_complete = -inf, True
        for number, part in enumerate(self.parts):
            left = limit - len(found)
            if left <= 0:
                is_complete = False
                break
            changes = await part.changes(
                positions[number], limit=left, wait_s=0, now=now
            )
            positions[number] = changes.position
            found += changes.revocations
            begun_at = max(begun_at, changes.begun_at)
            is_complete = is_complete and changes.is_complete
        # What concerns a token of an unknown subject is in every feed.
        return Changes(
            tuple(dict.fromkeys(found)), json.dumps(positions), is_complete, begun_at
        )

    def _positions(self, position: str | None) -> "list[str | None]":
        """The position in each part's feed; None where it is not read yet."""
        if position is None:
            return [None] * len(self.parts)
        try:
            positions = json.loads(position)
        except ValueError:
            positions = None
        if not isinstance(positions, list) or len(positions) != len(self.parts):
            raise FeedGapError("The position is of another feed")
        return positions


def _raise_first(answers: Sequence[object]) -> None:
    """Raise the first error among the answers, if there is one."""
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer


def _raise_unless_any(answers: Sequence[object]) -> None:
    """Raise the first error if there is no answer without one."""
    if all(isinstance(answer, BaseException) for answer in answers):
        _raise_first(answers)
