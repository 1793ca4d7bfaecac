"""
The metrics as Prometheus reads them: in text, or in OpenMetrics if it asks for that.

Several workers keep theirs in files of a directory that the supervisor made
(prometheus-client's multiprocess mode), and whichever worker is asked answers for
all; see ``worker_files``.
"""

import asyncio
import logging
import os

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.worker_files import DIRECTORY

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
            try:
                MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call] # it has no types
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
