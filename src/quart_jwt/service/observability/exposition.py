"""
The metrics as Prometheus reads them: in text, or in OpenMetrics if it asks for that.

Several workers keep theirs in files of a directory that the supervisor made
(prometheus-client's multiprocess mode), and whichever worker is asked answers for
all; see ``worker_files``.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.worker_files import DIRECTORY

logger: logging.Logger = logging.getLogger(__name__)

PAUSE_S = 0.005
MAX_READS = 400
"""A worker that starts makes its file, and only then writes into it."""


class Exposition:
    """
    What ``/metrics`` says.

    Args:
        metrics: The metrics of this process.
        sleep: Blocks for so many seconds, before unfinished files are read again.
    """

    def __init__(
        self, metrics: Metrics, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._metrics = metrics
        self._sleep = sleep
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
        reads_left = MAX_READS if directory else 0
        while reads_left:
            reads_left -= 1
            registry = CollectorRegistry(auto_describe=False)
            try:
                MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call] # it has no types
                return encode(registry), media_type
            except Exception as error:  # noqa: BLE001 - whatever has become of the files
                if not reads_left or not Path(directory or "").is_dir():
                    self._say(error)
                    break
            # The counts of one worker would look as if every counter had been reset.
            self._sleep(PAUSE_S)
        return encode(self._metrics.registry), media_type

    def _say(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            logger.error(
                "the metrics of all workers cannot be read, so each worker shows "
                "only its own: %s",
                error,
            )
