"""
The files in which several workers count, so that any of them can answer for all.

The supervisor makes a private directory and removes it at the end. When a worker has
ended, its gauges go, and what it has counted is added to the files of number 0: a page
costs the same after a thousand restarts. Whoever reads holds a shared lock meanwhile,
and nobody waits for it: what cannot be added now is added at the next end.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import mark_process_dead

from quart_jwt.service.errors import StartError
from quart_jwt.service.settings.observability import Observability

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that prometheus-client reads when it is imported."""

LOCK = "lock"
COUNTED = ("counter", "histogram")
DEAD = 0
"""No process has this id."""


@dataclass(frozen=True, slots=True)
class WorkerFiles:
    """
    The directory.

    Attributes:
        path: Where it is.
    """

    path: Path
    _ended: list[int] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """What a worker has to find in its environment."""
        return {DIRECTORY: str(self.path)}

    def ended(self, pid: int) -> None:
        """Take over what a worker that has ended leaves behind."""
        mark_process_dead(pid, str(self.path))  # type: ignore[no-untyped-call] # it has no types
        self._ended.append(pid)
        with locked(self.path, fcntl.LOCK_EX | fcntl.LOCK_NB) as is_locked:
            while is_locked and self._ended:
                self._add_to_the_dead(self._ended.pop())

    def _add_to_the_dead(self, pid: int) -> None:
        for kind in COUNTED:
            file = self.path / f"{kind}_{pid}.db"
            if has_begun(file):
                _add(file, self.path / f"{kind}_{DEAD}.db")
            file.unlink(missing_ok=True)


@contextmanager
def worker_files(observability: Observability) -> Iterator[WorkerFiles | None]:
    """
    Lend a directory, or None if nobody may read metrics.

    Raises:
        StartError: It cannot be made.
    """
    if not observability.metrics_from:
        yield None
        return
    try:
        made = tempfile.TemporaryDirectory(
            prefix="quart-jwt-metrics-", ignore_cleanup_errors=True
        )
    except OSError as error:
        raise StartError(
            f"no directory can be made for metrics: {error.strerror}"
        ) from error
    with made as path:
        yield WorkerFiles(Path(path))


@contextmanager
def locked(directory: Path, how: int) -> Iterator[bool]:
    """
    Hold the lock of a directory.

    Args:
        directory: Whose files are read or taken away meanwhile.
        how: As in ``fcntl.flock``; with ``LOCK_NB`` it may be False that it is held.
    """
    lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, how)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)


def has_begun(file: Path) -> bool:
    """Whether a file has a head; its worker may have been killed before that."""
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:
        return False


def _add(file: Path, total: Path) -> None:
    """Add the values of one file to another's."""
    sums = MmapedDict(str(total))  # type: ignore[no-untyped-call] # it has no types
    try:
        for key, value, *_ in MmapedDict.read_all_values_from_file(str(file)):  # type: ignore[no-untyped-call] # the same
            before, _timestamp = sums.read_value(key)  # type: ignore[no-untyped-call] # the same
            sums.write_value(key, before + value, 0.0)  # type: ignore[no-untyped-call] # the same
    finally:
        sums.close()  # type: ignore[no-untyped-call] # the same
