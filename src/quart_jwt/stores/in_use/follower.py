"""
Following a store's feed: the revocations of everybody, known in this process.

What is known answers most questions without a round trip. It is stale by at most a
stated bound; when it is older, incomplete or too much, the follower says that it
does not know, and the store has to be asked (``answers``).
"""

import asyncio
import logging
from collections.abc import Callable
from math import inf

from quart_jwt.exceptions import FeedGapError
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.base import Changes
from quart_jwt.stores.base import RevokedTokens
from quart_jwt.stores.in_use.known_good import KnownGood
from quart_jwt.stores.in_use.watchers import Watchers
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Revocations
from quart_jwt.tokens.revocation import TokenRef

PAGE = 1_000
"""Revocations per read."""

READS_PER_BOUND = 4
"""A reader waits a quarter of the bound for news: two waits and the way there and
back still keep it.
"""

KEEP_MARGIN_S = 60
"""Revocations are kept longer than the tokens, for clocks that are put back."""

PURGE_MARGIN_S = 2 * 60 * 60
"""
Revocations stay in the store for longer, so that followers can read them again after a
clock was set back: by an hour if local time was mistaken for UTC.
"""

STEP_BACK_S = 1.0
"""A clock that is set back by less is slewed, and the margins cover it."""

LAPSE_S = KEEP_MARGIN_S / 2
"""A longer pause between two readings may hide an entry that was purged meanwhile."""

OVERFLOW_PAUSE_S = 60.0
"""
How long each check asks the store before the feed is read from its start again. New
entries are still read meanwhile, because watchers need them.
"""

_logger = logging.getLogger("quart_jwt")


class Follower:
    """
    Knows the revocations of a store, within a bound.

    Args:
        store: Whose feed to follow.
        clock: Gives the time in epoch seconds.
        monotonic: Gives seconds that only go forward.
        bound_s: Gives the most seconds by which the answer may be stale.
        max_entries: The most revocations to hold.

    Attributes:
        watchers: Who is to be told.
        reading: Which reading of the feed this is; another one begins after a gap.
    """

    def __init__(
        self,
        store: RevokedTokens,
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        bound_s: Callable[[], float],
        max_entries: int,
    ) -> None:
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._bound_s = bound_s
        self._max_entries = max_entries
        self._revoked = Revocations(max_entries)
        self.watchers: Watchers = Watchers()
        self._good = KnownGood()
        self._position: str | None = None
        self._current_at = -inf
        self._learnt_at = -inf
        self._begun_at = inf
        self._full_at: float | None = None
        self.reading: int = 0

    def take(self, revocations: tuple[Revocation, ...]) -> None:
        """Learn at once what this process has just revoked, and tell who watches it."""
        followed = [one.as_followed() for one in revocations]
        self.watchers.tell(followed)
        for one in followed:
            self._good.drop(one)
        if self._full_at is None and not all(map(self._revoked.add, followed)):
            _logger.warning(
                "More than %d revocations: the session store is asked about each token",
                len(self._revoked),
            )
            self._forget()
            self._full_at = self._monotonic()

    def refuses(self, token: TokenRef) -> bool:
        """Whether a token is known to be revoked, which is final."""
        return self._revoked.refuses(token)

    def vouches_for(self, token: TokenRef) -> bool:
        """
        Whether a token is known not to be revoked. Safe in any thread: the set is held
        before it is asked whether it is complete, and ``_forget`` goes the other way.
        """
        revoked = self._revoked
        return self.can_tell(token) and not revoked.refuses(token)

    def can_tell(self, token: TokenRef) -> bool:
        """Whether what is not known to be revoked, is not: within the bound."""
        fresh = self._monotonic() - self._current_at <= self._bound_s()
        return fresh and self.knows(token)

    def knows(self, token: TokenRef) -> bool:
        """
        Whether the feed, as far as it was read, says everything about a token.

        A token that is older than the store's data is the store's to judge, because it
        may have lost the family, and so is one that outlives what the feed remembers.
        The store is asked about them once (``remember``).
        """
        is_older = token.family_id is not None and token.issued_at <= self._begun_at
        return not (is_older or token.outlives_feed) or token in self._good

    def remember(self, token: TokenRef, reading: int) -> None:
        """
        Remember that the store found a token good, unless the feed always tells.

        Args:
            token: The token.
            reading: What ``reading`` was before the store was asked; if the feed was
                restarted since, a revocation may have been missed.
        """
        if reading == self.reading and not self.knows(token):
            self._good.add(token)

    @property
    def is_late(self) -> bool:
        """Whether it has been current, and is not within the bound any more."""
        return -inf < self._current_at < self._monotonic() - self._bound_s()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                pause_s = await self.step()
            except StoreError:
                pause_s = self._bound_s() / READS_PER_BOUND
            await asyncio.sleep(pause_s)

    async def step(self) -> float:
        """
        Read the feed once.

        Returns:
            Seconds to wait before the next time.

        Raises:
            StoreError: The store cannot tell now.
        """
        asked_at, full_at = self._monotonic(), self._full_at
        if full_at is not None and asked_at - full_at >= OVERFLOW_PAUSE_S:
            self._begin_anew()
        waits = self._current_at > -inf or self._full_at is not None
        wait_s = self._bound_s() / READS_PER_BOUND if waits else 0
        changes = await self._read(wait_s)
        if changes is None or changes.revocations:
            return 0
        return max(0, wait_s - (self._monotonic() - asked_at))

    async def catch_up(self) -> bool:
        """
        Read the feed now, for requests that wait for it; never raises.

        Returns:
            Whether everything was read: what ``knows`` says then is as of this call.
        """
        reading = self.reading
        try:
            changes = await self._read(0)
        except StoreError:
            return False
        return changes is not None and changes.is_complete and reading == self.reading

    async def _read(self, wait_s: float) -> Changes | None:
        """Read a page of the feed; None if it must be read from its start."""
        asked_at, reading = self._monotonic(), self.reading
        try:
            changes = await self._store.changes(
                self._position, limit=PAGE, wait_s=wait_s, now=self._clock()
            )
        except FeedGapError:
            _logger.warning("The session store's feed has a gap: read from its start")
            self._begin_anew()
            return None
        if reading == self.reading:
            self._learn(changes, asked_at)
        return changes

    def _learn(self, changes: Changes, asked_at: float) -> None:
        now = self._clock()
        if now < self._learnt_at - STEP_BACK_S:
            # What was forgotten as over may be in force again.
            _logger.warning("The clock was set back: the feed is read from its start")
            self._begin_anew()
            self._learnt_at = now
            return
        self._revoked.drop_ended(now - KEEP_MARGIN_S)
        # By the clock on the wall, which goes on while the machine is suspended.
        if abs(now - self._learnt_at) > LAPSE_S:
            self._good.clear()
        self._learnt_at = now
        self.take(changes.revocations)
        self._position = changes.position
        if self._full_at is not None:
            return
        self._begun_at = changes.begun_at
        if changes.is_complete:
            # Not when the answer came: it may have been on its way for long.
            self._current_at = max(self._current_at, asked_at)

    def _begin_anew(self) -> None:
        self._forget()
        self._position = self._full_at = None

    def _forget(self) -> None:
        # An answer that is under way belongs to the reading before.
        # First nothing can be told, then another set: threads ask without a lock.
        self.reading += 1
        self._current_at, self._begun_at = -inf, inf
        self._revoked = Revocations(self._max_entries)
        self._good.clear()
