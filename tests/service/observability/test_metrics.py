import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)

from extension.asgi import asgi_call
from quart_jwt.exceptions import SessionLimitError
from quart_jwt.exceptions import StoreError
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import HashingBusyError
from quart_jwt.service.ground.values import HashLoad
from quart_jwt.service.observability import readiness
from quart_jwt.service.observability.metrics import Bounded
from quart_jwt.service.observability.metrics import MAX_VALUES
from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.metrics import OTHER
from quart_jwt.service.observability.observed_store import observed
from quart_jwt.service.observability.observers import OBSERVERS
from quart_jwt.service.observability.observers import Observers
from quart_jwt.service.observability.sampler import Sampler
from quart_jwt.service.observability.sampler import TICK_S
from quart_jwt.service.settings.settings import Settings
from quart_jwt.signals import token_refused
from quart_jwt.tokens.verified import VerifiedTokens
from service.kit import bearer
from service.kit import http_scope
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service
from service.observability.scrape import Scrape
from service.observability.scrape import scrape

HERE = {"client": ("127.0.0.1", 1)}


async def _scraped(service: Service) -> Scrape:
    response = await service.client.get("/metrics", scope_base=HERE)
    assert response.status_code == 200
    return scrape((await response.get_data()).decode())


def _observers(service: Service) -> Observers:
    observers: Observers = service.app.extensions[OBSERVERS]
    return observers


async def _asked(service: Service, token: str) -> int:
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"host", b"x")]
    events = await asgi_call(
        service.app.asgi_app, http_scope("/auth/verify", headers=headers)
    )
    return int(events[0]["status"])


# what is counted --------------------------------------------------------------


async def test_sign_ins_are_counted_by_outcome(service: Service) -> None:
    """Each refusal has its reason, and no answer told it."""
    await service.add()
    await service.log_in()
    for name, password in ((NAME, "wrong"), (NAME, "wrong"), ("nobody", PASSWORD)):
        await service.client.post(
            "/login", json={"username": name, "password": password}
        )
    seen = await _scraped(service)
    events = "quart_jwt_security_events_total"
    assert seen.value(events, event="signed_in", reason="") == 1
    refused = {"event": "sign_in_refused"}
    assert seen.value(events, **refused, reason="wrong_password") == 2
    assert seen.value(events, **refused, reason="unknown_user") == 1
    code = "invalid_credentials"
    assert seen.value("quart_jwt_refusals_total", door="endpoint", code=code) == 3


async def test_refusals_are_counted_by_door_and_code(service: Service) -> None:
    """The endpoints' answers once each, and those of the gateway's lane apart."""
    await service.add()
    token = (await service.log_in())["access_token"]
    for path in ("/nowhere", "/protected"):
        await service.client.get(path)
    assert await service.code("GET", "/protected", "x.y.z") == "invalid_token"
    assert [await _asked(service, "x.y.z") for _ in range(3)] == [401] * 3
    service.clock.advance(901)
    assert await _asked(service, token) == 401
    assert await service.code("GET", "/protected", token) == "token_expired"
    seen = await _scraped(service)
    refusals = {
        (labels["door"], labels["code"]): value
        for (name, pairs), value in seen.samples.items()
        if name == "quart_jwt_refusals_total" and (labels := dict(pairs))
    }
    assert refusals == {
        ("endpoint", "not_found"): 1,
        ("endpoint", "missing_token"): 1,
        ("endpoint", "invalid_token"): 1,
        ("endpoint", "token_expired"): 1,
        ("gateway", "invalid_token"): 3,
        ("gateway", "token_expired"): 1,
    }


async def test_sessions_are_counted_as_they_go(service: Service) -> None:
    """Refreshed, lost to reuse, and ended."""
    await service.add()
    first, second = await service.log_in(), await service.log_in()
    assert await service.status("POST", "/refresh", first["refresh_token"]) == 200
    assert await service.status("POST", "/refresh", first["refresh_token"]) == 200
    service.clock.advance(11)
    assert await service.status("POST", "/refresh", first["refresh_token"]) == 401
    assert await service.status("POST", "/logout", second["access_token"]) == 200
    third = await service.log_in()
    assert await service.status("POST", "/logout/all", third["access_token"]) == 200
    seen = await _scraped(service)
    counted = {
        event: seen.total("quart_jwt_security_events_total", event=event)
        for event in ("refreshed", "refresh_reused", "session_ended", "sessions_ended")
    }
    assert counted == {
        "refreshed": 2,
        "refresh_reused": 1,
        "session_ended": 3,
        "sessions_ended": 1,
    }


async def test_the_cache_is_read_from_its_own_integers(service: Service) -> None:
    """Misses, hits, entries and bytes; a new cache does not count backwards."""
    await service.add()
    token = (await service.log_in())["access_token"]
    for _ in range(5):
        assert await _asked(service, token) == 200
    first = await _scraped(service)
    lookups = "quart_jwt_cache_lookups_total"
    if not first.value("quart_jwt_cache_max_bytes"):
        return  # `make test-uncached`
    assert first.value(lookups, result="miss") == 1
    assert first.value(lookups, result="hit") == 4
    assert first.value("quart_jwt_cache_entries") == 1
    assert 0 < first.value("quart_jwt_cache_bytes") < 20_000
    service.app.config["JWT_DECODE_LEEWAY"] = 1
    assert await _asked(service, token) == 200
    second = await _scraped(service)
    assert second.value(lookups, result="miss") == 2
    assert second.value(lookups, result="hit") == 4


@pytest.fixture(name="unwatched")
def _unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readiness asks the stores once at the start, and not every second."""
    monkeypatch.setattr(readiness, "EVERY_S", 3_600)


@pytest.mark.usefixtures("unwatched")
async def test_stores_are_timed_by_verb(service: Service) -> None:
    """
    A login starts a session; it looks twice at the account and once at attempts, and
    now and then at the methods of all stored hashes.
    """
    await service.add()
    before = await _scraped(service)
    await service.log_in()
    after = await _scraped(service)
    count = "quart_jwt_store_duration_seconds_count"
    for store, verb, times in (("sessions", "start", 1), ("accounts", "read", 4)):
        labels = {"store": store, "verb": verb}
        assert after.value(count, **labels) - before.value(count, **labels) == times
    assert after.total("quart_jwt_store_errors_total") == 0


# what counts in a store -------------------------------------------------------


class _Failing:
    """A store whose every verb raises."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def live(self, _subject: str, *, now: float) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (StoreError("away"), 1),
        (ConnectionError(), 1),
        (asyncio.CancelledError(), 1),
        (SessionLimitError("full"), 0),
    ],
    ids=["away", "driver", "deadline", "an-answer"],
)
async def test_a_failed_call_counts(error: BaseException, times: int) -> None:
    """Whatever the store raises is passed on; an answer is no failure."""
    metrics = Metrics()
    store: Any = _Failing(error)
    with pytest.raises(type(error)):
        await observed(store, metrics).live("alice", now=0)
    labels = {"store": "sessions", "verb": "live"}
    value = metrics.registry.get_sample_value("quart_jwt_store_errors_total", labels)
    assert times == (value or 0)
    timed = "quart_jwt_store_duration_seconds_count"
    assert metrics.registry.get_sample_value(timed, labels) == 1


# bounds -----------------------------------------------------------------------


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_labels_are_bounded(extra: int) -> None:
    """The value after the last is another, and those of before stay themselves."""
    bounded = Bounded()
    values = [bounded.of(f"v{number}") for number in range(MAX_VALUES + extra)]
    assert values.count(OTHER) == max(0, extra)
    assert bounded.of("v0") == "v0"


async def _flood(service: Service, round_: str) -> None:
    for number in range(40):
        unique = f"{round_}-{number}"
        headers = {"User-Agent": unique, "X-Request-ID": unique, "X-Kid": unique}
        login = {"username": unique, "password": unique}
        await service.client.post("/login", json=login, headers=headers)
        await service.client.get(f"/{unique}?{unique}", headers=headers)
        await service.client.delete(f"/sessions/{unique}", headers=bearer(unique))
        await _asked(service, f"eyJ{number}.eyJ{number}.{number}")
        await service.client.open("/protected", method=f"M{number}", headers=headers)


async def test_a_flood_of_names_makes_no_series(service: Service) -> None:
    """Unique names, paths, methods, agents and tokens leave the series as they are."""
    await _flood(service, "first")
    before = (await _scraped(service)).series
    await _flood(service, "second")
    assert before == (await _scraped(service)).series
    assert len(before) < 250
    values = {value for _name, pairs in before for _label, value in pairs}
    assert not any("first" in value or "eyJ" in value for value in values)


# who may read -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("readers", "client", "headers", "status"),
    [
        (None, "127.0.0.1", {}, 200),
        (None, "::1", {}, 200),
        (None, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        (None, "127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 404),
        (None, "127.0.0.1", {"Via": "1.1 proxy"}, 404),
        (None, "127.0.0.1", {"X-Real-IP": "127.0.0.1"}, 404),
        (None, "127.0.0.1", {"X-Forwarded-Host": "example.org"}, 404),
        (None, "127.0.0.1", {"X-Forwarded-Proto": "https"}, 404),
        (None, "127.0.0.1", {"X-Client-IP": "127.0.0.1"}, 404),
        (None, "127.0.0.1", {"CF-Connecting-IP": "127.0.0.1"}, 404),
        (None, "10.0.0.1", {}, 404),
        (("10.0.0.0/30",), "10.0.0.3", {}, 200),
        (("10.0.0.0/30",), "10.0.0.4", {}, 404),
        (("10.0.0.0/30",), "127.0.0.1", {}, 404),
        ((), "127.0.0.1", {}, 404),
    ],
)
async def test_who_may_read(
    settings: Settings,
    readers: tuple[str, ...] | None,
    client: str,
    headers: dict[str, str],
    status: int,
) -> None:
    """By default this machine; others hear that nothing is there."""
    if readers is not None:
        observability = replace(settings.observability, metrics_from=readers)
        settings = replace(settings, observability=observability)
    app = create_app(settings)
    async with app.test_app():
        asking = app.test_client()
        base = {"client": (client, 1)}
        response = await asking.get("/metrics", scope_base=base, headers=headers)
        nowhere = await asking.get("/nowhere", scope_base=base)
        assert response.status_code == status
        if status == 404:
            assert await response.get_data() == await nowhere.get_data()


async def test_the_chosen_header_marks_a_proxy(settings: Settings) -> None:
    """The one in which the operator's proxies say who asked them, whatever it is."""
    proxies = replace(settings.proxies, address_header="X-Our-Client")
    app = create_app(replace(settings, proxies=proxies))
    async with app.test_app():
        response = await app.test_client().get(
            "/metrics", scope_base=HERE, headers={"X-Our-Client": "127.0.0.1"}
        )
        assert response.status_code == 404


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE", "ANY"])
async def test_other_methods_do_not_show_the_page(
    service: Service, method: str
) -> None:
    """Who may not read it hears of no page; who may hears of the method."""
    asking = service.client
    outside = {"client": ("10.0.0.1", 1)}
    hidden = await asking.open("/metrics", method=method, scope_base=outside)
    nowhere = await asking.open("/nowhere", method=method, scope_base=outside)
    assert hidden.status_code == nowhere.status_code == 404
    assert await hidden.get_data() == await nowhere.get_data()
    assert "Allow" not in hidden.headers
    shown = await asking.open("/metrics", method=method, scope_base=HERE)
    assert shown.status_code == 405


async def test_the_sampler_goes_on_after_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A page and the next tick come all the same; the fault is said once."""
    asked: list[bool] = []

    def failing() -> VerifiedTokens:
        asked.append(True)
        raise RuntimeError("no cache")

    load = HashLoad(running=0, waiting=0, limit=1)
    sampler = Sampler(Metrics(), cache=failing, hash_load=lambda: load)
    serving = sampler.serving()
    await anext(serving)
    sampler.sample()
    async with asyncio.timeout(60):
        while len(asked) < 4:  # noqa: ASYNC110 - the sampler ticks by itself
            await asyncio.sleep(TICK_S)
    await serving.aclose()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_the_page_is_openmetrics_for_who_asks(service: Service) -> None:
    """Both forms have the same series, each under its own media type."""
    accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
    new = await service.client.get("/metrics", scope_base=HERE, headers=accept)
    old = await service.client.get("/metrics", scope_base=HERE)
    assert new.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert old.content_type.startswith("text/plain; version=0.0.4")
    families = list(read_openmetrics((await new.get_data()).decode()))  # type: ignore[no-untyped-call] # it has no types
    names = {sample.name for family in families for sample in family.samples}
    assert {name for name, _ in scrape((await old.get_data()).decode()).series} <= names
    assert new.headers["Cache-Control"] == "no-store"


# the loop and the queue -------------------------------------------------------


async def test_a_blocked_loop_shows(service: Service) -> None:
    """A handler that blocks for two ticks is seen as a lag above half of one."""

    @service.app.before_request
    async def block() -> None:
        until = time.monotonic() + 2 * TICK_S
        while time.monotonic() < until:
            pass

    before = await _lags_above(service, 0.25)
    async with asyncio.timeout(60):
        while await _lags_above(service, 0.25) <= before:  # noqa: ASYNC110 - the sampler ticks by itself
            await asyncio.sleep(TICK_S)


async def _lags_above(service: Service, seconds: float) -> float:
    seen = await _scraped(service)
    name = "quart_jwt_event_loop_lag_seconds"
    everything = seen.value(f"{name}_count")
    return everything - seen.value(f"{name}_bucket", le=str(seconds))


async def test_the_queue_rises_in_a_login_storm(service: Service) -> None:
    """What runs and what waits shows, up to the bound, and is gone afterwards."""
    passwords = service.resources.passwords
    limit = passwords.load().limit
    places = [passwords.reserve() for _ in range(limit)]
    with pytest.raises(HashingBusyError):
        passwords.reserve()
    full = await _scraped(service)
    running = full.value("quart_jwt_password_hashes_running")
    waiting = full.value("quart_jwt_password_hashes_waiting")
    assert running >= 1
    assert running + waiting == limit == full.value("quart_jwt_password_hashes_max")
    for place in places:
        place.__exit__()
    empty = await _scraped(service)
    assert empty.value("quart_jwt_password_hashes_running") == 0
    assert empty.value("quart_jwt_password_hashes_waiting") == 0


# what it costs ----------------------------------------------------------------


async def test_nobody_listens_to_a_service_that_has_ended(settings: Settings) -> None:
    """Signals of the process are let go of with the app."""
    app = create_app(settings)
    async with app.test_app():
        assert token_refused.has_receivers_for(app)
    assert not token_refused.has_receivers_for(app)


async def test_two_apps_count_for_themselves(
    service: Service, settings: Settings
) -> None:
    """What happens in one app of a process is not counted by another."""
    other = create_app(settings)
    async with other.test_app():
        response = await other.test_client().post(
            "/login", json={"username": "x", "password": "y"}
        )
        assert response.status_code == 401
    seen = await _scraped(service)
    assert seen.total("quart_jwt_security_events_total") == 0
    assert seen.total("quart_jwt_refusals_total") == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=12))
def test_the_sampler_adds_up_whatever_becomes_of_the_cache(
    steps: list[tuple[int, bool]],
) -> None:
    """A cache that is replaced by an empty one takes no count along."""
    metrics, passwords = Metrics(), _NoLoad()
    cache, looked_up = VerifiedTokens(1, 1), 0
    sampler = Sampler(metrics, lambda: cache, passwords.load)
    for times, is_replaced in steps:
        if is_replaced:
            cache = VerifiedTokens(1, 1)
        for _ in range(times):
            cache.get("x")
        looked_up += times
        sampler.sample()
    name, labels = "quart_jwt_cache_lookups_total", {"result": "miss"}
    assert looked_up == (metrics.registry.get_sample_value(name, labels) or 0)


class _NoLoad:
    def load(self) -> HashLoad:
        return HashLoad(running=0, waiting=0, limit=1)


async def test_a_lost_audit_line_is_counted(
    service: Service, settings: Settings
) -> None:
    """A full disk keeps nobody out, and shows."""
    full = replace(settings.observability, audit_log=Path("/dev/full"))
    app = create_app(replace(settings, observability=full))
    async with app.test_app():
        lost = Service(app=app, client=app.test_client(), clock=service.clock)
        await lost.add()
        await lost.log_in()
        await lost.log_in()
        seen = await _scraped(lost)
    assert seen.value("quart_jwt_audit_lines_lost_total") == 2
