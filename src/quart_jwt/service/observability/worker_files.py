"""
The files in which several workers count, so that any of them can answer for all.

The supervisor makes a private directory and removes it at the end. When a worker has
ended, its gauges go, and what it has counted is added to the files of number 0: a page
costs the same after a thousand restarts. Whoever reads holds a shared lock meanwhile,
and nobody waits for it: what cannot be added now is added at the next end.

A full disk, or a directory that somebody has removed, costs metrics. It is said once,
and never ends a worker or the supervisor.
"""

import fcntl
import logging
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from contextlib import ExitStack
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

from quart_jwt.service.observability.prometheus_seams import values_in
from quart_jwt.service.observability.worker_values import AllocatedDict
from quart_jwt.service.settings.state_dir import PRIVATE_DIR

logger: logging.Logger = logging.getLogger(__name__)

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that prometheus-client reads when it is imported."""

LOCK = "lock"
COUNTED = ("counter", "histogram")
DEAD = 0
"""No process has this id."""

OTHERS = 0o077
"""What the group and everybody else may do."""


class WorkerFiles:
    """
    The directory.

    Args:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ended: set[int] = set()
        self._has_failed = False

    def environ(self) -> dict[str, str]:
        """
        Return what a worker has to find in its environment; nothing if there is no
        directory any more, and none can be made that is ours alone.
        """
        try:
            _make(self.path)
        except OSError as error:
            self._say(error)
            return {}
        return {DIRECTORY: str(self.path)}

    def ended(self, pid: int) -> None:
        """Take over what a worker that has ended leaves behind."""
        self._ended.add(pid)
        try:
            self._take_over(pid)
        except Exception as error:  # noqa: BLE001 - a metric must not end the service
            self._say(error)

    def _take_over(self, pid: int) -> None:
        mark_process_dead(pid, str(self.path))  # type: ignore[no-untyped-call] # it has no types
        with locked(self.path, fcntl.LOCK_EX | fcntl.LOCK_NB) as is_locked:
            if is_locked:
                for one in tuple(self._ended):
                    self._add_to_the_dead(one)
                    self._ended.discard(one)

    def _add_to_the_dead(self, pid: int) -> None:
        for kind in COUNTED:
            file = self.path / f"{kind}_{pid}.db"
            if has_begun(file):
                _add(file, self.path / f"{kind}_{DEAD}.db")
            file.unlink(missing_ok=True)

    def _say(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            logger.error("metrics of workers may be lost from now on: %s", error)


@contextmanager
def worker_files() -> Iterator[WorkerFiles | None]:
    """
    Lend a directory, or None if none can be made: then each worker has its own metrics.

    It is there even if nobody may read metrics: workers read the settings anew.
    """
    with ExitStack() as cleanup:
        try:
            path = cleanup.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="quart-jwt-metrics-", ignore_cleanup_errors=True
                )
            )
        except OSError as error:
            logger.error(  # noqa: TRY400 - the sentence says it
                "no directory can be made for metrics, each worker shows its own: %s",
                error.strerror,
            )
            yield None
            return
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


def _make(path: Path) -> None:
    """
    Make the directory if it is gone.

    Raises:
        OSError: It cannot be made, or somebody else has made something of its name.
    """
    path.mkdir(PRIVATE_DIR, exist_ok=True)
    found = path.lstat()  # not where a link leads
    if found.st_uid != os.geteuid() or found.st_mode & OTHERS:
        raise PermissionError(f"{str(path)!r} is not private")


def _add(file: Path, total: Path) -> None:
    """Add the values of one file to another's, or leave both as they are."""
    sums: defaultdict[str, float] = defaultdict(float)
    for one in (total, file):
        if has_begun(one):
            for key, value, *_ in values_in(str(one)):
                sums[key] += value
    fresh = total.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    try:
        _write(fresh, sums)
    except OSError:
        fresh.unlink()
        raise
    fresh.replace(total)


def _write(file: Path, sums: Mapping[str, float]) -> None:
    values = AllocatedDict(str(file))
    try:
        for key, value in sums.items():
            values.write_value(key, value, 0.0)  # type: ignore[no-untyped-call] # it has no types
    finally:
        values.close()  # type: ignore[no-untyped-call] # the same
