"""The contract of the counters, on each of them."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import pytest

from clock import START
from quart_jwt.service.throttling import sql
from quart_jwt.service.throttling.attempts import Attempts
from quart_jwt.service.throttling.rule import Counted
from quart_jwt.service.throttling.rule import MAX_PLACES
from quart_jwt.service.throttling.rule import PLACE_KNOWN_MS
from quart_jwt.service.throttling.rule import Refused
from quart_jwt.service.throttling.rule import ThrottleLimits
from quart_jwt.service.throttling.rule import Visit
from quart_jwt.service.throttling.waits import HOUR_MS
from quart_jwt.service.throttling.waits import Rate
from quart_jwt.service.throttling.waits import SKEW_MS
from quart_jwt.service.throttling.waits import Waits
from service.throttling.counters import Counters
from service.throttling.counters import memory_attempts

NOW = START * 1_000
YEAR_MS = 365 * 24 * HOUR_MS
FREE = 3
PER_MINUTE = 6
LIMITS = ThrottleLimits(waits=Waits(free=FREE), rate=Rate(per_minute=PER_MINUTE))

Made = Callable[[ThrottleLimits], Attempts]


def _visit(account: str | None = "ada", address: str | None = None) -> Visit:
    place = None if account is None or address is None else f"{account} at {address}"
    return Visit(address=address, account=account, place=place)


async def _failed(attempts: Attempts, visit: Visit, times: int) -> None:
    for _ in range(times):
        assert await attempts.admit(visit, now_ms=NOW) is None


async def _signed_in(attempts: Attempts, visit: Visit, now_ms: int = NOW) -> None:
    assert await attempts.admit(visit, now_ms=now_ms) is None
    await attempts.succeed(visit, now_ms=now_ms)


async def test_many_at_once_are_let_through_as_one_by_one(made: Made) -> None:
    """Two processes share the counts, and exactly the free ones pass."""
    here, there = made(LIMITS), made(LIMITS)
    answers = await asyncio.gather(
        *(one.admit(_visit(), now_ms=NOW) for one in (here, there) * 20)
    )
    assert answers.count(None) == FREE
    assert {None, Refused(Counted.ACCOUNT, 30_000)} == set(answers)


async def test_an_address_at_once_has_its_minute(made: Made) -> None:
    """A hundred accounts from one address: as many as a minute has pass."""
    attempts = made(LIMITS)
    answers = await asyncio.gather(
        *(attempts.admit(_visit(f"{n}", "::"), now_ms=NOW) for n in range(100))
    )
    assert answers.count(None) == PER_MINUTE
    assert {None, Refused(Counted.ADDRESS, 10_000)} == set(answers)


@pytest.mark.parametrize("late_ms", [-1, 0, 1])
async def test_a_wait_ends_when_it_was_said(made: Made, late_ms: int) -> None:
    """Not a millisecond earlier; the next one is twice as long."""
    attempts = made(LIMITS)
    await _failed(attempts, _visit(), FREE)
    refused = await attempts.admit(_visit(), now_ms=NOW + 30_000 + late_ms)
    assert (refused == Refused(Counted.ACCOUNT, 1)) == (late_ms < 0)
    if late_ms >= 0:
        now_ms = NOW + 30_000 + late_ms
        again = await attempts.admit(_visit(), now_ms=now_ms)
        assert again == Refused(Counted.ACCOUNT, 60_000)


async def test_knocking_makes_no_wait_longer(made: Made) -> None:
    """A thousand attempts while there is a wait change nothing of it."""
    attempts = made(LIMITS)
    await _failed(attempts, _visit(), FREE)
    for late_ms in range(0, 30_000, 300):
        refused = await attempts.admit(_visit(), now_ms=NOW + late_ms)
        assert refused == Refused(Counted.ACCOUNT, 30_000 - late_ms)
    assert await attempts.admit(_visit(), now_ms=NOW + 30_000) is None


async def test_a_success_forgets_the_failures(made: Made) -> None:
    """All of them: the next has its free ones again."""
    attempts = made(LIMITS)
    await _failed(attempts, _visit(), FREE - 1)
    await _signed_in(attempts, _visit())
    await _failed(attempts, _visit(), FREE)
    assert await attempts.admit(_visit(), now_ms=NOW) is not None


async def test_an_attempt_without_an_answer_is_given_back(made: Made) -> None:
    """An outage is no failure, and no success either: the older failures stay."""
    attempts = made(LIMITS)
    visit = _visit("ada", "::")
    await _failed(attempts, visit, FREE - 1)
    for _ in range(3 * PER_MINUTE):
        await _failed(attempts, visit, 1)
        await attempts.give_back(visit, now_ms=NOW)
    await _failed(attempts, visit, 1)
    refused = await attempts.admit(visit, now_ms=NOW)
    assert refused == Refused(Counted.ACCOUNT, 30_000)
    # No place has become known by it: elsewhere it is the same account.
    elsewhere = await attempts.admit(_visit("ada", "elsewhere"), now_ms=NOW)
    assert elsewhere == Refused(Counted.ACCOUNT, 30_000)


async def test_a_wait_is_over_after_an_attempt_without_an_answer(made: Made) -> None:
    """Who has waited and met an outage need not wait twice; waits grow as before."""
    attempts = made(LIMITS)
    await _failed(attempts, _visit(), FREE)
    later_ms = NOW + 30_000
    assert await attempts.admit(_visit(), now_ms=later_ms) is None
    await attempts.give_back(_visit(), now_ms=later_ms)
    assert await attempts.admit(_visit(), now_ms=later_ms) is None
    refused = await attempts.admit(_visit(), now_ms=later_ms)
    assert refused == Refused(Counted.ACCOUNT, 60_000)


async def test_what_is_not_counted_is_not_given_back(made: Made) -> None:
    """Nobody gets more attempts than there are by it."""
    attempts = made(LIMITS)
    await attempts.give_back(_visit("ada", "::"), now_ms=NOW)
    await attempts.give_back(_visit(None, None), now_ms=NOW)
    await _failed(attempts, _visit("ada", "::"), FREE)
    assert await attempts.admit(_visit("ada", "::"), now_ms=NOW) is not None


async def test_a_clock_that_was_wrong_locks_no_account(made: Made) -> None:
    """Failures of next year: the longest wait from now, once; free ones none."""
    attempts = made(LIMITS)
    for _ in range(FREE):
        assert await attempts.admit(_visit(), now_ms=NOW + YEAR_MS) is None
        assert await attempts.admit(_visit("grace"), now_ms=NOW + YEAR_MS) is None
    await attempts.succeed(_visit("grace"), now_ms=NOW + YEAR_MS)
    assert await attempts.admit(_visit("grace"), now_ms=NOW + YEAR_MS) is None

    assert await attempts.admit(_visit("grace"), now_ms=NOW) is None
    for passed_ms in (0, 1, HOUR_MS - 1):
        refused = await attempts.admit(_visit(), now_ms=NOW + passed_ms)
        assert refused == Refused(Counted.ACCOUNT, HOUR_MS - passed_ms)
    assert await attempts.admit(_visit(), now_ms=NOW + HOUR_MS) is None


@pytest.mark.parametrize("more_ms", [-1, 0, 1])
async def test_a_clock_that_was_wrong_locks_no_address(
    made: Made, more_ms: int
) -> None:
    """A minute's difference is believed, more is a wait of one interval from now."""
    attempts = made(LIMITS)
    ahead_ms = NOW + SKEW_MS + more_ms
    for one in range(PER_MINUTE):
        visit = _visit(f"{one}", "::")
        assert await attempts.admit(visit, now_ms=ahead_ms) is None
    wait_ms = 10_000 if more_ms > 0 else SKEW_MS + more_ms + 10_000
    for passed_ms in (0, 1, 9_999):
        refused = await attempts.admit(_visit("x", "::"), now_ms=NOW + passed_ms)
        assert refused == Refused(Counted.ADDRESS, wait_ms - passed_ms)
    assert await attempts.admit(_visit("x", "::"), now_ms=NOW + wait_ms) is None


async def test_a_success_keeps_what_another_process_has_counted(made: Made) -> None:
    """An address that another process counts meanwhile gets back its one, no more."""
    here, there = made(LIMITS), made(LIMITS)
    ours = _visit("ada", "::")
    assert await here.admit(ours, now_ms=NOW) is None
    assert await there.admit(_visit("bob", "::"), now_ms=NOW) is None
    await here.succeed(ours, now_ms=NOW)
    answers = [
        await there.admit(_visit(f"{n}", "::"), now_ms=NOW) for n in range(PER_MINUTE)
    ]
    assert answers.index(Refused(Counted.ADDRESS, 10_000)) == PER_MINUTE - 1


async def test_a_success_gives_one_back_to_the_address(made: Made) -> None:
    """An office that signs in is not slowed down, one that guesses is."""
    attempts = made(LIMITS)
    for one in range(3 * PER_MINUTE):
        await _signed_in(attempts, _visit(f"{one}", "::"))
    for one in range(PER_MINUTE):
        await _failed(attempts, _visit(f"{one}", "::"), 1)
        await _signed_in(attempts, _visit("mallory", "elsewhere"))
    refused = await attempts.admit(_visit("x", "::"), now_ms=NOW)
    assert refused == Refused(Counted.ADDRESS, 10_000)


@pytest.mark.parametrize("late_ms", [-1, 0, 1])
async def test_a_day_of_silence_is_forgotten(made: Made, late_ms: int) -> None:
    """After the last wait and a day there were no failures."""
    attempts = made(LIMITS)
    await _failed(attempts, _visit(), FREE)
    later_ms = NOW + 30_000 + 24 * HOUR_MS + late_ms
    assert await attempts.admit(_visit(), now_ms=later_ms) is None
    refused = await attempts.admit(_visit(), now_ms=later_ms)
    assert (refused is None) == (late_ms >= 0)


async def test_an_account_under_attack_is_open_where_it_is_at_home(made: Made) -> None:
    """Whoever fails elsewhere keeps the owner out elsewhere, and there only."""
    attempts = made(LIMITS)
    home, abroad = _visit("ada", "home"), _visit("ada", "abroad")
    await _signed_in(attempts, home)
    for address in range(FREE):
        await _failed(attempts, _visit("ada", f"{address}"), 1)

    assert await attempts.admit(abroad, now_ms=NOW) == Refused(Counted.ACCOUNT, 30_000)
    await _signed_in(attempts, home)
    # Signing in at home gives the attacker nothing.
    assert await attempts.admit(abroad, now_ms=NOW) == Refused(Counted.ACCOUNT, 30_000)


async def test_a_known_place_is_counted_too(made: Made) -> None:
    """Who shares the owner's address has no more guesses than anybody."""
    attempts = made(LIMITS)
    home = _visit("ada", "home")
    await _signed_in(attempts, home)
    await _failed(attempts, home, FREE)
    refused = await attempts.admit(home, now_ms=NOW)
    assert refused == Refused(Counted.ACCOUNT, 30_000)
    assert await attempts.admit(_visit("ada", "abroad"), now_ms=NOW) is None


@pytest.mark.parametrize("late_ms", [-1, 0])
async def test_a_place_is_forgotten_after_its_time(made: Made, late_ms: int) -> None:
    """Three months after the last sign-in there it is like any other."""
    attempts = made(LIMITS)
    home, abroad = _visit("ada", "home"), _visit("ada", "abroad")
    await _signed_in(attempts, home)
    later_ms = NOW + PLACE_KNOWN_MS + late_ms
    for _ in range(FREE):
        assert await attempts.admit(abroad, now_ms=later_ms) is None
    refused = await attempts.admit(home, now_ms=later_ms)
    assert (refused is None) == (late_ms < 0)


async def test_an_account_has_so_many_places(made: Made) -> None:
    """One more pushes the oldest out."""
    attempts = made(LIMITS)
    for one in range(MAX_PLACES + 1):
        await _signed_in(attempts, _visit("ada", f"{one}"), NOW + one)
    later_ms = NOW + MAX_PLACES + 1
    for _ in range(FREE):
        assert await attempts.admit(_visit("ada", "abroad"), now_ms=later_ms) is None
    refused = [
        await attempts.admit(_visit("ada", f"{one}"), now_ms=later_ms) is not None
        for one in range(MAX_PLACES + 1)
    ]
    assert refused == [True] + [False] * MAX_PLACES


async def test_without_an_address_the_account_is_counted(made: Made) -> None:
    """And without an account the address is."""
    attempts = made(LIMITS)
    await _failed(attempts, _visit("ada", None), FREE)
    assert await attempts.admit(_visit("ada", None), now_ms=NOW) is not None
    await _failed(attempts, _visit(None, "::"), PER_MINUTE)
    assert await attempts.admit(_visit(None, "::"), now_ms=NOW) is not None
    await attempts.succeed(_visit(None, None), now_ms=NOW)
    assert await attempts.admit(_visit(None, None), now_ms=NOW) is None


async def test_a_flood_of_names_and_addresses_is_bounded(
    made: Made, counters: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """J11: memory stays, the oldest go, and who waits is not pushed out."""
    most, flood, batch, pace_ms = 40, 400, 20, 200
    monkeypatch.setattr(sql, "TIDY_AFTER", batch)
    limits = ThrottleLimits(waits=LIMITS.waits, rate=LIMITS.rate, max_counts=most)
    attempts = made(limits)
    await _failed(attempts, _visit("victim"), FREE)
    for one in range(flood):
        visit = _visit(f"name {one}", f"address {one}")
        assert await attempts.admit(visit, now_ms=NOW + one * pace_ms) is None

    assert await counters.size() <= 2 * (most + batch) + 1
    # The victim's wait is over, and much of the flood is younger than its failures.
    later_ms = NOW + flood * pace_ms
    victim = [await attempts.admit(_visit("victim"), now_ms=later_ms) for _ in "12"]
    assert victim == [None, Refused(Counted.ACCOUNT, 60_000)]
    # The newest of the flood is counted on, too: nothing new is pushed out at once.
    newest = _visit(f"name {flood - 1}")
    answers = [await attempts.admit(newest, now_ms=later_ms) for _ in range(FREE)]
    assert answers == [None] * (FREE - 1) + [Refused(Counted.ACCOUNT, 30_000)]


class Walk:
    """Comes and goes at random; of few names, so that it comes again."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a choice, not a secret
        self.now_ms = NOW

    def step(self) -> tuple[str, Visit]:
        """Give what happens next, and to whom."""
        gaps_ms = [*[0] * 30, 1, 999, 9_999, 30_000, HOUR_MS, 25 * HOUR_MS]
        self.now_ms += self._random.choice(gaps_ms)
        account = self._random.choice(["ada", "grace", None])
        address = self._random.choice(["a", "b", "c", None])
        verbs = ["admit", "succeed", "give_back"]
        verb = self._random.choices(verbs, [12, 2, 3])[0]
        return verb, _visit(account, address)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))]
)
async def test_a_counter_does_what_the_reference_does(made: Made, seed: int) -> None:
    """Whatever happens in which order, to the millisecond."""
    attempts, reference = made(LIMITS), memory_attempts(LIMITS)
    walk, seen = Walk(seed), Counter[str]()
    for _ in range(400):
        verb, visit = walk.step()
        answers = [
            await getattr(one, verb)(visit, now_ms=walk.now_ms)
            for one in (attempts, reference)
        ]
        assert answers[0] == answers[1]
        seen[f"{verb} {getattr(answers[0], 'by', None)}"] += 1
    refused = {"admit account", "admit address"}
    passed = {"admit None", "succeed None", "give_back None"}
    assert refused | passed == set(seen)
