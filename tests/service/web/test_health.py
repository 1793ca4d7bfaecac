"""The three endpoints for probes, by themselves and against real servers."""

import asyncio
import dataclasses
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

import real_servers
from quart_jwt.service.app import create_app
from quart_jwt.service.commands import main as commands
from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.observability import readiness
from quart_jwt.service.settings.settings import Settings
from service.fleet import COMMAND
from service.fleet import Fleet
from service.fleet import fleet_of
from service.kit import Service

SERVE = [*COMMAND, "serve", "--port", "0"]


async def _answers(service: Service) -> list[int]:
    paths = ("live", "ready")
    answers = [await service.client.get(f"/healthz/{path}") for path in paths]
    return [answer.status_code for answer in answers]


async def test_a_service_that_is_well(service: Service) -> None:
    """Both say so from the first request on."""
    assert await _answers(service) == [200, 200]


async def test_a_probe_asks_nobody(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, the database and the store do not hear of them."""

    async def asked() -> None:
        raise AssertionError

    monkeypatch.setattr(service.resources.database, "rows", asked)
    monkeypatch.setattr(service.resources.sessions, "ping", asked)
    for _ in range(50):
        assert await _answers(service) == [200, 200]


async def test_a_database_that_is_away(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not ready after three looks, with a reason for machines; alive all the same."""

    async def away(*_: Any) -> None:
        raise StoreUnavailableError

    monkeypatch.setattr(service.resources.database, "rows", away)
    for _ in range(3):
        await service.resources.readiness.look()
    answer = await service.client.get("/healthz/ready")
    assert (answer.status_code, (await answer.get_json())["code"]) == (503, "not_ready")
    assert answer.headers["Retry-After"] == "1"
    assert await _answers(service) == [200, 503]


async def test_keys_that_are_overdue_do_not_stop_a_probe(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    """A process that may not sign any more is alive."""
    keys = dataclasses.replace(settings.keys, algorithm="EdDSA")
    app = create_app(dataclasses.replace(settings, secret_key=None, keys=keys), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)

        async def away(*_: Any) -> None:
            raise StoreUnavailableError

        monkeypatch.setattr(service.resources.database, "rows", away)
        clock.advance(86_400)
        assert (await service.client.get("/protected")).status_code == 503
        assert (await service.client.get("/healthz/live")).status_code == 200


async def test_nobody_looks_after_the_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    """What is closed stays closed: the last look is over by then."""
    monkeypatch.setattr(readiness, "EVERY_S", 0)
    app = create_app(settings, clock)
    database = Service(app=app, client=None, clock=clock).resources.database
    asked, closing = database.rows, database.close
    said: list[str] = []
    enough = asyncio.Event()

    async def rows(question: Any) -> Any:
        said.append("asked")
        if len(said) == 10:
            enough.set()
        return await asked(question)

    async def close() -> None:
        said.append("closed")
        await closing()

    monkeypatch.setattr(database, "rows", rows)
    monkeypatch.setattr(database, "close", close)
    async with app.test_app():
        await enough.wait()
    for _ in range(100):
        await asyncio.sleep(0)
    assert said[-1] == "closed"


@pytest.fixture(name="own_redis")
def _own_redis() -> Iterator[real_servers.Redis]:
    with real_servers.redis() as running:
        yield running


async def _until(client: httpx.AsyncClient, status: int) -> set[tuple[int, int]]:
    """Probe until ready has a status; gives every pair of live and ready before."""
    seen: set[tuple[int, int]] = set()
    async with asyncio.timeout(real_servers.PATIENCE_S):
        while True:
            live = (await client.get("/healthz/live")).status_code
            ready = (await client.get("/healthz/ready")).status_code
            if ready == status:
                assert live == 200
                return seen
            seen.add((live, ready))
            await asyncio.sleep(0.05)


async def _serving(fleet: Fleet) -> httpx.AsyncClient:
    async with asyncio.timeout(real_servers.PATIENCE_S):
        while " on http://" not in fleet.text:
            assert fleet.process.poll() is None, fleet.text
            await asyncio.sleep(0.05)
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{fleet.port}", timeout=60)


@pytest.mark.slow
async def test_a_store_that_comes_late_and_goes(
    own_redis: real_servers.Redis, tmp_path: Path
) -> None:
    """Away at the start: it serves, alive and not ready, and recovers each time."""
    own_redis.stop()
    with fleet_of(SERVE, tmp_path, QUART_JWT_STORE_URL=own_redis.url) as fleet:
        async with await _serving(fleet) as client:
            assert await _until(client, 503) == set()
            login = {"username": "nobody", "password": "a password"}
            # Attempts are counted in the store: nobody gets in uncounted.
            assert (await client.post("/login", json=login)).status_code == 503
            own_redis.start()
            assert await _until(client, 200) == {(200, 503)}
            own_redis.stop()
            assert await _until(client, 503) <= {(200, 200)}
            own_redis.start()
            assert await _until(client, 200) == {(200, 503)}


@pytest.mark.slow
async def test_a_database_that_goes_and_comes_back(
    own_postgresql: real_servers.PostgreSQL, tmp_path: Path
) -> None:
    """Ready follows it both ways, and the process lives through all of it."""
    environ = {"QUART_JWT_DATABASE_URL": own_postgresql.url("service")}
    done = await asyncio.to_thread(
        CliRunner().invoke, commands.cli, ["db", "upgrade"], env=environ
    )
    assert done.exit_code == 0, done.output
    with fleet_of(SERVE, tmp_path, **environ) as fleet:
        async with await _serving(fleet) as client:
            assert await _until(client, 200) == set()
            own_postgresql.stop()
            assert await _until(client, 503) <= {(200, 200)}
            own_postgresql.start()
            assert await _until(client, 200) == {(200, 503)}
    assert "Traceback" not in fleet.text


@pytest.mark.slow
async def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """Every question is answered, nothing can be written, and nobody can sign in."""
    with fleet_of(SERVE, tmp_path) as fleet:
        async with await _serving(fleet) as client:
            assert await _until(client, 200) == set()
            pid = fleet.process.pid
            limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))
            assert await _until(client, 503) <= {(200, 200)}
            assert (await client.get("/healthz")).status_code == 200
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
            assert await _until(client, 200) == {(200, 503)}


@pytest.mark.slow
async def test_a_postgresql_that_may_only_be_read(
    own_postgresql: real_servers.PostgreSQL, tmp_path: Path
) -> None:
    """As after a failover to a standby."""
    environ = {"QUART_JWT_DATABASE_URL": own_postgresql.url("service")}
    done = await asyncio.to_thread(
        CliRunner().invoke, commands.cli, ["db", "upgrade"], env=environ
    )
    assert done.exit_code == 0, done.output
    with fleet_of(SERVE, tmp_path, **environ) as fleet:
        async with await _serving(fleet) as client:
            assert await _until(client, 200) == set()
            for setting, status in (("on", 503), ("off", 200)):
                own_postgresql.run(
                    f"ALTER SYSTEM SET default_transaction_read_only = {setting}"
                )
                own_postgresql.run("SELECT pg_reload_conf()")
                await _until(client, status)
            assert (await client.get("/healthz")).status_code == 200


@pytest.mark.slow
async def test_a_redis_that_is_full(
    own_redis: real_servers.Redis, tmp_path: Path
) -> None:
    """It answers questions and refuses whatever would take memory."""
    with fleet_of(SERVE, tmp_path, QUART_JWT_STORE_URL=own_redis.url) as fleet:
        async with await _serving(fleet) as client:
            assert await _until(client, 200) == set()
            for limit, status in (("1", 503), ("0", 200)):
                own_redis.run("CONFIG", "SET", "maxmemory", limit)
                await _until(client, status)
