"""The supervisor in this process, its workers in real ones of their own."""

import asyncio
import errno
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.errors import StopError
from quart_jwt.service.serving.keeper import keep
from quart_jwt.service.serving.limits import WorkerLimits
from quart_jwt.service.serving.server_config import make_config
from quart_jwt.service.serving.supervisor import pause_s
from quart_jwt.service.serving.supervisor import Supervisor
from quart_jwt.service.serving.worker_command import WorkerCommand
from quart_jwt.service.serving.worker_process import WorkerProcess
from quart_jwt.service.serving.workers import prepared_job
from quart_jwt.service.settings.settings import Settings
from service.fleet import is_alive
from service.fleet import until
from service.load import asked

pytestmark = pytest.mark.usefixtures("kept_logging", "paced_workers")

QUIET = {"accesslog": None, "graceful_timeout": 5, "keep_alive_timeout": 1}
LIMITS = WorkerLimits(start_s=60, grace_s=5, idle_s=1)


@pytest.fixture(name="paced_workers")
def _paced_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers find the tests' application."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


class Watched:
    """A supervisor that a test watches from outside."""

    def __init__(self, log: pytest.LogCaptureFixture) -> None:
        log.set_level(logging.INFO, "quart_jwt")
        self._log = log
        self.workers: list[WorkerProcess] = []
        self.bound = socket.create_server(("127.0.0.1", 0))
        self.command = WorkerCommand(
            application="service.paced_app:app", plain=[self.bound.fileno()]
        )
        self.supervisor = Supervisor(self._launch, count=1, limits=LIMITS)
        self.running: asyncio.Task[None] | None = None
        self.failures = 0

    async def _launch(self) -> WorkerProcess:
        if self.failures:
            self.failures -= 1
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        worker = await WorkerProcess.start(self.command, silent_after_s=60)
        self.workers.append(worker)
        return worker

    @property
    def port(self) -> int:
        """Where the workers listen."""
        return int(self.bound.getsockname()[1])

    async def run(self) -> None:
        """Run it until the first worker serves."""
        started = asyncio.Event()
        running = self.supervisor.run(started=started.set, ending=self.bound.close)
        self.running = asyncio.create_task(running)
        await started.wait()

    async def stop(self) -> None:
        """Stop it; no worker is left."""
        assert self.running is not None
        self.supervisor.stop()
        await asyncio.wait_for(self.running, 60)
        assert not any(is_alive(worker.pid) for worker in self.workers)

    async def says(self, text: str) -> None:
        """Wait for a line of its log."""
        await until(lambda: text in self._log.text, text)

    async def serves(self, number: int) -> WorkerProcess:
        """Wait until the worker of that number serves."""
        await until(lambda: len(self.workers) > number, "another worker")
        await self.says(f"worker {self.workers[number].pid} serves")
        return self.workers[number]


@pytest.fixture(name="watched")
async def _watched(caplog: pytest.LogCaptureFixture) -> AsyncIterator[Watched]:
    watched = Watched(caplog)
    yield watched
    watched.bound.close()
    for worker in watched.workers:
        worker.kill()
        await worker.ended()


@pytest.mark.parametrize(
    ("deaths", "seconds"),
    [(0, 0), (1, 0), (2, 1), (3, 2), (4, 4), (6, 16), (7, 30), (1000, 30)],
)
def test_the_pause_grows_with_quick_deaths(deaths: int, seconds: float) -> None:
    """The first death costs no time, a crash loop costs little of the machine."""
    assert seconds == pause_s(deaths)


def test_the_limits_of_a_worker() -> None:
    """A worker ends itself five seconds after the grace time; then it is killed."""
    limits = WorkerLimits(start_s=60, grace_s=10, idle_s=15)
    assert (limits.stop_s, limits.drain_s) == (10 + 5 + 2, 15 + 10 + 5 + 2)


async def test_a_killed_worker_has_a_successor(watched: Watched) -> None:
    """As often as it happens."""
    await watched.run()
    (await watched.serves(0)).kill()
    (await watched.serves(1)).kill()
    await watched.says(f"worker {watched.workers[1].pid} was ended by SIGKILL")
    await watched.says("the next worker is started in 1 s")
    await watched.serves(2)
    await watched.stop()


async def test_a_stop_does_not_wait_for_the_pause(watched: Watched) -> None:
    """Who wants the end gets no more workers."""
    await watched.run()
    watched.supervisor._quick_deaths = 1000
    (await watched.serves(0)).kill()
    await watched.says("the next worker is started in 30 s")
    await watched.stop()
    assert len(watched.workers) == 1


@pytest.mark.slow
async def test_a_worker_that_fails_at_its_start_is_tried_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the fault is gone, the service is whole again."""
    await watched.run()
    first = await watched.serves(0)
    monkeypatch.setenv("PACED_APP_FAILS", "1")
    first.kill()
    await until(lambda: len(watched.workers) > 1, "the second")
    await watched.says(f"worker {watched.workers[1].pid} ended with status 1")
    monkeypatch.delenv("PACED_APP_FAILS")
    await watched.serves(2)
    await watched.stop()


async def test_a_system_that_is_short_of_processes_is_asked_again(
    watched: Watched,
) -> None:
    """A worker that cannot be forked now may be a second later."""
    await watched.run()
    watched.failures = 2
    (await watched.serves(0)).kill()
    await watched.says("no worker can be started: Resource temporarily unavailable")
    await watched.serves(1)
    await watched.stop()


async def test_a_system_without_processes_is_a_sentence(watched: Watched) -> None:
    """At the start nothing is tried twice."""
    watched.failures = 1
    with pytest.raises(StartError, match="no worker can be started: Resource"):
        await watched.supervisor.run(started=_never, ending=_never)


async def test_a_stop_while_no_worker_can_be_started(watched: Watched) -> None:
    """Neither a replacement nor a reload outlasts the wish to end."""
    await watched.run()
    await watched.serves(0)
    watched.failures = 1000
    watched.supervisor.reload()
    await watched.says("the next worker is started in")
    await watched.stop()
    assert len(watched.workers) == 1


async def test_a_reload_drains_the_old_worker(watched: Watched) -> None:
    """The fresh one serves first; then the old one ends, unhurried."""
    await watched.run()
    old = await watched.serves(0)
    reader, writer = await asked(watched.port, "/slow")
    watched.supervisor.reload()
    await watched.serves(1)
    await watched.says(f"worker {old.pid} is finished")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()
    await watched.stop()


async def test_a_reload_that_fails_changes_nothing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old worker goes on, and a later reload works."""
    await watched.run()
    old = await watched.serves(0)
    monkeypatch.setenv("PACED_APP_FAILS", "1")
    watched.supervisor.reload()
    await watched.says("cannot serve: it ended with status 1; the others stay")
    assert is_alive(old.pid)
    monkeypatch.delenv("PACED_APP_FAILS")
    watched.supervisor.reload()
    await watched.serves(2)
    await watched.stop()


@pytest.mark.slow
async def test_a_worker_that_dies_while_its_successor_starts(watched: Watched) -> None:
    """Of two successors one is too many, and leaves."""
    await watched.run()
    old = await watched.serves(0)
    watched.supervisor.reload()
    await until(lambda: len(watched.workers) == 2, "the fresh one is started")
    old.kill()
    await until(lambda: len(watched.workers) == 3, "and another one")
    await watched.says(f"worker {watched.workers[1].pid} is finished")
    await watched.serves(2)
    await watched.stop()


async def test_a_stop_in_the_middle_of_a_reload(watched: Watched) -> None:
    """Old and fresh end, whichever of them serves."""
    await watched.run()
    await watched.serves(0)
    watched.supervisor.reload()
    await until(lambda: len(watched.workers) == 2, "the fresh one is started")
    await watched.stop()


async def test_a_stop_that_meets_a_starting_worker(watched: Watched) -> None:
    """It ends before it has served, and that is no failure."""
    watched.supervisor.stop()
    await asyncio.wait_for(watched.supervisor.run(started=_never, ending=_never), 60)
    assert len(watched.workers) == 1
    assert not is_alive(watched.workers[0].pid)


async def test_two_stops_kill(watched: Watched) -> None:
    """The second one does not wait, and the end is not called a clean one."""
    await watched.run()
    await watched.serves(0)
    _, writer = await asked(watched.port, "/stuck")
    watched.supervisor.stop()
    await asyncio.sleep(0)
    with pytest.raises(StopError, match="killed at shutdown: 1"):
        await watched.stop()
    writer.close()


async def test_a_worker_that_takes_too_long_to_start(watched: Watched) -> None:
    """The limit is the server's own for start-ups."""
    limits = WorkerLimits(start_s=0.01, grace_s=5, idle_s=1)
    supervisor = Supervisor(watched._launch, count=1, limits=limits)
    with pytest.raises(StartError, match="cannot serve: it takes too long"):
        await supervisor.run(started=_never, ending=_never)
    assert not is_alive(watched.workers[0].pid)


def _never() -> None:
    raise AssertionError("nothing has started")


async def test_a_worker_that_does_not_end_is_killed(watched: Watched) -> None:
    """A stopped process does not even get its SIGTERM."""
    worker = await watched._launch()
    assert await worker.is_ready(60)
    os.kill(worker.pid, signal.SIGSTOP)
    worker.stop()
    await worker.end_within(0.1)
    assert worker.end == "was ended by SIGKILL"
    assert worker.was_cut_short
    worker.kill()
    worker.close()


async def test_a_hung_worker_shows_where_and_is_killed(
    watched: Watched, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its traceback names the line on which the event loop hangs."""
    worker = await WorkerProcess.start(watched.command, silent_after_s=2)
    watched.workers.append(worker)
    assert await worker.is_ready(60)
    _, writer = await asked(watched.port, "/hang")
    await asyncio.wait_for(worker.ended(), 60)
    worker.close()
    writer.close()
    assert worker.end == "was ended by SIGKILL"
    await watched.says(f"worker {worker.pid} has not answered for 2 s: killed")
    assert "paced_app.py" in capfd.readouterr().err


async def test_a_command_that_cannot_be_run_leaves_no_channel(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a process there is nobody to talk to."""
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(FileNotFoundError):
        await watched._launch()
    assert watched.workers == []


async def test_serving_with_workers(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Signals stop and reload it, the banner is printed when somebody serves."""
    config = make_config(QUIET, ["127.0.0.1:0"])
    job = await prepared_job(
        settings,
        config,
        count=2,
        banner=lambda address, _demo: f"on {address}",
        application="service.paced_app:app",
    )
    port = int(job.banner.rpartition(":")[2])
    keeping = asyncio.create_task(keep(job))
    printed: list[str] = []

    def is_printed() -> bool:
        printed.append(capsys.readouterr().out)
        return any(printed)

    await until(is_printed, "the banner")
    reader, writer = await asked(port, "/")
    os.kill(os.getpid(), signal.SIGTERM)
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()
    await asyncio.wait_for(keeping, 60)
    assert "".join(printed) == f"{job.banner}\n"
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_quic_is_refused(settings: Settings) -> None:
    """Its datagrams would reach any worker, not the one of their connection."""
    config = make_config({**QUIET, "quic_bind": "127.0.0.1:0"}, ["127.0.0.1:0"])
    banner = partial(pytest.fail, "nothing has started")
    with pytest.raises(StartError, match="quic_bind cannot be shared"):
        await prepared_job(settings, config, count=1, banner=banner)
