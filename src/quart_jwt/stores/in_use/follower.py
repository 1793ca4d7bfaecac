"""
Following a store's feed: the revocations of everybody, known in this process.

What is known answers most questions without a round trip. It is stale by at most a
stated bound; when it is older, incomplete or too much, the follower says that it
does not know, and whoever asks has to ask the store.
"""

import asyncio
import logging
from collections.abc import Callable
from math import inf

from quart_jwt.exceptions import FeedGapError
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.base import Changes
from quart_jwt.stores.base import RevokedTokens
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

OVERFLOW_PAUSE_S = 60.0
"""How long the store is asked each time before the feed is tried again."""

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
        self._revoked = Revocations(max_entries)
        self.watchers: Watchers = Watchers()
        self._position: str | None = None
        self._current_at = -inf
        self._begun_at = inf
        self._readings = 0
        self._is_full = False

    def take(self, revocations: tuple[Revocation, ...]) -> None:
        """Learn at once what this process has just revoked, and tell who watches it."""
        self.watchers.tell(revocations)
        self._is_full = not all(map(self._revoked.add, revocations))
        if self._is_full:
            _logger.warning(
                "More than %d revocations: the session store is asked about each token",
                len(self._revoked),
            )
            self._forget()

    def refuses(self, token: TokenRef) -> bool:
        """Whether a token is known to be revoked, which nothing takes back."""
        return self._revoked.refuses(token)

    def can_tell(self, token: TokenRef) -> bool:
        """
        Whether what is not known to be revoked, is not.

        A token that is older than the store's data is the store's to judge: it may
        have lost the family, and then the token has to be refused.
        """
        is_older = token.family_id is not None and token.issued_at <= self._begun_at
        return not is_older and (
            self._monotonic() - self._current_at <= self._bound_s()
        )

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
        asked_at, begun = self._monotonic(), self._readings
        wait_s = self._bound_s() / READS_PER_BOUND if self._current_at > -inf else 0
        try:
            changes = await self._store.changes(
                self._position, limit=PAGE, wait_s=wait_s, now=self._clock()
            )
        except FeedGapError:
            _logger.warning("The session store's feed has a gap: read from its start")
            self._forget()
            return 0
        if begun == self._readings:
            self._learn(changes, asked_at)
        if self._is_full:
            return OVERFLOW_PAUSE_S
        waited_s = self._monotonic() - asked_at
        return 0 if changes.revocations else max(0, wait_s - waited_s)

    def _learn(self, changes: Changes, asked_at: float) -> None:
        self._revoked.drop_ended(self._clock() - KEEP_MARGIN_S)
        self.take(changes.revocations)
        if self._is_full:
            return
        self._position, self._begun_at = changes.position, changes.begun_at
        if changes.is_complete:
            # Not when the answer came: it may have been on its way for long.
            self._current_at = asked_at

    def _forget(self) -> None:
        # An answer that is under way belongs to the reading before.
        self._readings += 1
        self._revoked.clear()
        self._position, self._current_at, self._begun_at = None, -inf, inf
