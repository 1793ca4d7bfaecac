"""
Serving with several processes: one socket, a supervisor, and its workers.

Same as ``server.serve``, but this process only binds and makes what a first start
makes. What is then to be kept is a ``Job`` for the ``keeper``.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from quart_jwt.service.accounts.demo import DemoAccount
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.observability.json_lines import with_format
from quart_jwt.service.serving.binding import address_of
from quart_jwt.service.serving.binding import bound_sockets
from quart_jwt.service.serving.keeper import Job
from quart_jwt.service.serving.limits import WorkerLimits
from quart_jwt.service.serving.listeners import ListeningConfig
from quart_jwt.service.serving.server import first_start
from quart_jwt.service.settings.settings import Settings

APPLICATION = "quart_jwt.service.asgi:app"
SILENT_AFTER_S = 10.0
"""Seconds for which a worker's event loop may hang before it is replaced."""

Banner = Callable[[str, DemoAccount], str]
"""Gives what to print, from the address and what is known of the demo account."""


async def prepared_job(
    settings: Settings,
    config: ListeningConfig,
    *,
    count: int,
    banner: Banner,
    path: Path | None = None,
    silent_after_s: float = SILENT_AFTER_S,
    application: str = APPLICATION,
) -> Job:
    """
    Bind, and make what a first start makes.

    Args:
        settings: What the operator wants.
        config: How to serve, as the workers will read it from the same file.
        count: How many workers to keep.
        banner: Gives what to print once the first worker serves.
        path: The file that ``config`` was read from, or None for the usual one.
        silent_after_s: Seconds without a sign of life before a worker is killed.
        application: What the workers serve, as ``module:name``.

    Returns:
        What to keep; the bound sockets are its own.

    Raises:
        StartError: The address cannot be bound or the database not opened.
    """
    if config.quic_bind:
        raise StartError("quic_bind cannot be shared by workers: set workers to 0")
    limits = WorkerLimits(
        start_s=config.startup_timeout,
        grace_s=config.graceful_timeout,
        idle_s=config.keep_alive_timeout,
    )
    with ExitStack() as unless_prepared:
        sockets = bound_sockets(config, unless_prepared)
        demo = await first_start(settings)
        text = banner(address_of(sockets), demo)
        unless_prepared.pop_all()
        return Job(
            application=application,
            config=None if path is None else str(path),
            secure=[bound.detach() for bound in sockets.secure_sockets],
            plain=[bound.detach() for bound in sockets.insecure_sockets],
            count=count,
            limits=asdict(limits),
            silent_after_s=silent_after_s,
            logging=with_format(
                config.logconfig_dict or {}, settings.observability.log_format
            ),
            banner=text,
        )
