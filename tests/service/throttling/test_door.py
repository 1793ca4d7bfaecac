"""The door in a flood: what the counters are asked, and who gets a place."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from clock import Clock
from quart_jwt.service.ground.errors import CredentialsError
from quart_jwt.service.ground.errors import DirectoryError
from quart_jwt.service.ground.errors import HashingBusyError
from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.ground.errors import ThrottledError
from quart_jwt.service.throttling import known_waits
from quart_jwt.service.throttling.attempts import Attempts
from quart_jwt.service.throttling.digests import Digests
from quart_jwt.service.throttling.digests import Door
from quart_jwt.service.throttling.rule import Refused
from quart_jwt.service.throttling.rule import ThrottleLimits
from quart_jwt.service.throttling.rule import Visit
from quart_jwt.service.throttling.throttle import Throttle
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import Waits
from service.throttling.counters import MemoryRecords

FREE = 2
PER_MINUTE = 9
AT_ONCE = 8
PER_ADDRESS = 2


class CountedAttempts(Attempts):
    """Counters that say how often they were asked."""

    asked = 0

    def __init__(self, limits: ThrottleLimits) -> None:
        super().__init__(MemoryRecords(), limits)

    async def admit(self, visit: Visit, *, now_ms: int) -> Refused | None:
        """Count the question, and answer it."""
        self.asked += 1
        return await super().admit(visit, now_ms=now_ms)


@pytest.fixture(name="attempts")
def _attempts() -> CountedAttempts:
    limits = ThrottleLimits(waits=Waits(free=FREE), rate=Rate(per_minute=PER_MINUTE))
    return CountedAttempts(limits)


@pytest.fixture(name="throttle")
async def _throttle(attempts: CountedAttempts, clock: Clock) -> AsyncIterator[Throttle]:
    throttle = Throttle(
        attempts, Digests(None), clock, at_once=AT_ONCE, per_address=PER_ADDRESS
    )
    yield throttle
    await throttle.close()


async def _fails(
    throttle: Throttle,
    name: str = "ada",
    address: str = "192.0.2.1",
    *,
    by: Exception | None = None,
) -> None:
    async with throttle.attempt(Door.SIGN_IN, name=name, address=address):
        raise by or CredentialsError


async def _retry_after_s(
    throttle: Throttle, name: str = "ada", address: str = "192.0.2.1"
) -> int | None:
    with pytest.raises(ThrottledError) as caught:
        await _fails(throttle, name, address)
    return caught.value.retry_after_s


async def _use_up(throttle: Throttle, *names: str, address: str = "192.0.2.1") -> None:
    for name in names:
        with pytest.raises(CredentialsError):
            await _fails(throttle, name, address)


async def test_a_flood_asks_the_counters_once_a_second(
    throttle: Throttle, attempts: CountedAttempts, clock: Clock
) -> None:
    """Of an address and of an account alike, and the wait that is told goes down."""
    await _use_up(throttle, "ada", "ada")
    asked = attempts.asked
    assert {await _retry_after_s(throttle) for _ in range(100)} == {30}
    assert attempts.asked == asked + 1
    clock.advance(0.999)
    assert await _retry_after_s(throttle) == 30
    assert attempts.asked == asked + 1
    clock.advance(0.001)
    assert await _retry_after_s(throttle) == 29
    assert attempts.asked == asked + 2

    for number in range(PER_MINUTE - FREE - 2):
        await _use_up(throttle, f"{number}")
    asked = attempts.asked
    for number in range(100):
        assert await _retry_after_s(throttle, f"other {number}") is not None
    assert attempts.asked == asked + 1
    # Nobody else is refused by that.
    await _use_up(throttle, "other 1", address="192.0.2.2")


async def test_a_known_wait_needs_no_place(throttle: Throttle) -> None:
    """Who has to wait takes none, and hears so when there is none left."""
    await _use_up(throttle, "ada", "ada")
    await _retry_after_s(throttle)
    async with AsyncExitStack() as stack:
        for number in range(AT_ONCE):
            attempt = throttle.attempt(Door.SIGN_IN, address=f"192.0.2.{10 + number}")
            await stack.enter_async_context(attempt)
        assert await _retry_after_s(throttle) == 30


async def test_a_wait_that_is_taken_back_is_not_kept(throttle: Throttle) -> None:
    """A success that was under way opens the account at once in this process."""
    async with throttle.attempt(Door.SIGN_IN, name="ada", address="192.0.2.1"):
        await _use_up(throttle, "ada")
        assert await _retry_after_s(throttle) == 30
    await _use_up(throttle, "ada")


async def test_a_wait_that_is_given_back_is_not_kept(throttle: Throttle) -> None:
    """And so does an outage that an attempt under way has met."""

    async def meeting_an_outage() -> None:
        async with throttle.attempt(Door.SIGN_IN, name="ada", address="192.0.2.1"):
            await _use_up(throttle, "ada")
            assert await _retry_after_s(throttle) == 30
            raise DirectoryError

    with pytest.raises(DirectoryError):
        await meeting_an_outage()
    await _use_up(throttle, "ada")


async def test_a_clock_that_goes_back_keeps_no_wait(
    throttle: Throttle, attempts: CountedAttempts, clock: Clock
) -> None:
    """What was heard in the future is not believed."""
    await _use_up(throttle, "ada", "ada")
    await _retry_after_s(throttle)
    asked = attempts.asked
    clock.advance(-1)
    await _retry_after_s(throttle)
    assert attempts.asked == asked + 1


async def test_what_is_remembered_is_bounded(
    throttle: Throttle, attempts: CountedAttempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest makes room, and is asked for again."""
    monkeypatch.setattr(known_waits, "MAX_KNOWN", 2)
    addresses = [f"192.0.2.{number}" for number in range(3)]
    await _use_up(throttle, "ada", "ada")
    for address in addresses:
        await _retry_after_s(throttle, address=address)
    asked = attempts.asked
    await _retry_after_s(throttle, address=addresses[2])
    await _retry_after_s(throttle, address=addresses[1])
    assert attempts.asked == asked
    await _retry_after_s(throttle, address=addresses[0])
    assert attempts.asked == asked + 1


async def test_one_address_cannot_take_all_places(throttle: Throttle) -> None:
    """It gets half of them; others get in, each with its share."""
    async with AsyncExitStack() as stack:

        async def stays(address: str) -> None:
            attempt = throttle.attempt(Door.SIGN_IN, address=address)
            await stack.enter_async_context(attempt)

        for _ in range(AT_ONCE // 2):
            await stays("192.0.2.1")
        with pytest.raises(HashingBusyError):
            await stays("192.0.2.1")
        for _ in range(PER_ADDRESS):
            await stays("192.0.2.2")
        with pytest.raises(HashingBusyError):
            await stays("192.0.2.2")
        await _use_up(throttle, "x", address="192.0.2.3")
    await _use_up(throttle, "x")


async def test_places_are_for_all(throttle: Throttle) -> None:
    """From however many addresses there are no more; a place that is left is free."""
    async with AsyncExitStack() as stack:
        for number in range(AT_ONCE):
            attempt = throttle.attempt(Door.SIGN_IN, address=f"192.0.2.{number}")
            await stack.enter_async_context(attempt)
        with pytest.raises(HashingBusyError):
            await _fails(throttle, "x", "192.0.2.99")
    await _use_up(throttle, "x", address="192.0.2.99")


async def test_a_fault_of_ours_is_no_failure(throttle: Throttle) -> None:
    """What is no answer to the client's guess is not counted, a refusal is."""
    for _ in range(2 * PER_MINUTE):
        with pytest.raises(ZeroDivisionError):
            await _fails(throttle, by=ZeroDivisionError())
    await _use_up(throttle, "ada", "ada")
    await _retry_after_s(throttle)


async def test_counters_that_go_away_hide_no_error(
    throttle: Throttle, attempts: CountedAttempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first error is told, even if the attempt cannot be given back."""

    async def away(_visit: Visit, *, now_ms: int) -> None:
        raise StoreUnavailableError

    monkeypatch.setattr(attempts, "give_back", away)
    with pytest.raises(DirectoryError):
        await _fails(throttle, by=DirectoryError())
