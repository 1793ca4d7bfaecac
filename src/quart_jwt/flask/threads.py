"""
The threads of a Flask app under an ASGI server: one for each request.

They are the app's own. ``QUART_JWT_THREADS`` says how many may be running; a thread
that waits for the event loop leaves its place to another request.
"""

import logging
import os
from dataclasses import dataclass

from quart_jwt.extension.hooks.workers import PATIENCE_S
from quart_jwt.extension.hooks.workers import WorkerPool

SIZE_KEY = "QUART_JWT_THREADS"
"""The key in ``app.config``."""

DEFAULT_SIZE = 40
"""As many as anyio and Starlette have for sync views."""

WAITING_PER_RUNNING = 8
"""How many threads there may be for each that may be running: the others wait for the
event loop."""

_logger = logging.getLogger("quart_jwt")


@dataclass(frozen=True, slots=True)
class ThreadUsage:
    """
    The threads of an app at one moment.

    Attributes:
        size: How many may be running.
        running: How many are.
        busy: How many requests have one, those included that wait for the event loop.
        waiting: How many requests are waiting for one.
        waits: How many requests have had to wait since the start.
    """

    size: int
    running: int
    busy: int
    waiting: int
    waits: int


class RequestThreads(WorkerPool):
    """
    The pool; it warns once when it is exhausted.

    Args:
        size: How many threads may be running.
        patience_s: How many seconds a request waits for one before it gets 503.
    """

    def __init__(self, size: int, *, patience_s: float = PATIENCE_S) -> None:
        super().__init__(
            size,
            size,
            borrowed=WAITING_PER_RUNNING * size,
            patience_s=patience_s,
        )
        self._pid = os.getpid()

    @property
    def is_of_this_process(self) -> bool:
        """False in a process that was forked: it has none of these threads."""
        return self._pid == os.getpid()

    def note_wait(self) -> None:
        """Count a request that has to wait; log the first."""
        super().note_wait()
        if self.waits == 1:
            _logger.warning(
                "All %d threads for requests are busy, and further requests wait. "
                "Raise app.config[%r], or make views that wait `async def`.",
                self.most_running,
                SIZE_KEY,
            )

    def usage(self) -> ThreadUsage:
        """Return the state of the threads."""
        running, busy, waiting = self.numbers()
        return ThreadUsage(self.most_running, running, busy, waiting, self.waits)
