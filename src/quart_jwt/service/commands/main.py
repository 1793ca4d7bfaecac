"""
The ``quart-jwt`` command.

Exit status 0: done. 1: refused or failed, with a sentence on standard error.
2: the command line itself is wrong.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from quart_jwt import __version__
from quart_jwt.exceptions import IncompatibleDependencyError
from quart_jwt.service.accounts.demo import DemoAccount
from quart_jwt.service.commands.clients import clients
from quart_jwt.service.commands.config import config_group
from quart_jwt.service.commands.database import db
from quart_jwt.service.commands.keys import keys
from quart_jwt.service.commands.routes import routes_command
from quart_jwt.service.commands.start_check import check_start
from quart_jwt.service.commands.users import examples
from quart_jwt.service.commands.users import users
from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.serving import server
from quart_jwt.service.serving import workers
from quart_jwt.service.serving.banner import banner
from quart_jwt.service.serving.descriptors import FEW
from quart_jwt.service.serving.descriptors import raise_descriptor_limit
from quart_jwt.service.serving.draining import end_by_force
from quart_jwt.service.serving.exposure import exposed
from quart_jwt.service.serving.server_config import ignored_keys
from quart_jwt.service.serving.server_config import make_config
from quart_jwt.service.serving.server_config import MAX_WORKERS
from quart_jwt.service.serving.server_config import read_values
from quart_jwt.service.serving.server_config import worker_count
from quart_jwt.service.serving.workers import SILENT_AFTER_S
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.sources import exposed_secrets
from quart_jwt.service.settings.sources import FILE_SETTING
from quart_jwt.service.settings.storage import Mode


class Refusing(click.Group):
    """A group whose commands end an error of ours with its sentence and status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (IncompatibleDependencyError, ServiceError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Refusing, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="quart-jwt")
@click.option(
    "--settings",
    "settings_path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The service's settings (default: ./quart-jwt.toml if it exists).",
)
def cli(settings_path: Path | None) -> None:
    """
    Serve logins with JSON Web Tokens; manage who may log in, and the keys that sign.

    Settings are QUART_JWT_* environment variables, or one TOML file;
    docs/service.md lists them, and `quart-jwt config show` says what counts.
    """
    if settings_path is not None:
        # In the environment, where the workers find it, too.
        os.environ[FILE_SETTING] = str(settings_path.resolve())


@cli.command(
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
    help="Where to listen: HOST:PORT or unix:PATH. May be repeated.",
)
@click.option("--host", help="Where to listen, by host (default 127.0.0.1).")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Where to listen, by port (default 8000; 0 takes a free one).",
)
@click.option(
    "--config",
    "path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Hypercorn's settings (default: ./hypercorn.toml if it exists).",
)
@click.option(
    "--workers",
    "wanted",
    type=click.IntRange(0, MAX_WORKERS),
    help="Worker processes to keep (default: what the settings say; "
    "0 serves in this process).",
)
@click.option(
    "--worker-timeout",
    "silent_after_s",
    type=click.FloatRange(1, 3600),
    default=SILENT_AFTER_S,
    show_default=True,
    metavar="SECONDS",
    help="Replace a worker whose event loop hangs for so long.",
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
    Serve logins until SIGTERM or Ctrl-C.

    With workers, SIGHUP replaces them one after another without a failed request.
    """
    binds = _binds(binds, host, port)
    settings = read_settings(os.environ)
    values = read_values(path)
    count = worker_count(values, wanted)
    check_start(settings)  # before anything is made or announced
    settings.storage.prepare()
    announce = _announcer(settings.storage.mode)
    config = make_config(values, binds)
    _warn(
        settings, ignored_keys(values), raise_descriptor_limit(), exposed(config.bind)
    )
    if count:
        serving = workers.serve_workers(
            settings,
            config,
            count=count,
            announce=announce,
            path=path,
            silent_after_s=silent_after_s,
        )
    else:
        serving = server.serve(
            settings, config, announce=announce, deadline=end_by_force
        )
    asyncio.run(serving)


@cli.command(
    "migrate",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def migrate_command() -> None:
    """
    Take a Flask project to Quart and quart-jwt.
    """
    # Only listed here: as the first word it never comes to the service's commands.
    raise click.UsageError("migrate has to be the first word: quart-jwt migrate PATH")


def _binds(
    binds: tuple[str, ...], host: str | None, port: int | None
) -> tuple[str, ...]:
    """Return where to listen; nothing leaves it to the settings."""
    if host is None and port is None:
        return binds
    if binds:
        raise click.UsageError("--bind already says where; leave --host and --port")
    return (f"{host or '127.0.0.1'}:{8000 if port is None else port}",)


def _announcer(mode: Mode) -> server.Announce:
    """Return what prints the banner once connections are taken."""

    def announce(address: str, demo: DemoAccount) -> None:
        text = banner(address=address, mode=mode, demo=demo, command=_this_command())
        click.echo(text)
        sys.stdout.flush()

    return announce


def _warn(
    settings: Settings,
    ignored: Sequence[str],
    descriptors: int,
    reachable: Sequence[str],
) -> None:
    if settings.storage.mode == "development" and reachable:
        click.echo(
            "warning: development mode is for this machine, but others can reach "
            f"{', '.join(reachable)}",
            err=True,
        )
    exposed_file = exposed_secrets(os.environ)
    if exposed_file is not None:
        click.echo(
            f"warning: {exposed_file} holds a secret and everybody on this machine "
            f"can read it: chmod 600 {exposed_file}",
            err=True,
        )
    for name in ignored:
        click.echo(
            f"warning: {name} has no effect under `quart-jwt serve`",
            err=True,
        )
    if 0 <= descriptors < FEW:  # -1 is no limit
        click.echo(
            f"warning: only {descriptors} descriptors may be open in a process, "
            "and every connection is one: see `ulimit -n`",
            err=True,
        )


def _this_command() -> str:
    """Return how to call this command from the current directory."""
    if shutil.which("quart-jwt"):
        return "quart-jwt"
    return os.path.relpath(sys.argv[0])


cli.add_command(config_group)
cli.add_command(clients)
cli.add_command(keys)
cli.add_command(users)
cli.add_command(db)
cli.add_command(routes_command)
