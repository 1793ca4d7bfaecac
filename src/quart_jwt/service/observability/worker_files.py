"""
The files in which several workers count, so that any of them can answer for all.

The supervisor makes a private directory and removes it at the end. What a dead worker
has counted stays; what it was (its gauges) goes with it.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

from quart_jwt.service.errors import StartError
from quart_jwt.service.settings.observability import Observability

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that prometheus-client reads when it is imported."""


@dataclass(frozen=True, slots=True)
class WorkerFiles:
    """
    The directory.

    Attributes:
        path: Where it is.
    """

    path: Path

    @property
    def environ(self) -> dict[str, str]:
        """What a worker has to find in its environment."""
        return {DIRECTORY: str(self.path)}

    def ended(self, pid: int) -> None:
        """Forget the gauges of a worker that has ended."""
        mark_process_dead(pid, str(self.path))  # type: ignore[no-untyped-call] # it has no types


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
