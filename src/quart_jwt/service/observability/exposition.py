"""
The metrics as Prometheus reads them: in text, or in OpenMetrics if it asks for that.

Several workers keep theirs in files of a directory that the supervisor made
(prometheus-client's multiprocess mode), and whichever worker is asked answers for
all; see ``worker_files``.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.prometheus_seams import merged
from quart_jwt.service.observability.worker_files import DIRECTORY
from quart_jwt.service.observability.worker_files import has_begun
from quart_jwt.service.observability.worker_files import locked

logger: logging.Logger = logging.getLogger(__name__)


class Exposition:
    """
    What ``/metrics`` says.

    Args:
        metrics: The metrics of this process.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._rendering = asyncio.Lock()
        self._has_failed = False

    async def page(self, accept: str) -> tuple[bytes, str]:
        """
        Return the page and its media type, off the loop and one at a time.

        Args:
            accept: What the client takes, as in its ``Accept`` header.
        """
        async with self._rendering:
            return await asyncio.to_thread(self._page, accept)

    def _page(self, accept: str) -> tuple[bytes, str]:
        encode, media_type = choose_encoder(accept)
        directory = os.environ.get(DIRECTORY)
        if directory:
            registry = CollectorRegistry(auto_describe=False)
            registry.register(_Files(Path(directory)))
            try:
                return encode(registry), media_type
            except Exception as error:  # noqa: BLE001 - whatever has become of the files
                self._say(error)
        return encode(self._metrics.registry), media_type

    def _say(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            logger.error(
                "metrics of all workers cannot be read, each shows its own: %s", error
            )


class _Files(Collector):
    """The metrics in the files of a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterable[Metric]:
        """Add up what all files say."""
        with locked(self._directory, fcntl.LOCK_SH):
            files = [str(one) for one in self._directory.glob("*.db") if has_begun(one)]
            return merged(files)
