"""
What the process model keeps to under load: the numbers of docs/operate/operations.md.

``make test-slow ARGS="-n0 --log-cli-level=INFO -k workers_under_load"``
shows them for your machine.
"""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from quart_jwt.service.serving.descriptors import raise_descriptor_limit
from service.fleet import COMMAND
from service.fleet import Fleet
from service.fleet import fleet_of
from service.fleet import gone
from service.fleet import PACED
from service.fleet import until
from service.load import asked
from service.load import Load

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _served_on_each_loop(on_each_loop: None) -> None:
    """All of these, on uvloop and on asyncio's own."""


measured = logging.getLogger("measured")


@pytest.fixture(name="paced")
def _paced(tmp_path: Path) -> Iterator[Fleet]:
    hypercorn = "graceful_timeout = 10\nkeep_alive_timeout = 5\n"
    with fleet_of(PACED, tmp_path, hypercorn) as fleet:
        yield fleet


@pytest.mark.parametrize("to", ["supervisor", "group"])
async def test_a_hundred_requests_in_flight_at_sigterm(paced: Fleet, to: str) -> None:
    """All of them are answered, then the exit status is 0, and connects are refused."""
    await paced.serving()
    load = Load(port=paced.port, keep_alive=True, path="/slow", ends_when_refused=True)
    async with load.running(connections=100):
        await paced.in_flight(100)
        began = time.monotonic()
        send = paced.send if to == "supervisor" else paced.send_to_group
        send(signal.SIGTERM)
        status = await paced.ended()
    assert status == 0
    # On a slow machine some have asked again before the signal was heard; who connects
    # while the listener closes is reset.
    assert {one for one in load.failed if "ConnectionResetError" not in one} == set()
    assert load.answered.total() >= 100
    assert load.refused == 100
    measured.info("%s", f"SIGTERM to the {to}: {time.monotonic() - began:.1f} s")


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "close"])
async def test_sigterm_under_load(paced: Fleet, keep_alive: bool) -> None:
    """What was accepted is answered; later connections are refused, or reset."""
    await paced.serving()
    load = Load(port=paced.port, keep_alive=keep_alive, ends_when_refused=True)
    async with load.running(connections=8):
        await load.answers(2000)
        paced.send_to_group(signal.SIGTERM)
        assert await paced.ended() == 0
    measured.info("%s", f"SIGTERM under load: {load.summary}")
    # What the kernel had taken and nobody had accepted is reset with the address.
    assert all("reset by peer" in each for each in load.failed)
    assert len(load.failed) <= 8
    assert load.refused == 8


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "close"])
async def test_sighup_under_load(paced: Fleet, keep_alive: bool) -> None:
    """Every worker is replaced, three times over, and no request fails."""
    await paced.serving()
    load = Load(port=paced.port, keep_alive=keep_alive)
    async with load.running(connections=8):
        for turn in (1, 2, 3):
            old = paced.workers
            paced.send(signal.SIGHUP)
            await paced.serving(2 + 2 * turn)
            await gone(old)
        await load.answers(500)
    measured.info("%s", f"3 x SIGHUP under load: {load.summary}")
    assert load.failed == []


async def test_idle_connections_survive_a_restart(tmp_path: Path) -> None:
    """A client that asks now and then is told to close, and is never reset."""
    hypercorn = "graceful_timeout = 5\nkeep_alive_timeout = 3\n"
    with fleet_of(PACED, tmp_path, hypercorn) as fleet:
        await fleet.serving()
        load = Load(port=fleet.port, keep_alive=True, pause_s=1)
        async with load.running(connections=50):
            await load.answers(100)
            fleet.send(signal.SIGHUP)
            await fleet.serving(4)
            await until(lambda: len(fleet.workers) == 2, "the old ones have ended")
            await load.answers(100)
    measured.info("%s", f"SIGHUP, one request a second: {load.summary}")
    assert load.failed == []


async def test_a_killed_worker_is_replaced(paced: Fleet) -> None:
    """The time is that of starting an interpreter and importing the service."""
    await paced.serving()
    load = Load(port=paced.port, keep_alive=False, pause_s=0.01)
    async with load.running(connections=4):
        await load.answers(100)
        began = time.monotonic()
        os.kill(paced.workers[0], signal.SIGKILL)
        await paced.serving(3)
        took_s = time.monotonic() - began
    measured.info("%s", f"SIGKILL under load: {took_s:.1f} s, {load.summary}")


async def test_a_stuck_handler_is_killed_five_seconds_after_the_grace_time(
    tmp_path: Path,
) -> None:
    """No Python waits longer; the others finish, and the exit status is 1."""
    with fleet_of(PACED, tmp_path, "graceful_timeout = 2\n") as fleet:
        await fleet.serving()
        _, writer = await asked(fleet.port, "/stuck")
        await fleet.in_flight(1)
        began = time.monotonic()
        fleet.send(signal.SIGTERM)
        assert await fleet.ended() == 1
        took_s = time.monotonic() - began
        writer.close()
    measured.info("%s", f"stuck handler, 2 s of grace: {took_s:.1f} s")
    assert took_s >= 2 + 5
    assert "paced_app.py" in fleet.text  # it says where it was stuck
    assert "killed at shutdown: 1" in fleet.text


async def test_one_process_ends_as_well(tmp_path: Path) -> None:
    """Without a supervisor a login under way is finished, a stuck one is cut off."""
    command = [*COMMAND, "serve", "--port", "0"]
    with fleet_of(command, tmp_path, "graceful_timeout = 2\n") as fleet:
        await fleet.says(" on http://")
        reader, writer = await asyncio.open_connection("127.0.0.1", fleet.port)
        head = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: 9\r\n\r\n{{".encode())
        unfinished = await asyncio.open_connection("127.0.0.1", fleet.port)
        unfinished[1].write(f"{head}Content-Length: 9\r\n\r\n{{".encode())
        await writer.drain()
        await unfinished[1].drain()
        fleet.send(signal.SIGTERM)
        await until(lambda: _refuses(fleet.port), "the stop has begun")
        writer.write(b'"a": 1}\n')
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
        assert await fleet.ended() == 0
        writer.close()
        unfinished[1].close()
    assert "the grace period is over: 1 requests were aborted" in fleet.text


def _refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


async def test_a_hung_worker_is_replaced(paced: Fleet) -> None:
    """The other one serves meanwhile, and the log says where it hung."""
    await paced.serving()
    _, writer = await asked(paced.port, "/hang")
    await paced.in_flight(1)
    began = time.monotonic()
    load = Load(port=paced.port, keep_alive=True)
    async with load.running():
        await paced.serving(3)
    writer.close()
    measured.info("%s", f"hung, 5 s allowed: {time.monotonic() - began:.1f} s")
    assert "has not answered for 5 s: killed" in paced.text
    assert "_hang" in paced.text


async def test_two_thousand_clients_at_once(tmp_path: Path) -> None:
    """All connect in one burst, and stay; each is answered when it asks."""
    raise_descriptor_limit()
    with fleet_of(PACED, tmp_path, "keep_alive_timeout = 60\n") as fleet:
        await fleet.serving()
        before_kib = sum(map(_memory_kib, fleet.workers))
        began = time.monotonic()
        clients = await asyncio.gather(*(asked(fleet.port, "/") for _ in range(2000)))
        answers = await asyncio.gather(*(reader.readline() for reader, _ in clients))
        took_s = time.monotonic() - began
        grown_kib = sum(map(_memory_kib, fleet.workers)) - before_kib
        for _, writer in clients:
            writer.close()
    each_kib = grown_kib / len(clients)
    measured.info("%s", f"2,000 at once: {took_s:.1f} s, {each_kib:.0f} KiB each")
    assert set(answers) == {b"HTTP/1.1 200 \r\n"}
    assert each_kib <= 45


def _memory_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
