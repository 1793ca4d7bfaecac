"""
One supervised worker: ``python -m quart_jwt.service.serving.worker``.

Started by the supervisor with listening sockets and a channel (``heartbeat``) as
descriptors. It reads ``hypercorn.toml`` and the environment itself, so that a
worker that is started later serves what they say then. It ends on SIGTERM and
when the supervisor has gone; SIGINT and SIGHUP, which a terminal sends to the
whole process group, are the supervisor's to act on.
"""

import asyncio
import faulthandler
import pkgutil
import signal
import socket
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
import hypercorn.asyncio
from hypercorn.typing import ASGIFramework

from quart_jwt.exceptions import IncompatibleDependencyError
from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.serving import event_loop
from quart_jwt.service.serving import http1
from quart_jwt.service.serving.draining import Deadline
from quart_jwt.service.serving.draining import Drain
from quart_jwt.service.serving.draining import end_by_force
from quart_jwt.service.serving.heartbeat import WorkerEnd
from quart_jwt.service.serving.hypercorn_seams import LifespanFailureError
from quart_jwt.service.serving.hypercorn_seams import LifespanTimeoutError
from quart_jwt.service.serving.lifespan import start_failure
from quart_jwt.service.serving.listeners import ListeningConfig
from quart_jwt.service.serving.server_config import make_config
from quart_jwt.service.serving.server_config import read_values
from quart_jwt.service.serving.worker_command import SHOW_WHERE


@click.command()
@click.option("--channel", type=int, required=True)
@click.option("--config", "path", type=click.Path(path_type=Path))
@click.option("--secure", type=int, multiple=True)
@click.option("--plain", type=int, multiple=True)
@click.argument("application")
def main(
    channel: int,
    path: Path | None,
    secure: Sequence[int],
    plain: Sequence[int],
    application: str,
) -> None:
    """
    Serve an application for a supervisor.
    """
    _prepare_signals()
    try:
        config = _config(path, secure, plain)
        _ = config.log  # configures logging, for what the start itself logs
        app = pkgutil.resolve_name(application)
        end = socket.socket(fileno=channel)
        event_loop.run(
            serve(app, config, end, deadline=end_by_force), config.worker_class
        )
    except (IncompatibleDependencyError, ServiceError) as error:
        raise click.ClickException(str(error)) from error


async def serve(
    app: ASGIFramework,
    config: ListeningConfig,
    channel: socket.socket,
    *,
    deadline: Deadline | None,
) -> None:
    """
    Serve until SIGTERM, or until the supervisor asks for the end or has gone.

    Args:
        app: The application.
        config: How to serve; its binds are inherited descriptors.
        channel: The worker's end of the channel.
        deadline: See ``Drain``.

    Raises:
        StartError: The application's start-up failed.
    """
    drain = Drain(config, deadline)
    end = WorkerEnd(
        channel,
        drain=partial(drain.begin, idle_s=config.keep_alive_timeout),
        orphaned=drain.begin,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, drain.begin)
    beating = asyncio.create_task(_beat_when_listening(config, end))
    http1.install()
    try:
        await hypercorn.asyncio.serve(
            drain.wrap(app), config, shutdown_trigger=drain.lingered
        )
    except (LifespanFailureError, LifespanTimeoutError) as error:
        raise StartError(
            f"the application could not start: {start_failure(error)}"
        ) from error
    finally:
        beating.cancel()
        end.close()


async def _beat_when_listening(config: ListeningConfig, end: WorkerEnd) -> None:
    await config.listening.wait()
    await end.beat()


def _prepare_signals() -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    faulthandler.register(SHOW_WHERE)


def _config(
    path: Path | None, secure: Sequence[int], plain: Sequence[int]
) -> ListeningConfig:
    config = make_config(read_values(path), [f"fd://{number}" for number in plain])
    if config.ssl_enabled:
        config.bind = [f"fd://{number}" for number in secure]
        config.insecure_bind = [f"fd://{number}" for number in plain]
        config.quic_bind = []
    return config


if __name__ == "__main__":
    main(prog_name="quart-jwt worker")
