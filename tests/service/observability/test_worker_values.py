"""Where a worker counts: without holes, and without an end on a full disk."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict

from quart_jwt.service.observability.worker_files import DIRECTORY
from quart_jwt.service.observability.worker_values import AllocatedDict
from quart_jwt.service.observability.worker_values import FIRST_SIZE
from service.observability.disk import filled

COUNT = """
import logging
from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.worker_values import say_what_is_lost
logging.basicConfig()
metrics = Metrics()
print("begun", flush=True)
input()
for number in range(600):
    metrics._events.labels(f"event {number}", "x" * 200).inc()
metrics._events.labels("event 0", "x" * 200).inc()
for _ in range(2):
    say_what_is_lost()
labels = {"event": "event 0", "reason": "x" * 200}
value = metrics.registry.get_sample_value("quart_jwt_security_events_total", labels)
print(value, metrics.registry.get_sample_value("quart_jwt_processes"))
"""
"""The events fill more than the first pages of their file."""

LOST = "metrics of this worker are lost from now on: No space left on device"


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_every_page_is_there(tmp_path: Path, extra: int) -> None:
    """No file has a hole, neither new nor grown; the last entry makes it grow."""
    path = tmp_path / "counter_7.db"
    values = AllocatedDict(str(path))
    assert _holes(path) == 0
    for number in range(FIRST_SIZE // 64 + extra):
        values.write_value(f"{number:036}", 1.0, 0.0)  # type: ignore[no-untyped-call] # it has no types
        assert _holes(path) == 0
    values.close()  # type: ignore[no-untyped-call] # the same
    found = list(MmapedDict.read_all_values_from_file(str(path)))  # type: ignore[no-untyped-call] # the same
    assert len(found) == FIRST_SIZE // 64 + extra
    assert path.stat().st_size == (FIRST_SIZE if extra < 0 else 2 * FIRST_SIZE)


def _holes(path: Path) -> int:
    found = path.stat()
    return max(0, found.st_size - 512 * found.st_blocks)


def _counting(place: Path) -> "subprocess.Popen[str]":
    environ = {**os.environ, DIRECTORY: str(place)}
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", COUNT],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _survived(worker: "subprocess.Popen[str]") -> str:
    out, said = worker.communicate("\n", timeout=60)
    assert worker.returncode != -signal.SIGBUS
    assert worker.returncode == 0, said
    assert out.splitlines()[-1] == "2.0 0.0"
    return said


def test_a_worker_that_begins_on_a_full_disk(small_disk: Path) -> None:
    """It counts in memory, and says once that others do not see it."""
    with filled(small_disk):
        assert _survived(_counting(small_disk)).count(LOST) == 1


def test_a_disk_that_is_full_later(small_disk: Path) -> None:
    """It goes on with what it has counted."""
    worker = _counting(small_disk)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "begun\n"
    with filled(small_disk):
        assert _survived(worker).count(LOST) == 1


def test_a_disk_with_room(small_disk: Path) -> None:
    """Nothing is lost, and nothing is said."""
    assert LOST not in _survived(_counting(small_disk))
