"""
The command line of a worker.
"""

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it stands on prometheus-client
    from quart_jwt.service.observability.worker_files import WorkerFiles

WORKER = "quart_jwt.service.serving.worker"

SHOW_WHERE = signal.SIGUSR1
"""A hung worker is asked by it for a traceback of every thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCommand:
    """
    How a worker is started; the options of ``worker.main``.

    Attributes:
        application: ``module:name`` of the ASGI application.
        config: The path of a ``hypercorn.toml``, or None for the usual one.
        secure: Descriptors of listening sockets with TLS.
        plain: Descriptors of listening sockets without.
        metrics: The directory in which all workers count.
    """

    application: str
    config: Path | None = None
    secure: Sequence[int] = field(default=())
    plain: Sequence[int] = field(default=())
    metrics: "WorkerFiles | None" = None

    @property
    def descriptors(self) -> Sequence[int]:
        """What a worker inherits besides its channel."""
        return [*self.secure, *self.plain]

    def arguments(self, channel: int) -> Sequence[str]:
        """Return the command line for a worker at the other end of a channel."""
        # -P: a file in the current directory must not shadow a module
        program = [sys.executable, "-P", "-m", WORKER, "--channel", str(channel)]
        config = [] if self.config is None else ["--config", str(self.config)]
        secure = [f"--secure={number}" for number in self.secure]
        plain = [f"--plain={number}" for number in self.plain]
        return [*program, *config, *secure, *plain, self.application]
