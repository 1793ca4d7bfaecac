"""
The directory in which several workers count, so that any of them can answer for all:
prometheus-client's multiprocess mode.

The supervisor makes it and removes it at the end. When a worker has ended, its gauges
go, and its counts stay.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import ExitStack
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

from quart_jwt.service.settings.state_dir import PRIVATE_DIR

logger: logging.Logger = logging.getLogger(__name__)

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that prometheus-client reads when it is imported."""

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

    def environ(self) -> dict[str, str]:
        """
        Return what a worker has to find in its environment; nothing if the directory
        is gone, and none can be made that is ours alone.
        """
        try:
            _make(self.path)
        except OSError as error:
            logger.error("each worker shows only its own metrics: %s", error)  # noqa: TRY400 - the sentence says it
            return {}
        return {DIRECTORY: str(self.path)}

    def ended(self, pid: int) -> None:
        """Remove the gauges of a worker that has ended."""
        mark_process_dead(pid, str(self.path))  # type: ignore[no-untyped-call] # it has no types


@contextmanager
def worker_files() -> Iterator[WorkerFiles | None]:
    """
    Lend a directory, or None if none can be made: then each worker has its own metrics.

    It exists even if reading metrics is not allowed, because workers read the settings
    again.
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
                "no directory can be created for metrics, so each worker shows only "
                "its own: %s",
                error.strerror,
            )
            yield None
            return
        yield WorkerFiles(Path(path))


def _make(path: Path) -> None:
    """
    Make the directory if it is gone: a system tidies its temporary files up.

    Raises:
        OSError: It cannot be created, or another user has created a file of this name.
    """
    path.mkdir(PRIVATE_DIR, exist_ok=True)
    found = path.lstat()  # not where a link leads
    if found.st_uid != os.geteuid() or found.st_mode & OTHERS:
        raise PermissionError(f"{str(path)!r} is not private")
