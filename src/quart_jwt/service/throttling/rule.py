"""
The throttling rule, pure: records and an attempt in, changed records and a verdict out.

An account that is under attack stays open to its owner in the places where the owner
has signed in before: such a place is counted by itself, and attempts from elsewhere do
not use it up.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from enum import StrEnum
from typing import Literal

from quart_jwt.service.throttling.waits import attempted
from quart_jwt.service.throttling.waits import Count
from quart_jwt.service.throttling.waits import HOUR_MS
from quart_jwt.service.throttling.waits import NO_ATTEMPTS
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import Waits

MAX_PLACES = 16
"""Of one account; the one that was used longest ago goes first."""
PLACE_KNOWN_MS = 90 * 24 * HOUR_MS
"""Three times the longest session by default: a place that is used monthly stays."""

MAX_COUNTS = 50_000
"""
Records in each pool, some 10 MB together; those that expire first go first.

A flood of new names pushes out new names, never an account that has begun to wait.
"""

Pool = Literal["address", "free", "waiting"]
"""What a record is bounded with: addresses; accounts that may try, and that wait."""


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

    @property
    def keys(self) -> tuple[str, ...]:
        """The records that this visit concerns."""
        return tuple(key for key in (self.address, self.account) if key is not None)


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
class ThrottleLimits:
    """
    The limits that the rule applies.

    Attributes:
        waits: Of an account, and of an account in a known place.
        rate: Of an address.
        max_counts: How many records there may be in each pool.
    """

    waits: Waits
    rate: Rate
    max_counts: int = MAX_COUNTS


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where an account has signed in before.

    Attributes:
        known_until_ms: Until when it counts by itself.
        count: The attempts from there.
    """

    known_until_ms: int
    count: Count = NO_ATTEMPTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    What is stored of one address or account.

    Attributes:
        pool: What bounds it; None for an account with known places, because as many
            of those exist as users have signed in.
        expires_at_ms: When it expires: from then on it has no effect.
        count: The attempts.
        places: The known places of an account.
    """

    pool: Pool | None = "free"
    expires_at_ms: int = 0
    count: Count = NO_ATTEMPTS
    places: dict[str, Place] = field(default_factory=dict)


Records = Mapping[str, Record]
Verdict = tuple[Records, Refused | None]
Step = Callable[[Visit, Records, ThrottleLimits, int], Verdict]


def admit(
    visit: Visit, records: Records, limits: ThrottleLimits, now_ms: int
) -> Verdict:
    """
    Count an attempt, or refuse it.

    First the address, then the account: in a known place that place of it. What
    is refused by the account has counted for the address.
    """
    changed: dict[str, Record] = {}
    if visit.address is not None:
        count = _of(records, visit.address).count
        count, wait_ms = attempted(limits.rate, count, now_ms)
        changed[visit.address] = _address(count)
        if wait_ms:
            return changed, Refused(Counted.ADDRESS, wait_ms)
    if visit.account is not None:
        record = _of(records, visit.account)
        count = _counted(visit, record, now_ms)
        count, wait_ms = attempted(limits.waits, count, now_ms)
        changed[visit.account] = _account(visit, record, count, limits.waits, now_ms)
        if wait_ms:
            return changed, Refused(Counted.ACCOUNT, wait_ms)
    return changed, None


def succeed(
    visit: Visit, records: Records, limits: ThrottleLimits, now_ms: int
) -> Verdict:
    """
    Uncount a successful attempt, and the failures before it.

    The address gets its one back. The failures of the account, or of the known
    place, are forgotten; a new place is known from now on.
    """
    changed = _given_back_to_address(visit, records, limits, now_ms)
    if visit.account is not None:
        record = _of(records, visit.account)
        record = _account(visit, record, NO_ATTEMPTS, limits.waits, now_ms)
        if visit.place is not None:
            places = {**record.places, visit.place: Place(now_ms + PLACE_KNOWN_MS)}
            newest = sorted(places, key=lambda one: places[one].known_until_ms)
            places = {one: places[one] for one in newest[-MAX_PLACES:]}
            record = _kept(record.count, places, limits.waits)
        changed[visit.account] = record
    return changed, None


def give_back(
    visit: Visit, records: Records, limits: ThrottleLimits, now_ms: int
) -> Verdict:
    """
    Uncount an attempt without a result, and nothing else.

    The address and the account, or the known place, get their one back. The
    failures before it stay, and no place becomes known.
    """
    changed = _given_back_to_address(visit, records, limits, now_ms)
    if visit.account is not None:
        record = _of(records, visit.account)
        count = _counted(visit, record, now_ms)
        if limits.waits.forgotten_at_ms(count) > now_ms:
            count = limits.waits.given_back(count, now_ms)
            changed[visit.account] = _account(
                visit, record, count, limits.waits, now_ms
            )
    return changed, None


def _of(records: Records, key: str) -> Record:
    return records.get(key) or Record()


def _given_back_to_address(
    visit: Visit, records: Records, limits: ThrottleLimits, now_ms: int
) -> dict[str, Record]:
    count = _of(records, visit.address).count if visit.address else NO_ATTEMPTS
    if visit.address is None or not count.attempts:
        return {}
    return {visit.address: _address(limits.rate.given_back(count, now_ms))}


def _is_known(visit: Visit, record: Record, now_ms: int) -> bool:
    place = record.places.get(visit.place or "")
    return place is not None and place.known_until_ms > now_ms


def _counted(visit: Visit, record: Record, now_ms: int) -> Count:
    """The count of the known place, or of the account."""
    is_known = _is_known(visit, record, now_ms)
    return record.places[visit.place or ""].count if is_known else record.count


def _address(count: Count) -> Record:
    return Record(pool="address", expires_at_ms=count.open_at_ms, count=count)


def _account(
    visit: Visit, record: Record, count: Count, waits: Waits, now_ms: int
) -> Record:
    """The record of an account with another count for the visit."""
    places = {
        name: place
        for name, place in record.places.items()
        if place.known_until_ms > now_ms
    }
    if not _is_known(visit, record, now_ms):
        return _kept(count, places, waits)
    name = visit.place or ""
    places[name] = replace(places[name], count=count)
    return _kept(record.count, places, waits)


def _kept(count: Count, places: dict[str, Place], waits: Waits) -> Record:
    pool: Pool = "free" if count.attempts < waits.free else "waiting"
    known_until_ms = [place.known_until_ms for place in places.values()]
    return Record(
        pool=None if places else pool,
        expires_at_ms=max(waits.forgotten_at_ms(count), *known_until_ms, 0),
        count=count,
        places=places,
    )
