import asyncio
import os
import threading
from collections.abc import AsyncIterator

import pytest
from argon2 import extract_parameters
from argon2 import PasswordHasher

from quart_jwt.service.accounts.passwords import check_password
from quart_jwt.service.accounts.passwords import default_slots
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.accounts.stored_hashes import method_of
from quart_jwt.service.ground.errors import HashingBusyError
from quart_jwt.service.ground.errors import PasswordRuleError
from quart_jwt.service.ground.values import HashCost
from quart_jwt.service.ground.values import OWASP_MINIMUM
from quart_jwt.service.settings.groups import HASH_COSTS
from service.kit import QUICK

CHEAP_TAIL = "$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"


@pytest.fixture(name="passwords")
async def _passwords() -> AsyncIterator[Passwords]:
    passwords = Passwords(QUICK, slots=1, waiting=2)
    yield passwords
    await passwords.close()


class Gate:
    """Holds the hashing thread until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()
        self.runs = 0
        monkeypatch.setattr(
            PasswordHasher, "hash", lambda _self, _password: self._hash()
        )

    def _hash(self) -> str:
        self.runs += 1
        self.entered.release()
        self.opened.wait(60)
        return "hash"

    async def wait_until_entered(self) -> None:
        """Return when the thread is hashing."""
        assert await asyncio.to_thread(self.entered.acquire, timeout=60)


async def test_a_password_matches_its_hash_only(passwords: Passwords) -> None:
    """The right password matches, and its neighbours do not."""
    stored = await passwords.hash("p\u00e4ss w\u00f6rd \U0001f600")
    assert (await passwords.verify(stored, "p\u00e4ss w\u00f6rd \U0001f600")).matches
    for other in ("p\u00e4ss w\u00f6rd", "pa\u0308ss w\u00f6rd \U0001f600", "x"):
        assert not (await passwords.verify(stored, other)).matches


async def test_no_byte_is_cut_off(passwords: Passwords) -> None:
    """Passwords that differ in their 1,024th byte are different."""
    stored = await passwords.hash("x" * 1023 + "a")
    assert (await passwords.verify(stored, "x" * 1023 + "a")).matches
    assert not (await passwords.verify(stored, "x" * 1023 + "b")).matches


@pytest.mark.parametrize(
    ("password", "fits"),
    [
        pytest.param("", False, id="empty"),
        pytest.param("x", True, id="one"),
        pytest.param("x" * 1024, True, id="1024"),
        pytest.param("x" * 1025, False, id="1025"),
        pytest.param("\u20ac" * 341 + "x", True, id="1024-bytes"),
        pytest.param("\u20ac" * 341 + "xy", False, id="1025-bytes"),
        pytest.param("a\0b", False, id="nul"),
        pytest.param("a\ud800", False, id="surrogate"),
        pytest.param("tab\tand\nline", True, id="control"),
    ],
)
def test_password_rules(password: str, *, fits: bool) -> None:
    """The limits are bytes of UTF-8, exact at both ends."""
    if fits:
        check_password(password)
    else:
        with pytest.raises(PasswordRuleError) as caught:
            check_password(password)
        assert not password or password not in str(caught.value)


async def test_the_cost_is_owasps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A default hash is Argon2id with 19 MiB, two passes and one lane."""
    passwords = Passwords(OWASP_MINIMUM)
    found = extract_parameters(await passwords.hash("x"))
    await passwords.close()
    assert (
        found.memory_cost,
        found.time_cost,
        found.parallelism,
        found.hash_len,
        found.salt_len,
    ) == (19_456, 2, 1, 32, 16)
    assert found.type.name == "ID"


@pytest.mark.parametrize(
    ("cores", "lanes", "slots"),
    [
        (None, 1, 1),
        (1, 1, 1),
        (2, 1, 1),
        (8, 1, 7),
        (8, 4, 1),
        (9, 4, 2),
        (2, 4, 1),
    ],
)
def test_one_core_stays_free(
    cores: int | None, lanes: int, slots: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event loop keeps a core, but one hash can always run, on all its lanes."""
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert slots == default_slots(lanes)


async def test_a_hash_of_another_cost_is_outdated(passwords: Passwords) -> None:
    """A match says whether the stored hash has today's cost."""
    other = Passwords(HashCost(memory_kib=16, iterations=1, lanes=1), slots=1)
    old = await other.hash("x")
    await other.close()
    assert (await passwords.verify(old, "x")).outdated
    assert not (await passwords.verify(await passwords.hash("x"), "x")).outdated


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=4194304,t=1,p=1" + CHEAP_TAIL,
        "$argon2id$v=19$m=131073,t=1,p=1" + CHEAP_TAIL,
        "$argon2id$v=19$m=8,t=17,p=1" + CHEAP_TAIL,
        "$argon2id$v=19$m=128,t=1,p=9" + CHEAP_TAIL,
        "$argon2d$v=19$m=8,t=1,p=1" + CHEAP_TAIL,
        "$argon2id$v=16$m=8,t=1,p=1" + CHEAP_TAIL,
        "$argon2id$m=8,t=1,p=1" + CHEAP_TAIL,
        "$argon2id$v=19$m=8,t=1,p=1" + CHEAP_TAIL + "\n",
        "$2b$12$abcdefghijklmnopqrstuv",
        "plain",
        "",
    ],
)
async def test_a_hostile_hash_is_never_computed(
    passwords: Passwords, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What asks for too much, or is no hash at all, costs what a new hash costs."""
    seen: list[str] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, stored: str, password: str) -> bool:
        seen.append(stored)
        return verify(hasher, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    verdict = await passwords.verify(stored, "x")
    assert (verdict.matches, verdict.hostile) == (False, True)
    (blank,) = seen
    assert method_of(blank) == passwords._method


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=64,t=1,p=8" + CHEAP_TAIL,
        "$argon2id$v=19$m=8,t=16,p=1" + CHEAP_TAIL,
        "$argon2id$v=19$m=0,t=0,p=0" + CHEAP_TAIL,
    ],
)
async def test_a_bearable_hash_is_computed(passwords: Passwords, stored: str) -> None:
    """The limits themselves are still taken; a senseless hash just never matches."""
    verdict = await passwords.verify(stored, "x")
    assert (verdict.matches, verdict.hostile) == (False, False)


async def test_the_queue_is_bounded(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One slot and two places: the fourth job is refused, and room comes back."""
    gate = Gate(monkeypatch)
    jobs = [asyncio.create_task(passwords.hash("x")) for _ in range(3)]
    await gate.wait_until_entered()
    with pytest.raises(HashingBusyError):
        await passwords.hash("x")
    gate.opened.set()
    assert await asyncio.gather(*jobs) == ["hash"] * 3
    assert await passwords.hash("x") == "hash"


async def test_hanging_up_frees_no_running_slot(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancelled request gives its place back only when its thread is done."""
    gate = Gate(monkeypatch)
    running = asyncio.create_task(passwords.hash("x"))
    await gate.wait_until_entered()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert passwords._jobs == 1
    gate.opened.set()
    await passwords.close()
    assert passwords._jobs == 0


async def test_hanging_up_in_the_queue_frees_the_place(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that was cancelled before it began is never computed."""
    gate = Gate(monkeypatch)
    running = asyncio.create_task(passwords.hash("x"))
    await gate.wait_until_entered()
    waiting = asyncio.create_task(passwords.hash("x"))
    await asyncio.sleep(0)
    assert passwords._jobs == 2
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert passwords._jobs == 1
    gate.opened.set()
    await running
    await passwords.close()
    assert (passwords._jobs, gate.runs) == (0, 1)


async def test_a_closed_pool_keeps_its_count(passwords: Passwords) -> None:
    """A job that the pool did not take is not counted."""
    await passwords.close()
    with pytest.raises(RuntimeError):
        await passwords.hash("x")
    assert passwords._jobs == 0


async def test_a_place_that_was_not_used_comes_back(passwords: Passwords) -> None:
    """Whatever ends a login before its hash gives the place to somebody else."""
    for _ in range(10):
        with pytest.raises(KeyError), passwords.reserve():
            raise KeyError("the look-up failed")
    assert passwords._jobs == 0


async def test_a_place_serves_one_job(passwords: Passwords) -> None:
    """It is counted once, by the job that took it over."""
    with passwords.reserve() as place:
        assert (await passwords.verify(None, "x", place)).matches is False
        with pytest.raises(RuntimeError, match="one job"):
            await passwords.verify(None, "x", place)
    await passwords.close()
    assert passwords._jobs == 0


@pytest.mark.parametrize(
    ("stored", "cost", "hostile"),
    [
        pytest.param("m=2097152,t=1,p=4", "rfc9106-high-memory", False, id="its-own"),
        pytest.param("m=2097153,t=1,p=4", "rfc9106-high-memory", True, id="more"),
        pytest.param("m=2097152,t=1,p=4", "rfc9106-low-memory", True, id="other"),
        pytest.param("m=65536,t=3,p=4", "owasp", False, id="bounded"),
    ],
)
async def test_a_hash_may_cost_what_new_ones_do(
    monkeypatch: pytest.MonkeyPatch, stored: str, cost: str, *, hostile: bool
) -> None:
    """The bound moves with the setting, and not by a kibibyte more."""
    computed: list[str] = []

    def verify(_hasher: PasswordHasher, stored: str, _password: str) -> bool:
        computed.append(stored)
        return True

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    passwords = Passwords(HASH_COSTS[cost], slots=1)
    encoded = f"$argon2id$v=19${stored}{CHEAP_TAIL}"
    verdict = await passwords.verify(encoded, "x")
    await passwords.close()
    assert verdict.hostile is hostile
    assert (computed == [encoded]) is not hostile
