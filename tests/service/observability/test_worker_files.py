import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from quart_jwt.service.observability.exposition import Exposition
from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.worker_files import DIRECTORY
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
    environ = {**os.environ, **files.environ()}
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=environ)  # noqa: S603 - our own program
    assert worker.wait(60) == 0
    return worker.pid


def _page(path: Path) -> Scrape:
    registry = CollectorRegistry(auto_describe=False)
    MultiProcessCollector(registry, str(path))  # type: ignore[no-untyped-call] # it has no types
    return scrape(generate_latest(registry).decode())


def _holds(seen: Scrape, workers: int) -> None:
    code = {"door": "endpoint", "code": "not_found"}
    assert seen.value("quart_jwt_refusals_total", **code) == 3 * workers
    lag = "quart_jwt_event_loop_lag_seconds"
    assert seen.value(f"{lag}_count") == workers
    assert seen.value(f"{lag}_bucket", le="0.01") == 0
    assert seen.value(f"{lag}_bucket", le="0.025") == workers


def test_counts_stay_and_gauges_go(tmp_path: Path) -> None:
    """What a worker has counted outlives it, and that it was there does not."""
    files = WorkerFiles(tmp_path)
    for dead in range(3):
        pid = _worker(files)
        before = _page(tmp_path)
        _holds(before, dead + 1)
        assert before.value("quart_jwt_processes") == 1
        files.ended(pid)
        after = _page(tmp_path)
        _holds(after, dead + 1)
        assert after.value("quart_jwt_processes") == 0


def test_a_worker_that_counted_nothing(tmp_path: Path) -> None:
    """It may have died before it had a file."""
    WorkerFiles(tmp_path).ended(7)
    assert list(tmp_path.iterdir()) == []


# when the place is gone -----------------------------------------------------


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    """No end of a worker fails for it, and the next start makes it."""
    place = tmp_path / "metrics"
    files = WorkerFiles(place)
    files.ended(7)
    pid = _worker(files)
    assert place.stat().st_mode & 0o777 == 0o700
    files.ended(pid)
    _holds(_page(place), 1)


def _link(place: Path) -> None:
    (place.parent / "elsewhere").mkdir(0o700)
    place.symlink_to(place.parent / "elsewhere")


def _open(place: Path) -> None:
    place.mkdir()
    place.chmod(0o701)


@pytest.mark.parametrize("plant", [_link, _open, Path.touch])
def test_what_others_may_have_put_there(
    tmp_path: Path, plant: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """A worker gets no directory that is not surely private, and the log says so."""
    place = tmp_path / "metrics"
    plant(place)
    assert WorkerFiles(place).environ() == {}
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_page_without_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It has what this worker knows, which is said once."""
    monkeypatch.setenv(DIRECTORY, str(tmp_path / "gone"))
    metrics = Metrics()
    metrics.refused("endpoint", "not_found")
    exposition = Exposition(metrics)
    for _ in range(2):
        body, _media_type = await exposition.page("")
        code = {"door": "endpoint", "code": "not_found"}
        assert scrape(body.decode()).value("quart_jwt_refusals_total", **code) == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def _second_file(path: Path) -> Callable[[], None]:
    """Make an empty file; return what gives it the content of the first."""
    (made,) = path.glob("counter_*.db")
    begun = path / "counter_7.db"
    begun.touch()

    def finish() -> None:
        begun.write_bytes(made.read_bytes())

    return finish


async def test_a_page_while_a_worker_makes_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The file is empty for a moment: the page still counts for all workers."""
    _worker(WorkerFiles(tmp_path))
    finish = _second_file(tmp_path)
    monkeypatch.setenv(DIRECTORY, str(tmp_path))
    exposition = Exposition(Metrics(), lambda _pause_s: finish())
    body, _media_type = await exposition.page("")
    code = {"door": "endpoint", "code": "not_found"}
    assert scrape(body.decode()).value("quart_jwt_refusals_total", **code) == 6
    assert caplog.records == []


async def test_a_page_with_a_broken_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands in a file, there is a page."""
    monkeypatch.setenv(DIRECTORY, str(tmp_path))
    (tmp_path / "counter_7.db").write_bytes(b"\x40")
    body, _media_type = await Exposition(Metrics(), lambda _pause_s: None).page("")
    assert b"quart_jwt_processes" in body
