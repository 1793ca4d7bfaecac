"""
The ``quart-jwt serve`` command.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Coroutine
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from quart_jwt.service.accounts.demo import DemoAccount
from quart_jwt.service.commands.output import examples
from quart_jwt.service.commands.start_check import check_start
from quart_jwt.service.serving import event_loop
from quart_jwt.service.serving import server
from quart_jwt.service.serving import workers
from quart_jwt.service.serving.banner import banner
from quart_jwt.service.serving.descriptors import FEW
from quart_jwt.service.serving.descriptors import raise_descriptor_limit
from quart_jwt.service.serving.draining import end_by_force
from quart_jwt.service.serving.exposure import exposed
from quart_jwt.service.serving.keeper import become_keeper
from quart_jwt.service.serving.keeper import Job
from quart_jwt.service.serving.server_config import ignored_keys
from quart_jwt.service.serving.server_config import make_config
from quart_jwt.service.serving.server_config import MAX_WORKERS
from quart_jwt.service.serving.server_config import read_values
from quart_jwt.service.serving.server_config import worker_count
from quart_jwt.service.serving.workers import SILENT_AFTER_S
from quart_jwt.service.settings.masking import exposed_secrets
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import Mode


@click.command(
    "serve",
    epilog=examples(
        "QUART_JWT_MODE=development quart-jwt serve",
        "quart-jwt serve --port 9000",
        "quart-jwt serve --workers 4",
        "quart-jwt serve --bind unix:/run/quart-jwt.sock --config hypercorn.toml",
    ),
)
@click.option(
    "--bind",
    "binds",
    multiple=True,
    metavar="ADDRESS",
    help="Address to listen on: HOST:PORT or unix:PATH (repeatable).",
)
@click.option("--host", help="Host to listen on (default 127.0.0.1).")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on (default 8000; 0 picks a free one).",
)
@click.option(
    "--config",
    "path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings file of Hypercorn (default: ./hypercorn.toml if it exists).",
)
@click.option(
    "--workers",
    "wanted",
    type=click.IntRange(0, MAX_WORKERS),
    help="Number of worker processes (default: from the settings; 0 serves in this "
    "process).",
)
@click.option(
    "--worker-timeout",
    "silent_after_s",
    type=click.FloatRange(1, 3600),
    default=SILENT_AFTER_S,
    show_default=True,
    metavar="SECONDS",
    help="Replace a worker whose event loop has been blocked for this long.",
)
def serve_command(
    binds: tuple[str, ...],
    host: str | None,
    port: int | None,
    path: Path | None,
    wanted: int | None,
    silent_after_s: float,
) -> None:
    """
    Run the auth service until SIGTERM or Ctrl-C.

    With workers, SIGHUP replaces them one at a time; no request fails.
    """
    binds = _binds(binds, host, port)
    settings = read_settings(os.environ)
    values = read_values(path)
    count = worker_count(values, wanted)
    check_start(settings)  # before anything is made or announced
    settings.storage.prepare()
    text = partial(_banner, settings.storage.mode)
    config = make_config(values, binds)
    _warn(
        settings, ignored_keys(values), raise_descriptor_limit(), exposed(config.bind)
    )
    if count:
        preparing = workers.prepared_job(
            settings,
            config,
            count=count,
            banner=text,
            path=path,
            silent_after_s=silent_after_s,
        )
        _keep_workers(preparing)
        return

    def announce(address: str, demo: DemoAccount) -> None:
        click.echo(text(address, demo))
        sys.stdout.flush()

    serving = server.serve(settings, config, announce=announce, deadline=end_by_force)
    event_loop.run(serving, config.worker_class)


def _keep_workers(preparing: Coroutine[Any, Any, Job]) -> None:
    """Become the process that keeps the workers, unless Ctrl-C comes first."""
    try:
        job = asyncio.run(preparing)
    except KeyboardInterrupt:
        click.echo("the service stopped before it was ready", err=True)
    else:
        become_keeper(job)


def _binds(
    binds: tuple[str, ...], host: str | None, port: int | None
) -> tuple[str, ...]:
    """Return where to listen; nothing leaves it to the settings."""
    if host is None and port is None:
        return binds
    if binds:
        raise click.UsageError("--bind cannot be combined with --host or --port")
    return (f"{host or '127.0.0.1'}:{8000 if port is None else port}",)


def _banner(mode: Mode, address: str, demo: DemoAccount) -> str:
    return banner(address=address, mode=mode, demo=demo, command=_this_command())


def _warn(
    settings: Settings,
    ignored: Sequence[str],
    descriptors: int,
    reachable: Sequence[str],
) -> None:
    if settings.storage.mode == "development" and reachable:
        click.echo(
            "warning: development mode is for local use, but other machines can reach "
            f"{', '.join(reachable)}",
            err=True,
        )
    exposed_file = exposed_secrets(os.environ)
    if exposed_file is not None:
        click.echo(
            f"warning: {exposed_file} contains a secret, and every user of this "
            f"machine can read it: run chmod 600 {exposed_file}",
            err=True,
        )
    for name in ignored:
        click.echo(
            f"warning: {name} has no effect under `quart-jwt serve`",
            err=True,
        )
    if 0 <= descriptors < FEW:  # -1 is no limit
        click.echo(
            f"warning: only {descriptors} file descriptors may be open in a process, "
            "and each connection needs one: see `ulimit -n`",
            err=True,
        )


def _this_command() -> str:
    """Return how to call this command from the current directory."""
    if shutil.which("quart-jwt"):
        return "quart-jwt"
    return os.path.relpath(sys.argv[0])
