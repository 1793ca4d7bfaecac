"""
Refresh rotation: what a presented refresh token means for its family.

A *family* is one sign-in and all tokens that descend from it (RFC 9700 §4.14.2).
Each refresh token is good for one rotation. The rule is the table ``TRANSITIONS``,
from which the diagram in ``docs/api/sessions.md`` is drawn; ``rotate`` applies it.
Pure: a store reads a family, applies the rule, and writes, all in one atomic step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from enum import Enum
from types import MappingProxyType
from typing import TypeVar

End = TypeVar("End", int, float)

MAX_GRACE_S = 60
"""A longer grace would be a second life; AWS Cognito draws the same line."""


class Outcome(Enum):
    """What came of presenting a refresh token."""

    ROTATED = "rotated"
    """It was the current one: its successor is current now."""
    SAME_SUCCESSOR = "same successor"
    """It was rotated a moment ago, and the answer may be lost: the same again."""
    REUSE = "reuse"
    """It was used up: two hold what one was given, so the family ends."""
    GONE = "gone"
    """Its family has ended, has expired, or was never there."""


class Standing(Enum):
    """Whether a family can still go on."""

    LIVE = "live"
    OVER = "over"


class Position(Enum):
    """Where in its family a presented refresh token stands."""

    CURRENT = "the current token"
    PREDECESSOR = "its predecessor, within the grace"
    LATE_PREDECESSOR = "its predecessor, after the grace"
    ANCESTOR = "any other"


@dataclass(frozen=True, slots=True)
class Transition:
    """
    One row of the table.

    Attributes:
        outcome: The result for the client.
        then: The standing of the family from then on.
    """

    outcome: Outcome
    then: Standing


TRANSITIONS: Mapping[tuple[Standing, Position], Transition] = MappingProxyType(
    {
        (Standing.LIVE, Position.CURRENT): Transition(Outcome.ROTATED, Standing.LIVE),
        (Standing.LIVE, Position.PREDECESSOR): Transition(
            Outcome.SAME_SUCCESSOR, Standing.LIVE
        ),
        (Standing.LIVE, Position.LATE_PREDECESSOR): Transition(
            Outcome.REUSE, Standing.OVER
        ),
        (Standing.LIVE, Position.ANCESTOR): Transition(Outcome.REUSE, Standing.OVER),
        **{
            (Standing.OVER, position): Transition(Outcome.GONE, Standing.OVER)
            for position in Position
        },
    }
)
"""Every standing and position, and what follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """
    What makes a token this one: with it, the same token can be made again.

    Attributes:
        jti: Its identifier (RFC 7519 §4.1.7).
        iat: When it was issued, in epoch seconds.
        exp: When it expires, in epoch seconds; None for never.
        csrf: Its double-submit value; None without one.
    """

    jti: str
    iat: int
    exp: int | None
    csrf: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """
    One session on the server: a sign-in and what became of it. No token text.

    All times are epoch seconds.

    Attributes:
        family_id: The ``sid`` claim of every token of the family.
        subject: Whom its tokens speak for.
        current: The refresh token that the next rotation has to present.
        previous_jti: The one before it; None before the first rotation.
        rotated_at: When that one was first rotated away; never moved by a replay.
        created_at: When the sign-in happened.
        refreshed_at: When a rotation last succeeded; at first, the sign-in.
        absolute_exp: When the family ends however often it is refreshed; None for
            never. No token of the family lives longer.
        keep_until: Until when the family has to be remembered, because a token of
            it could be accepted; None for ever.
        access_until: Until when an access token of it could be accepted; None if
            only ``keep_until`` limits that.
        revoked_at: When it was ended; None while it was not.
        epoch: A number of the app's, of its subject at the sign-in; it grows when the
            subject is to be signed out everywhere. None without one.
        user_agent: The ``User-Agent`` of the sign-in, if the app records it.
        address: The peer's address, if the app records it.
    """

    family_id: str
    subject: str
    current: Stamp
    previous_jti: str | None = None
    rotated_at: float | None = None
    created_at: float
    refreshed_at: float
    absolute_exp: int | None = None
    keep_until: float | None = None
    access_until: float | None = None
    revoked_at: float | None = None
    epoch: int | None = None
    user_agent: str | None = None
    address: str | None = None

    def standing_at(self, now: float) -> Standing:
        """Whether it can still go on: it was not ended, and has not expired."""
        exp = self.current.exp
        over = self.revoked_at is not None or (exp is not None and exp <= now)
        return Standing.OVER if over else Standing.LIVE

    def position_of(self, jti: str, *, grace_s: float, now: float) -> Position:
        """
        Where a refresh token stands; only the immediate predecessor has a grace.

        Args:
            jti: The presented token's identifier.
            grace_s: Seconds from its first rotation; 0 for none at all.
            now: The time, in epoch seconds.
        """
        if jti == self.current.jti:
            return Position.CURRENT
        if jti != self.previous_jti or self.rotated_at is None:
            return Position.ANCESTOR
        # A clock that was set back does not reopen the grace period, nor prolong it.
        in_grace = abs(now - self.rotated_at) < grace_s
        return Position.PREDECESSOR if in_grace else Position.LATE_PREDECESSOR

    def ended_at(self, now: float) -> "Family":
        """The family after it was ended; the first end counts."""
        return self if self.revoked_at is not None else replace(self, revoked_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """
    A refresh token whose signature and claims were good, as far as a store asks.

    Attributes:
        jti: Its identifier.
        family_id: Its ``sid``.
        subject: Whom it speaks for.
    """

    jti: str
    family_id: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """
    The refresh token that is to follow, as the caller proposes it.

    Attributes:
        stamp: What makes it this token; its ``exp`` is cut to the family's end.
        keep_until: Until when the store has to remember the family because of it,
            in epoch seconds; None for ever.
        access_until: Until when an access token that is made with it, now or within
            the grace, could be accepted; None if only ``keep_until`` limits that.
    """

    stamp: Stamp
    keep_until: float | None
    access_until: float | None = None


@dataclass(frozen=True, slots=True)
class Rotation:
    """
    What a rotation came to.

    Attributes:
        outcome: One of four.
        family: The family from then on, its ``current`` the token to hand out if
            the outcome is ROTATED or SAME_SUCCESSOR; None if there is none.
    """

    outcome: Outcome
    family: Family | None


def rotate(
    family: Family | None,
    presented: Presented,
    successor: Successor,
    *,
    grace_s: float,
    now: float,
) -> Rotation:
    """
    Apply the table: what a store writes is the family that comes back.

    Args:
        family: The family of that id; None if the store knows none.
        presented: The refresh token that came.
        successor: The one that follows if the outcome is ROTATED.
        grace_s: Seconds in which a predecessor gets the same successor.
        now: The time, in epoch seconds.

    Returns:
        The outcome, and the family; the very same object if nothing changes.
    """
    if family is None or family.subject != presented.subject:
        return Rotation(Outcome.GONE, None)
    position = family.position_of(presented.jti, grace_s=grace_s, now=now)
    outcome = TRANSITIONS[family.standing_at(now), position].outcome
    if outcome is Outcome.ROTATED:
        return Rotation(outcome, _succeeded(family, successor, now))
    if outcome is Outcome.REUSE:
        return Rotation(outcome, family.ended_at(now))
    return Rotation(outcome, family)


def _succeeded(family: Family, successor: Successor, now: float) -> Family:
    stamp = successor.stamp
    return replace(
        family,
        current=replace(stamp, exp=earlier(stamp.exp, family.absolute_exp)),
        previous_jti=family.current.jti,
        rotated_at=now,
        refreshed_at=now,
        keep_until=later(family.keep_until, successor.keep_until),
        access_until=later(family.access_until, successor.access_until),
    )


def earlier(one: End | None, other: End | None) -> End | None:
    """The earlier of two ends; None is never."""
    ends = [end for end in (one, other) if end is not None]
    return min(ends, default=None)


def later(one: float | None, other: float | None) -> float | None:
    """The later of two ends; None is never."""
    return None if one is None or other is None else max(one, other)
