"""
The metrics as Prometheus reads them: in text, or in OpenMetrics if it asks for that.

Several workers keep theirs in files of a directory that the supervisor made
(prometheus-client's multiprocess mode), and whichever worker is asked answers for
all; see ``worker_files``.
"""

import asyncio
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.worker_files import DIRECTORY
from quart_jwt.service.observability.worker_files import has_begun
from quart_jwt.service.observability.worker_files import locked


class Exposition:
    """
    What ``/metrics`` says.

    Args:
        metrics: The metrics of this process.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._rendering = asyncio.Lock()

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
        return encode(self._registry()), media_type

    def _registry(self) -> CollectorRegistry:
        directory = os.environ.get(DIRECTORY)
        if not directory:
            return self._metrics.registry
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Files(Path(directory)))
        return registry


class _Files(Collector):
    """The metrics in the files of a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def collect(self) -> Iterable[Metric]:
        """Add up what all files say."""
        with locked(self._directory, fcntl.LOCK_SH):
            files = [str(one) for one in self._directory.glob("*.db") if has_begun(one)]
            return MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call, no-any-return] # it has no types
