"""
Where one of several workers counts: a file whose pages are there before they are used.

prometheus-client maps files with holes into memory, and a hole that a full disk cannot
fill is SIGBUS, the end of the process. Here the system gives the space first, or says
that there is none. Then the worker counts on in its own memory: its metrics are lost
for the others, and nothing else is.
"""

import logging
import os

from quart_jwt.service.observability.prometheus_seams import check_prometheus
from quart_jwt.service.observability.prometheus_seams import count_with
from quart_jwt.service.observability.prometheus_seams import MmapedDict

logger: logging.Logger = logging.getLogger(__name__)

FIRST_SIZE = 1 << 16
"""Bytes, as prometheus-client has it."""

AROUND_A_KEY = 28
"""Bytes of an entry beside its key: a length, at most 8 of padding, two doubles."""


class AllocatedDict(MmapedDict):
    """
    Same as prometheus-client's, without holes.

    Raises:
        OSError: There is no space, now or when it has to grow.
    """

    def __init__(self, filename: str) -> None:
        file = os.open(filename, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, max(os.fstat(file).st_size, FIRST_SIZE))
        finally:
            os.close(file)
        super().__init__(filename)  # type: ignore[no-untyped-call] # it has no types

    def _init_value(self, key: str) -> None:
        needed = self._used + len(key.encode()) + AROUND_A_KEY
        if needed > self._capacity:
            self._grow(needed)
        super()._init_value(key)  # type: ignore[no-untyped-call] # it has no types

    def _grow(self, needed: int) -> None:
        size = self._capacity
        while size < needed:
            size *= 2
        os.posix_fallocate(self._f.fileno(), 0, size)


class WorkerDict(AllocatedDict):
    """Same, but nothing is raised: without space it goes on in memory."""

    def __init__(self, filename: str) -> None:
        try:
            super().__init__(filename)
        except OSError as error:
            _lost.append(error)
            MmapedDict.__init__(self, _memory())  # type: ignore[no-untyped-call] # it has no types

    def _grow(self, needed: int) -> None:
        try:
            super()._grow(needed)
        except OSError as error:
            _lost.append(error)
            self._leave_the_file()
            super()._grow(needed)

    def _leave_the_file(self) -> None:
        """Take along what is counted; what others read stays as it is."""
        memory = _memory()
        os.write(memory, self._m[:])
        self.close()  # type: ignore[no-untyped-call] # it has no types
        MmapedDict.__init__(self, memory)  # type: ignore[no-untyped-call] # the same


_lost: list[OSError] = []


def _memory() -> int:
    return os.memfd_create("quart-jwt-metrics")


def count_in_allocated_files() -> None:
    """
    Let prometheus-client count so, if it counts in files at all.

    Raises:
        IncompatibleDependencyError: This prometheus-client has no place for it.
    """
    check_prometheus()
    count_with(WorkerDict)


def say_what_is_lost() -> None:
    """
    Say it once; not where it is lost, for a log handler may count, too, which waits
    for the lock that is held there.
    """
    if _lost:
        error = _lost[0].strerror
        logger.error("metrics of this worker are lost from now on: %s", error)
        _lost.clear()
