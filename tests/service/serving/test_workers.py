"""``quart-jwt serve --workers`` in processes of its own: ends, deaths, restarts."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.fleet import COMMAND
from service.fleet import Fleet
from service.fleet import fleet_of
from service.fleet import gone
from service.fleet import PACED
from service.fleet import SERVICE
from service.fleet import until
from service.load import asked
from service.load import Load

pytestmark = pytest.mark.usefixtures("on_each_loop")

QUICKLY = "graceful_timeout = 10\nkeep_alive_timeout = 5\n"


@pytest.fixture(name="paced")
def _paced(tmp_path: Path) -> Iterator[Fleet]:
    with fleet_of(PACED, tmp_path, QUICKLY) as fleet:
        yield fleet


async def test_the_real_service_with_two_workers(tmp_path: Path) -> None:
    """One banner, one demo account that all workers know, a log of whole lines."""
    with fleet_of(SERVICE, tmp_path, QUICKLY, QUART_JWT_MODE="development") as fleet:
        await fleet.serving()
        password = re.findall(r"^  password  (\S+)$", fleet.text, re.MULTILINE)
        assert len(password) == 1
        login = {"username": "demo", "password": password[0]}
        url = f"http://127.0.0.1:{fleet.port}"
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            assert (await client.post("/login", json=login)).status_code == 200
        load = Load(port=fleet.port, keep_alive=False, path="/healthz")
        async with load.running(connections=8):
            await load.answers(200)
        workers = fleet.workers
        fleet.send(signal.SIGTERM)
        assert await fleet.ended() == 0
    assert load.failed == []
    lines = re.findall(
        r"^[\d-]{10} [\d:]{8} INFO hypercorn\.access: 127\.0\.0\.1:\d+ "
        r'"GET /healthz 1\.1" 200 \d+ [\d.]+ <(\d+)>$',
        fleet.text,
        re.MULTILINE,
    )
    assert load.answered.total() == len(lines)
    assert {str(worker) for worker in workers} == set(lines)


@pytest.mark.slow
async def test_sigterm_to_the_group_finishes_what_is_in_flight(paced: Fleet) -> None:
    """Everybody hears it, the supervisor says it again, and nothing is dropped."""
    await paced.serving()
    load = Load(port=paced.port, keep_alive=True, path="/slow", ends_when_refused=True)
    async with load.running(connections=8):
        await paced.in_flight(8)
        paced.send_to_group(signal.SIGTERM)
    assert await paced.ended() == 0
    assert (load.answered.total(), load.failed) == (8, [])


@pytest.mark.slow
async def test_workers_read_the_settings_file_that_the_command_names(
    tmp_path: Path,
) -> None:
    """Also by a relative path, and anew on SIGHUP."""
    file = tmp_path / "settings.toml"
    file.write_text('issuer = "https://before.example"\n')
    command = [*COMMAND, "--settings", file.name, *SERVICE[len(COMMAND) :]]
    with fleet_of(command, tmp_path, QUICKLY) as fleet:
        await fleet.serving()
        assert await _issuer(fleet) == "https://before.example"
        file.write_text('issuer = "https://after.example"\n')
        fleet.send(signal.SIGHUP)
        await fleet.serving(started=4)
        await gone(fleet.started[:2])
        assert await _issuer(fleet) == "https://after.example"


async def _issuer(fleet: Fleet) -> str:
    url = f"http://127.0.0.1:{fleet.port}/.well-known/openid-configuration"
    async with httpx.AsyncClient(timeout=60) as client:
        return str((await client.get(url)).json()["issuer"])


async def test_a_killed_worker_is_replaced_while_the_other_serves(
    paced: Fleet,
) -> None:
    """SIGKILL costs at most what the worker was answering."""
    await paced.serving()
    victim, survivor = paced.workers
    load = Load(port=paced.port, keep_alive=False)
    async with load.running():
        await load.answers(50)
        os.kill(victim, signal.SIGKILL)
        await load.answers(50)
        await paced.serving(3)
        await load.answers(200)
    assert len(load.failed) <= 4  # one for each connection of the load
    assert paced.process.poll() is None
    assert survivor in paced.workers
    assert str(paced.started[2]) in load.answered
    assert f"worker {victim} was ended by SIGKILL" in paced.text


async def test_workers_do_not_outlive_a_killed_supervisor(paced: Fleet) -> None:
    """They notice at once, finish, and the address is free again."""
    await paced.serving()
    workers, port = paced.workers, paced.port
    paced.process.kill()
    await gone(workers)
    assert "Traceback" not in paced.text
    with socket.create_server(("127.0.0.1", port)):
        pass


@pytest.mark.slow
async def test_sighup_replaces_every_worker(paced: Fleet) -> None:
    """The process ids change, the supervisor and its port stay."""
    await paced.serving()
    before = paced.workers
    load = Load(port=paced.port, keep_alive=True)
    async with load.running():
        await load.answers(50)
        paced.send_to_group(signal.SIGHUP)
        await paced.serving(4)
        await gone(before)
        await load.answers(50)
    assert load.failed == []
    assert len(paced.workers) == 2
    assert paced.process.poll() is None


@pytest.mark.slow
async def test_a_fresh_worker_that_cannot_start_leaves_the_old_ones(
    paced: Fleet, tmp_path: Path
) -> None:
    """A broken setting at SIGHUP is a log line, and the service goes on."""
    await paced.serving()
    before = paced.workers
    (tmp_path / "hypercorn.toml").write_text("kep_alive = 1\n")
    paced.send(signal.SIGHUP)
    await paced.says("a fresh worker cannot serve: it ended with status 1")
    assert "did you mean keep_alive" in paced.text
    assert before == paced.workers


@pytest.mark.slow
async def test_a_first_worker_that_cannot_start_ends_the_start(tmp_path: Path) -> None:
    """Its own sentence, then the supervisor's, and exit status 1."""
    with fleet_of(PACED, tmp_path, PACED_APP_FAILS="1") as fleet:
        assert await fleet.ended() == 1
    assert "Error: the application could not start: " in fleet.text
    assert "no luck" in fleet.text
    assert fleet.text.endswith(
        "Error: the first worker cannot serve: it ended with status 1\n"
    )
    assert "Traceback" not in fleet.text


@pytest.mark.slow
async def test_a_second_signal_ends_at_once(paced: Fleet) -> None:
    """Who asks twice does not wait for the requests in flight."""
    await paced.serving()
    reader, writer = await asked(paced.port, "/stuck")
    await paced.in_flight(1)
    paced.send(signal.SIGINT)
    await until(lambda: len(paced.workers) == 1, "the idle one has ended")
    paced.send(signal.SIGINT)
    assert await paced.ended() == 1
    assert "killed at shutdown: 1" in paced.text
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
