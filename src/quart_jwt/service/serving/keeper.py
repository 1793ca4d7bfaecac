"""
The process that keeps workers: ``python -m quart_jwt.service.serving.keeper``.

``quart-jwt serve --workers`` checks, binds and prepares, for which it has to load the
application. Then it replaces itself by this program (exec), which keeps its process id
and the bound sockets and loads nothing of the application: it lives as long as the
service and needs no more than its workers' command lines.
"""

import asyncio
import json
import logging
import logging.config
import os
import signal
import socket
import sys
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.observability.worker_files import worker_files
from quart_jwt.service.serving.limits import WorkerLimits
from quart_jwt.service.serving.supervisor import Supervisor
from quart_jwt.service.serving.worker_command import WorkerCommand
from quart_jwt.service.serving.worker_process import WorkerProcess

logger: logging.Logger = logging.getLogger("hypercorn.error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    What to keep.

    Attributes:
        application: ``module:name`` of the ASGI application.
        config: The path of a ``hypercorn.toml``; None for the usual one.
        secure: Descriptors of listening sockets with TLS.
        plain: Descriptors of listening sockets without.
        count: How many workers.
        limits: Times in seconds, as ``WorkerLimits``.
        silent_after_s: Seconds without a sign of life before a worker is killed.
        logging: What ``logging.config.dictConfig`` takes; empty to leave logging.
        banner: What to print once the first worker serves.
    """

    application: str
    config: str | None
    secure: Sequence[int]
    plain: Sequence[int]
    count: int
    limits: Mapping[str, float]
    silent_after_s: float
    logging: Mapping[str, Any]
    banner: str


def become_keeper(job: Job) -> None:
    """
    Replace this process by one that does a job; does not return.

    The job travels through a pipe: the banner of a first start has a password, and
    everybody on this machine can see arguments.
    """
    reading, writing = os.pipe()
    for descriptor in (reading, *job.secure, *job.plain):
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - it takes no name
    with open(writing, "w", encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor
        json.dump(asdict(job), pipe)
    sys.stdout.flush()
    sys.stderr.flush()
    # -P: a file in the current directory must not shadow a module
    os.execv(  # noqa: S606 - our own program
        sys.executable, [sys.executable, "-P", "-m", __name__, str(reading)]
    )


def main() -> None:
    """Do the job of a descriptor; exit as the command does."""
    with open(int(sys.argv[1]), encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor
        job = Job(**json.load(pipe))
    logging.raiseExceptions = False
    if job.logging:
        logging.config.dictConfig(dict(job.logging))
    try:
        asyncio.run(keep(job))
    except ServiceError as error:
        sys.exit(f"Error: {error}")


async def keep(job: Job) -> None:
    """
    Keep workers until SIGTERM or SIGINT; SIGHUP replaces them all.

    Raises:
        StartError: The first worker did not come to serve.
        StopError: Workers had to be killed at the stop.
    """
    with ExitStack() as cleanup, ExitStack() as listening:
        for descriptor in (*job.secure, *job.plain):
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - it takes no name
            listening.enter_context(socket.socket(fileno=descriptor))
        command = WorkerCommand(
            application=job.application,
            config=None if job.config is None else Path(job.config),
            secure=job.secure,
            plain=job.plain,
            metrics=cleanup.enter_context(worker_files()),
        )
        supervisor = Supervisor(
            partial(WorkerProcess.start, command, job.silent_after_s),
            count=job.count,
            limits=WorkerLimits(**job.limits),
        )
        cleanup.callback(_follow_signals(supervisor))
        logger.info("keeping %d workers", job.count)
        announce = partial(print, job.banner, flush=True)
        await supervisor.run(started=announce, ending=listening.close)
        logger.info("stopped")


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


if __name__ == "__main__":
    main()
