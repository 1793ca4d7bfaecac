"""
Serving with several processes: one socket, a supervisor, and its workers.

Same as ``server.serve``, but this process only binds, makes what a first start
makes, and keeps the workers, which are single-process Hypercorns each.
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.observability.worker_files import worker_files
from quart_jwt.service.observability.worker_files import WorkerFiles
from quart_jwt.service.serving.binding import address_of
from quart_jwt.service.serving.binding import bound_sockets
from quart_jwt.service.serving.hypercorn_seams import Sockets
from quart_jwt.service.serving.listeners import ListeningConfig
from quart_jwt.service.serving.server import Announce
from quart_jwt.service.serving.server import first_start
from quart_jwt.service.serving.supervisor import Limits
from quart_jwt.service.serving.supervisor import Supervisor
from quart_jwt.service.serving.worker import WorkerCommand
from quart_jwt.service.serving.worker_process import WorkerProcess
from quart_jwt.service.settings.settings import Settings

APPLICATION = "quart_jwt.service.asgi:app"
SILENT_AFTER_S = 10.0
"""Seconds for which a worker's event loop may hang before it is replaced."""


async def serve_workers(
    settings: Settings,
    config: ListeningConfig,
    *,
    count: int,
    announce: Announce,
    path: Path | None = None,
    silent_after_s: float = SILENT_AFTER_S,
    application: str = APPLICATION,
) -> None:
    """
    Serve with workers until SIGTERM or SIGINT; SIGHUP replaces them all.

    Args:
        settings: What the operator wants.
        config: How to serve, as the workers will read it from the same file.
        count: How many workers to keep.
        announce: Called with the address once the first worker serves.
        path: The file that ``config`` was read from, or None for the usual one.
        silent_after_s: Seconds without a sign of life before a worker is killed.
        application: What the workers serve, as ``module:name``.

    Raises:
        StartError: The address cannot be bound, the database not opened, or
            the first worker did not come to serve.
        StopError: Workers had to be killed at the stop.
    """
    if config.quic_bind:
        raise StartError("quic_bind cannot be shared by workers: serve it with 0")
    with ExitStack() as cleanup, ExitStack() as listening:
        sockets = bound_sockets(config, listening)
        demo = await first_start(settings)
        metrics = cleanup.enter_context(worker_files())
        command = _command(application, path, sockets, metrics)
        supervisor = Supervisor(
            partial(WorkerProcess.start, command, silent_after_s),
            count=count,
            limits=_limits(config),
        )
        cleanup.callback(_follow_signals(supervisor))
        await config.log.info("keeping %d workers", count)
        await supervisor.run(
            started=partial(announce, address_of(sockets), demo), ending=listening.close
        )


def _command(
    application: str, path: Path | None, sockets: Sockets, metrics: WorkerFiles | None
) -> WorkerCommand:
    return WorkerCommand(
        application=application,
        config=path,
        secure=[bound.fileno() for bound in sockets.secure_sockets],
        plain=[bound.fileno() for bound in sockets.insecure_sockets],
        metrics=metrics,
    )


def _limits(config: ListeningConfig) -> Limits:
    return Limits(
        start_s=config.startup_timeout,
        grace_s=config.graceful_timeout,
        idle_s=config.keep_alive_timeout,
    )


def _follow_signals(supervisor: Supervisor) -> Callable[[], None]:
    """Let signals speak to the supervisor; return what undoes that."""
    loop = asyncio.get_running_loop()
    actions = {
        signal.SIGTERM: supervisor.stop,
        signal.SIGINT: supervisor.stop,
        signal.SIGHUP: supervisor.reload,
    }
    for number, action in actions.items():
        loop.add_signal_handler(number, action)

    def undo() -> None:
        for number in actions:
            loop.remove_signal_handler(number)

    return undo
