import fcntl
import os
import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client import generate_latest

from quart_jwt.service.observability.exposition import _Files
from quart_jwt.service.observability.worker_files import locked
from quart_jwt.service.observability.worker_files import WorkerFiles
from service.observability.scrape import Scrape
from service.observability.scrape import scrape

WORKER = """
from quart_jwt.service.observability.metrics import Metrics
metrics = Metrics()
metrics.refused("endpoint", "not_found", 3)
metrics.processes.set(1)
metrics.loop_lag.observe(0.02)
"""


def _worker(files: WorkerFiles) -> int:
    """Let a worker live and die; give its process id."""
    environ = {**os.environ, **files.environ}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=environ)  # noqa: S603 - our own program
    assert worker.wait(60) == 0
    return worker.pid


def _page(path: Path) -> Scrape:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Files(path))
    return scrape(generate_latest(registry).decode())


def _holds(seen: Scrape, workers: int) -> None:
    code = {"door": "endpoint", "code": "not_found"}
    assert seen.value("quart_jwt_refusals_total", **code) == 3 * workers
    lag = "quart_jwt_event_loop_lag_seconds"
    assert seen.value(f"{lag}_count") == workers
    assert seen.value(f"{lag}_bucket", le="0.01") == 0
    assert seen.value(f"{lag}_bucket", le="0.025") == workers


def test_the_dead_are_added_up(tmp_path: Path) -> None:
    """Counts stay, gauges go, and there are not more files than before."""
    files = WorkerFiles(tmp_path)
    for dead in range(3):
        pid = _worker(files)
        before = _page(tmp_path)
        _holds(before, dead + 1)
        assert before.value("quart_jwt_processes") == 1
        files.ended(pid)
        _holds(_page(tmp_path), dead + 1)
        assert _page(tmp_path).value("quart_jwt_processes") == 0
        names = {file.name for file in tmp_path.iterdir()}
        assert names == {"counter_0.db", "histogram_0.db", "lock"}


def test_nobody_waits_for_a_reader(tmp_path: Path) -> None:
    """While a page is made nothing is taken away; the next end does it."""
    files = WorkerFiles(tmp_path)
    first = _worker(files)
    with locked(tmp_path, fcntl.LOCK_SH) as is_locked:
        assert is_locked
        files.ended(first)
        assert (tmp_path / f"counter_{first}.db").exists()
        _holds(_page(tmp_path), 1)
    second = _worker(files)
    files.ended(second)
    _holds(_page(tmp_path), 2)
    assert not (tmp_path / f"counter_{first}.db").exists()


def test_a_worker_that_counted_nothing(tmp_path: Path) -> None:
    """It may have died before it had a file, or with an empty one."""
    files = WorkerFiles(tmp_path)
    (tmp_path / "counter_7.db").touch()
    files.ended(7)
    files.ended(8)
    assert {file.name for file in tmp_path.iterdir()} == {"lock"}
