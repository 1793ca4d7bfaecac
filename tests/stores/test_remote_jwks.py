"""The keys of an issuer elsewhere: when they are fetched, and how long they serve."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

import key_material
from clock import Clock
from quart_jwt.exceptions import KeysUnavailableError
from quart_jwt.stores.jwks import remote as remote_jwks
from quart_jwt.stores.jwks.remote import FetchedSet
from quart_jwt.stores.jwks.remote import FetchError
from quart_jwt.stores.jwks.remote import Freshness
from quart_jwt.stores.jwks.remote import LAST_RETRY_S
from quart_jwt.stores.jwks.remote import RemoteKeys
from quart_jwt.tokens.jwks import read_published
from quart_jwt.tokens.keys import VerifyingKey
from tokens.test_jwk import jwk

STALE_S, COOLDOWN_S = 3_600, 30


class Issuer:
    """
    An issuer whose answers a test decides.

    Attributes:
        keys: The JWKs that it publishes; an exception is raised instead.
        gate: Holds its answers back while it is not set.
        fetches: How often it was asked.
    """

    def __init__(self) -> None:
        self.keys: list[Any] | Exception = [jwk("RS256", kid="a")]
        self.gate = asyncio.Event()
        self.gate.set()
        self.max_age_s: float | None = None
        self.fetches = 0
        self._asked = asyncio.Semaphore(0)

    async def asked(self, times: int = 1) -> None:
        """Wait until it was asked so often."""
        for _ in range(times):
            await self._asked.acquire()

    async def __call__(self) -> FetchedSet:
        """Answer one fetch."""
        self.fetches += 1
        self._asked.release()
        await self.gate.wait()
        if isinstance(self.keys, Exception):
            raise self.keys
        return FetchedSet(json.dumps({"keys": self.keys}).encode(), self.max_age_s)


@pytest.fixture(name="issuer")
async def _issuer() -> Issuer:
    return Issuer()


@pytest.fixture(name="keys")
async def _keys(issuer: Issuer, clock: Clock) -> AsyncIterator[RemoteKeys]:
    freshness = Freshness(stale_limit_s=STALE_S, cooldown_s=COOLDOWN_S)
    keys = RemoteKeys(issuer, ("RS256", "ES256"), freshness, clock=clock)
    yield keys
    await keys.close()


async def _ids(keys: RemoteKeys, kid: str | None = "a") -> list[str | None]:
    algorithm = "ES256" if kid == "b" else "RS256"
    return [key.kid for key in await keys.candidates(kid, algorithm)]


async def test_the_first_request_waits_and_the_next_does_not(
    issuer: Issuer, keys: RemoteKeys
) -> None:
    """With a set in hand the answer comes without a single suspension."""
    assert await _ids(keys) == ["a"]
    issuer.gate.clear()  # whoever asks the issuer now waits for ever
    with pytest.raises(StopIteration) as caught:
        keys.candidates("a", "RS256").send(None)
    (found,) = caught.value.value

    assert (found.kid, found.algorithm) == ("a", "RS256")
    assert issuer.fetches == 1


async def test_a_thousand_cold_requests_are_one_fetch(
    issuer: Issuer, keys: RemoteKeys
) -> None:
    """Whoever comes while the first fetch runs waits for that one (G04)."""
    issuer.gate.clear()
    asking = [asyncio.create_task(_ids(keys)) for _ in range(1_000)]
    await issuer.asked()
    issuer.gate.set()

    assert await asyncio.gather(*asking) == [["a"]] * 1_000
    assert issuer.fetches == 1


async def test_a_request_that_is_cancelled_leaves_the_fetch_alone(
    issuer: Issuer, keys: RemoteKeys
) -> None:
    """The others still get what they wait for."""
    issuer.gate.clear()
    first, second = (asyncio.create_task(_ids(keys)) for _ in range(2))
    await issuer.asked()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    issuer.gate.set()

    assert await second == ["a"]
    assert issuer.fetches == 1


async def test_a_flood_of_unknown_ids_is_one_fetch_per_cooldown(
    issuer: Issuer, keys: RemoteKeys, clock: Clock
) -> None:
    """However many come, and however differently they are called (G03)."""
    await keys.refresh()
    for second in range(3 * COOLDOWN_S):
        flood = [_ids(keys, f"no-{second}-{number}") for number in range(20)]
        assert await asyncio.gather(*flood) == [[]] * 20
        assert await _ids(keys) == ["a"]
        assert issuer.fetches <= 1 + second // COOLDOWN_S
        clock.advance(1)

    assert issuer.fetches == 3


@pytest.mark.parametrize(("after_s", "found"), [(-1, []), (0, ["b"]), (1, ["b"])])
async def test_a_new_key_is_found_after_the_cooldown(
    issuer: Issuer, keys: RemoteKeys, clock: Clock, after_s: int, found: list[str]
) -> None:
    """An unknown id is looked for, but not sooner than the cooldown allows."""
    await keys.refresh()
    issuer.keys = [jwk("RS256", kid="a"), jwk("ES256", kid="b")]
    clock.advance(COOLDOWN_S + after_s)

    assert found == await _ids(keys, "b")


async def test_a_token_without_id_is_tried_with_all_keys(
    issuer: Issuer, keys: RemoteKeys
) -> None:
    """The keys of its algorithm, and no other's."""
    issuer.keys = [
        jwk("RS256", kid="1"),
        jwk("ES256", kid="2"),
        jwk("RS256", kid="3", n=jwk("RS256")["n"][:-2] + "AA", alg="RS256"),
    ]
    assert await _ids(keys, None) == ["1", "3"]


FAILURES = {
    "fetch": FetchError("the answer has the status 500"),
    "unforeseen": ZeroDivisionError("whatever"),
    "nothing-usable": None,
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize(("after_s", "serves"), [(-1, True), (0, False)])
async def test_the_last_good_set_serves_until_its_limit(
    issuer: Issuer,
    keys: RemoteKeys,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    name: str,
    after_s: int,
    *,
    serves: bool,
) -> None:
    """A failure takes nothing away until the set is as old as it may get."""
    assert await _ids(keys) == ["a"]
    issuer.keys = FAILURES[name] or []
    await keys.refresh()
    clock.advance(STALE_S + after_s)
    if serves:
        assert await _ids(keys) == ["a"]
    else:
        with pytest.raises(KeysUnavailableError):
            await _ids(keys)
    assert "The keys of an issuer could not be" in caplog.text


async def test_without_keys_nobody_waits_for_every_retry(
    issuer: Issuer, keys: RemoteKeys, clock: Clock
) -> None:
    """Between two tries the refusal is immediate; they get rarer, up to a bound."""
    issuer.keys = FetchError("away")
    waits = []
    for _ in range(8):
        with pytest.raises(KeysUnavailableError):
            await _ids(keys)
        fetches, since = issuer.fetches, clock.now
        while issuer.fetches == fetches:
            clock.advance(1)
            with pytest.raises(KeysUnavailableError):
                await _ids(keys)
        waits.append(clock.now - since)

    assert waits == [1, 2, 4, 8, 16, LAST_RETRY_S, LAST_RETRY_S, LAST_RETRY_S]
    clock.advance(LAST_RETRY_S)
    issuer.keys = [jwk("RS256", kid="a")]
    assert await _ids(keys) == ["a"]


@pytest.mark.parametrize(
    ("said", "planned_s"),
    [(None, 225), (0, 45), (59, 45), (60, 45), (400, 300), (1e9, 64_800)],
)
async def test_a_set_is_fetched_again_before_it_is_old(
    issuer: Issuer, keys: RemoteKeys, said: float | None, planned_s: float
) -> None:
    """At three quarters of what the server says, within reason."""
    issuer.max_age_s = said
    loop = asyncio.get_running_loop()
    await keys.refresh()
    planned = keys._planned

    assert planned is not None
    assert planned_s - 5 < planned.when() - loop.time() <= planned_s


async def test_what_is_planned_happens_by_itself(
    issuer: Issuer, keys: RemoteKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop fetches the set again; no request has to come for it."""
    monkeypatch.setattr(remote_jwks, "MIN_AGE_S", 0)
    issuer.max_age_s = 0
    keys.start()
    await issuer.asked(3)


async def test_after_a_failure_it_is_tried_again_by_itself(
    issuer: Issuer, keys: RemoteKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An issuer that was away is found when it is back."""
    monkeypatch.setattr(remote_jwks, "FIRST_RETRY_S", 0)
    issuer.keys = FetchError("away")
    keys.start()
    await issuer.asked(3)
    issuer.keys = [jwk("RS256", kid="a")]
    await issuer.asked(1)
    await keys.refresh()

    assert await _ids(keys) == ["a"]


async def test_a_key_that_is_taken_back_counts_no_more(
    issuer: Issuer, keys: RemoteKeys, clock: Clock
) -> None:
    """With the next set it is gone, and so is what it once verified (G07)."""
    issuer.keys = [jwk("RS256", kid="a"), jwk("ES256", kid="b")]
    (a,) = await keys.candidates("a", "RS256")
    (b,) = await keys.candidates("b", "ES256")
    assert (keys.counts(a), keys.counts(b)) == (True, True)
    issuer.keys = [jwk("ES256", kid="b")]
    await keys.refresh()

    assert (keys.counts(a), keys.counts(b)) == (False, True)
    assert await _ids(keys) == []
    clock.advance(STALE_S)
    assert keys.counts(b) is False


async def test_a_key_of_nobody_does_not_count(keys: RemoteKeys) -> None:
    """Before there is a set there are no keys."""
    key = VerifyingKey("RS256", *_primitive("RS256"))

    assert keys.counts(key) is False


def _primitive(algorithm: str) -> tuple[Any, Any]:
    from quart_jwt.tokens.algorithms import primitive

    return primitive(algorithm), key_material.public(algorithm)


async def test_a_key_that_was_left_out_is_told_once(
    issuer: Issuer, keys: RemoteKeys, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says why, and not again at every fetch of the same set."""
    issuer.keys = [jwk("RS256", kid="a"), jwk("ES256", kid="b", use="enc")]
    for _ in range(3):
        await keys.refresh()

    assert caplog.text.count("its use is not sig") == 1


async def test_a_set_is_read_off_the_loop(
    issuer: Issuer, keys: RemoteKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsing what a stranger sends holds up nobody."""
    threads = []

    def spy(document: bytes, algorithms: tuple[str, ...]) -> Any:
        threads.append(threading.current_thread().name)
        return read_published(document, algorithms)

    monkeypatch.setattr(remote_jwks, "read_published", spy)
    await keys.refresh()

    assert threads == ["quart-jwt-jwks_0"]


async def test_closing_ends_a_fetch(issuer: Issuer, keys: RemoteKeys) -> None:
    """Neither a fetch under way nor a planned one is left behind."""
    await keys.refresh()
    issuer.gate.clear()
    task = keys.start()
    await asyncio.sleep(0)
    await keys.close()
    await keys.close()

    assert task.cancelled()
    assert keys._planned is None


def test_another_loop_gets_a_fetch_of_its_own(clock: Clock) -> None:
    """A fetch that was left behind on a loop that is gone is nobody's to wait for."""
    left_behind: list[RemoteKeys] = []

    async def leave() -> None:
        issuer = Issuer()
        issuer.gate.clear()
        keys = RemoteKeys(issuer, ("RS256",), Freshness(), clock=clock)
        keys.start()
        left_behind.append(keys)

    async def take_up() -> list[str | None]:
        (keys,) = left_behind
        keys._fetch = Issuer()
        try:
            return await _ids(keys)
        finally:
            await keys.close()

    asyncio.run(leave())
    assert asyncio.run(take_up()) == ["a"]
