"""
The contract of the counters: three verbs, each one atomic step.

An attempt is counted *before* the password is looked at, or a hundred guesses that come
at once would all be let through. A right one is told of afterwards, and so is one that
met an outage: nothing was guessed with it.

An account that is under attack stays open to its owner in the places where the owner
has signed in before: such a place is counted by itself, and nobody elsewhere can use it
up.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from quart_jwt.service.throttling.waits import HOUR_MS
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import Waits

MAX_PLACES = 16
"""Of one account; the one that was used longest ago goes first."""
PLACE_KNOWN_MS = 90 * 24 * HOUR_MS
"""Three times the longest session by default: who comes monthly stays known."""

MAX_COUNTS = 50_000
"""
In each pool, some 10 MB together; the one that would be forgotten first goes first.

A flood of new names pushes out new names, never an account that has begun to wait.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """
    Who tries, in digests; None for what is not counted.

    Attributes:
        address: The address, for its rate.
        account: The account that is tried.
        place: The address as a place of that account.
    """

    address: str | None
    account: str | None = None
    place: str | None = None


class Counted(StrEnum):
    """What has been tried too often; the value is the reason of the event."""

    ADDRESS = "address"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Refused:
    """
    An attempt that comes too early.

    Attributes:
        by: What has been tried too often.
        wait_ms: When the next attempt makes sense, in milliseconds from now; 1 or more.
    """

    by: Counted
    wait_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    What the counters go by.

    Attributes:
        waits: Of an account, and of an account in a known place.
        rate: Of an address.
        max_counts: How many counts there may be in each pool.
    """

    waits: Waits
    rate: Rate
    max_counts: int = MAX_COUNTS


class Attempts(Protocol):
    """Counters that all processes share."""

    async def admit(self, visit: Visit, *, now_ms: int) -> Refused | None:
        """
        Count an attempt, or say what has been tried too often.

        First the address, then the account: in a known place that place of it. What
        is refused by the account has counted for the address.

        Raises:
            StoreError: The counters cannot be reached.
        """

    async def succeed(self, visit: Visit, *, now_ms: int) -> None:
        """
        Take back an attempt that was right, and the failures before it.

        The address gets its one back. The failures of the account, or of the known
        place, are forgotten; a new place is known from now on.

        Raises:
            StoreError: The counters cannot be reached.
        """

    async def give_back(self, visit: Visit, *, now_ms: int) -> None:
        """
        Take back an attempt that came to no answer, and nothing else.

        The address and the account, or the known place, get their one back. The
        failures before it stay, and no place becomes known.

        Raises:
            StoreError: The counters cannot be reached.
        """

    async def close(self) -> None:
        """Let go of connections."""
