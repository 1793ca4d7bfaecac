"""
The contract of a store. ``tests/stores/`` holds every store to it.

Rules for all verbs:

* **One atomic step.** Whatever runs at the same time, in this process or another,
  comes wholly before or wholly after. There is no verb to read something that is
  then written back.
* **All or nothing.** A verb that is cancelled or fails has happened wholly or not
  at all. If it happened and the answer was lost, calling it again is harmless.
* **Time is passed in** as ``now``, epoch seconds; a store reads no clock. Callers'
  clocks may differ, and ``now`` may be less than it was.
* **Whatever ends enters the feed** in the same step, as ``Revocation.as_followed``
  gives it, and is kept there until its ``until`` has passed, not longer than a purge
  after that.
* **Errors.** A store that cannot do it now raises ``StoreError``, and translates
  its driver's errors to it. No message carries what was stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import earlier
from quart_jwt.tokens.rotation import Family
from quart_jwt.tokens.rotation import Presented
from quart_jwt.tokens.rotation import Rotation
from quart_jwt.tokens.rotation import Successor


class AtLimit(Enum):
    """What happens to a sign-in that would be one session too many."""

    END_OLDEST = "end_oldest"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Limit:
    """
    How many live sessions a subject may have.

    Attributes:
        sessions: The most, the new one included; at least 1.
        at_limit: What happens beyond.
    """

    sessions: int
    at_limit: AtLimit


@dataclass(frozen=True, slots=True)
class Changes:
    """
    What the feed says after a position.

    Attributes:
        revocations: Those of one subject in the order in which they were made; one may
            come twice.
        position: Where to go on.
        is_complete: Whether this was everything, as of some moment not before the
            call; False if there is more to fetch at once.
        begun_at: Since when the store has had its data without a loss: the ``now``
            of the first ``open`` or ``changes`` that found it new or empty, in epoch
            seconds. What happened before it cannot know.
    """

    revocations: tuple[Revocation, ...]
    position: str
    is_complete: bool
    begun_at: float


class Lifecycle(Protocol):
    """A store lives as long as the application that serves."""

    async def open(self, *, now: float) -> None:
        """
        Connect, and make what is not there yet. Opening an open store, or one that
        was closed, is fine.

        Args:
            now: The time, in epoch seconds: where a new store begins.

        Raises:
            StoreError: It is away; a later call may succeed.
        """

    async def close(self) -> None:
        """Let go of connections and tasks. Closing twice is fine. Never raises
        because the other side is away.
        """

    async def ping(self) -> None:
        """
        Come back if the store answers.

        Raises:
            StoreError: It does not.
        """

    async def try_writing(self) -> None:
        """
        Come back if the store can be written to. It writes a few bytes that mean
        nothing, because a full disk and a read-only server answer every question.

        Raises:
            StoreError: It cannot.
        """


class Families(Protocol):
    """The sessions: one family for each sign-in."""

    async def start(
        self, family: Family, *, limit: Limit | None, now: float
    ) -> tuple[Revocation, ...]:
        """
        Put a new family in, within the limit of its subject.

        Only live families count (``Family.standing_at``). Under END_OLDEST those
        with the smallest ``(created_at, family_id)`` end until there is room.

        Args:
            family: The new family; its id was never used before.
            limit: How many the subject may have; None for any number.
            now: The time, in epoch seconds.

        Returns:
            The families that ended to make room.

        Raises:
            SessionLimitError: The limit is REFUSE and reached; nothing was written.
            StoreError: The store cannot do it now.
        """

    async def rotate(
        self, presented: Presented, successor: Successor, *, grace_s: float, now: float
    ) -> Rotation:
        """
        Decide about a refresh token, and write what follows: the rule is
        ``quart_jwt.tokens.rotation.rotate``, applied in one atomic step.

        Of any number of calls with one current token, exactly one is ROTATED. A
        REUSE ends the family in the same step, once; what comes later is GONE.

        Args:
            presented: The refresh token that came.
            successor: The one that follows if the outcome is ROTATED.
            grace_s: Seconds in which a predecessor gets the same successor.
            now: The time, in epoch seconds.
        """

    async def end(
        self, family_id: str, *, subject: str | None, now: float
    ) -> tuple[Revocation, ...]:
        """
        End one family; ending it again changes nothing. One that has expired is
        ended, too, as long as it is remembered: its last tokens may have a leeway.

        Args:
            family_id: The family's id.
            subject: Whose it has to be, or nothing happens; None for anybody's.
            now: The time, in epoch seconds.

        Returns:
            The family if this call ended it; empty if it was ended before, is
            another's, or is not there.
        """

    async def end_all(
        self,
        subject: str,
        *,
        spare: str | None,
        started_by: float | None,
        before_epoch: int | None = None,
        now: float,
    ) -> tuple[Revocation, ...]:
        """
        End every family of a subject, as ``end`` does. One that starts later is not
        touched, were it in the same second.

        Args:
            subject: Whose.
            spare: The id of a family that goes on; None to spare none.
            started_by: Only those with ``created_at`` at or before it; None for all.
            before_epoch: Only those that began under a smaller epoch, or without one;
                None for all. One that is ended late does not touch newer sessions.
            now: The time, in epoch seconds.

        Returns:
            The families that this call ended.
        """

    async def live(self, subject: str, *, now: float) -> Sequence[Family]:
        """The live families of a subject, by ``(created_at, family_id)``."""


class RevokedTokens(Protocol):
    """The revocations: of tokens, of families, of what a subject was issued."""

    async def revoke(self, revocation: Revocation, *, now: float) -> bool:
        """
        Revoke one token, what a subject was issued without a family, or a subject's
        access tokens.

        Returns:
            Whether it was not revoked before. Of any number of calls about one token,
            exactly one is told True: that is how a token is used once.

        Of two about the same, the later ``until`` and the later ``issued_by`` hold.
        A scope of FAMILY is ``end``'s business, and a ValueError here.
        """

    async def is_revoked(self, token: TokenRef, *, now: float) -> bool:
        """
        Whether a token is revoked, in one query.

        It was if

        * its ``jti`` was revoked, or * it has a family, and that was ended or is **not
        known** here (a store that lost its data accepts no token), or * it is no
        refresh token, and its subject's access tokens were revoked up to
          its ``iat`` or later, or
        * it has none, and its subject was revoked up to its ``iat`` or later.

        A family that has expired was not revoked: its tokens have expired, too.
        One of another subject than the token's may be unknown to a store in parts.
        """

    async def changes(
        self, after: str | None, *, limit: int, wait_s: float, now: float
    ) -> Changes:
        """
        Read the feed.

        Args:
            after: The position of the last answer; None for everything that is
                still in force.
            limit: The most revocations to give, at least 1.
            wait_s: If there is nothing new, how long to wait for something, in
                seconds; 0 not to wait. It may come back earlier with nothing.
            now: The time, in epoch seconds.

        Raises:
            FeedGapError: The position is not known any more, because the store lost
                its data or gave up old entries: begin again with None.
            StoreError: The store cannot do it now.
        """

    async def purge(self, *, limit: int, now: float) -> int:
        """
        Remove what no token could need any more: families and revocations whose
        ``until`` is at or before ``now``, with their entries in the feed.

        Args:
            limit: The most of each to remove, so that it never holds others up.
            now: The time, in epoch seconds.

        Returns:
            How many families and revocations went; less than ``limit`` means done.
        """


class Store(Lifecycle, Families, RevokedTokens, Protocol):
    """Everything that sessions need; what ``JWTManager(app, store=...)`` takes."""


def ending_of(family: Family) -> Revocation:
    """
    The revocation that the end of a family is. The feed remembers it as long as an
    access token could be accepted; a refresh token is asked for at the store.
    """
    until = earlier(family.access_until, family.keep_until)
    return Revocation(scope=Scope.FAMILY, name=family.family_id, until=until)
