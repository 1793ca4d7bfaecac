"""``/metrics`` of several real workers: sums, deaths, restarts."""

import os
import shutil
import signal
from collections.abc import AsyncIterator
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.fleet import Fleet
from service.fleet import fleet_of
from service.fleet import gone
from service.fleet import SERVICE
from service.fleet import until
from service.load import Load
from service.observability.scrape import Scrape
from service.observability.scrape import scrape

EVENTS = "quart_jwt_security_events_total"
DURATIONS = "quart_jwt_request_duration_seconds_count"
REFUSALS = "quart_jwt_refusals_total"
WRONG = {"username": "nobody", "password": "a wrong password"}
QUICKLY = "graceful_timeout = 10\nkeep_alive_timeout = 5\n"


@pytest.fixture(name="fleet")
def _fleet(tmp_path: Path) -> Iterator[Fleet]:
    place = tmp_path / "tmp"
    place.mkdir()
    with fleet_of(
        SERVICE, tmp_path, QUICKLY, TMPDIR=str(place), QUART_JWT_THROTTLE="false"
    ) as fleet:
        yield fleet


async def _ask(fleet: Fleet, method: str, path: str, **arguments: object) -> bytes:
    """Ask on a connection of its own, so that any worker may answer."""
    url = f"http://127.0.0.1:{fleet.port}"
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        response = await client.request(method, path, **arguments)  # type: ignore[arg-type] # passed through
        assert response.status_code in {200, 401}
        return response.content


async def _scraped(fleet: Fleet) -> Scrape:
    return scrape((await _ask(fleet, "GET", "/metrics")).decode())


async def _refuse(fleet: Fleet, times: int) -> None:
    for _ in range(times):
        await _ask(fleet, "POST", "/login", json=WRONG)


async def _both_asked(fleet: Fleet) -> int:
    """Have logins refused until each worker has refused some; give how many."""
    asked = 0
    while len(_answering(fleet)) < 2:
        await _refuse(fleet, 5)
        asked += 5
        assert asked < 1_000
    return asked


def _answering(fleet: Fleet) -> set[str]:
    return {
        line.rpartition("<")[2].rstrip(">")
        for line in fleet.text.splitlines()
        if '"POST /login 1.1" 401' in line
    }


async def test_metrics_add_up_over_workers_and_outlive_them(
    fleet: Fleet, tmp_path: Path
) -> None:
    """What a killed worker has counted stays, and that it was there goes."""
    await fleet.serving()
    asked = await _both_asked(fleet)
    before = await _scraped(fleet)
    refused = {"event": "sign_in_refused", "reason": "unknown_user"}
    assert before.value(EVENTS, **refused) == asked
    login = {"route": "/login", "status": "4xx"}
    assert before.value(DURATIONS, **login) == asked
    assert before.value("quart_jwt_processes") == 2
    limit = before.value("quart_jwt_password_hashes_max")
    assert limit >= 2 * 65

    victim = fleet.workers[0]
    os.kill(victim, signal.SIGKILL)
    await fleet.serving(3)
    after = await _scraped(fleet)
    assert after.value(EVENTS, **refused) == asked
    assert after.value(DURATIONS, **login) == asked
    assert after.value("quart_jwt_processes") == 2
    assert limit == after.value("quart_jwt_password_hashes_max")

    await _refuse(fleet, 10)
    assert (await _scraped(fleet)).value(EVENTS, **refused) == asked + 10
    fleet.send(signal.SIGTERM)
    assert await fleet.ended() == 0
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
async def test_scrapes_while_workers_are_replaced(fleet: Fleet) -> None:
    """Under SIGHUP every scrape is answered, and no counter ever goes down."""
    await fleet.serving()
    before = fleet.workers
    await _refuse(fleet, 20)
    load = Load(port=fleet.port, keep_alive=False, path="/metrics")
    async with load.running(connections=2):
        await load.answers(20)
        fleet.send(signal.SIGHUP)
        async for seen in _scrapes_until_replaced(fleet):
            assert seen.total(EVENTS, event="sign_in_refused") == 20
        await gone(before)
    assert load.failed == []
    await until(lambda: len(fleet.workers) == 2, "two workers")
    assert (await _scraped(fleet)).value("quart_jwt_processes") == 2


async def _scrapes_until_replaced(fleet: Fleet) -> AsyncIterator[Scrape]:
    while len(fleet.started) < 4:
        yield await _scraped(fleet)
    yield await _scraped(fleet)


async def test_no_page_where_nobody_reads(tmp_path: Path) -> None:
    """With ``none`` there is no page."""
    with fleet_of(SERVICE, tmp_path, QUICKLY, QUART_JWT_METRICS_FROM="none") as fleet:
        await fleet.serving()
        url = f"http://127.0.0.1:{fleet.port}/metrics"
        async with httpx.AsyncClient(timeout=60) as client:
            assert (await client.get(url)).status_code == 404


async def test_a_start_without_a_place_for_metrics(tmp_path: Path) -> None:
    """One sentence; it serves, and each worker shows its own."""
    nowhere = "import tempfile; tempfile.tempdir = '/proc/nowhere'\n"
    (tmp_path / "sitecustomize.py").write_text(nowhere)
    path = f"{tmp_path}:{Path(__file__).parents[2]}"
    with fleet_of(SERVICE, tmp_path, QUICKLY, PYTHONPATH=path) as fleet:
        await fleet.serving()
        assert (await _scraped(fleet)).value("quart_jwt_processes") == 1
        fleet.send(signal.SIGTERM)
        assert await fleet.ended() == 0
    assert fleet.text.count("no directory can be created for metrics") == 1


@pytest.mark.slow
async def test_a_directory_that_goes_away(fleet: Fleet, tmp_path: Path) -> None:
    """A worker ends after somebody has removed it: the service stays, and heals."""
    await fleet.serving()
    (directory,) = (tmp_path / "tmp").iterdir()
    shutil.rmtree(directory)
    await _scraped(fleet)
    for started, victim in enumerate(fleet.workers, start=3):
        os.kill(victim, signal.SIGKILL)
        await fleet.serving(started)
    assert (await _scraped(fleet)).value("quart_jwt_processes") == 2
    fleet.send(signal.SIGTERM)
    assert await fleet.ended() == 0
