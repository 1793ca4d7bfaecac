"""
The ``quart-jwt`` command.

Exit status 0: done. 1: refused or failed, with a sentence on standard error.
2: the command line itself is wrong.

A command's module is imported when it runs: ``--help`` needs neither a database's
driver nor a web framework, and ``users list`` no server.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from quart_jwt import __version__
from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.settings.sources import FILE_SETTING


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A command that is imported when it is needed.

    Attributes:
        module: The module that has it, within this package.
        name: Its name there.
        help: The first line of its help.
    """

    module: str
    name: str
    help: str

    def load(self) -> click.Command:
        """Import it."""
        module = import_module(f"quart_jwt.service.commands.{self.module}")
        command: click.Command = getattr(module, self.name)
        return command


COMMANDS: Mapping[str, Entry] = {
    "clients": Entry(
        "clients", "clients", "Manage API clients that introspect and revoke tokens."
    ),
    "config": Entry("config", "config_group", "Check and show the settings."),
    "convert": Entry(
        "first_words", "convert_command", "Make views on quart_jwt.flask async."
    ),
    "db": Entry("database", "db", "Upgrade database schemas."),
    "keys": Entry("keys", "keys", "Manage the keys that sign tokens."),
    "load": Entry(
        "load",
        "load_command",
        "Measure the service under load, and write an HTML page.",
    ),
    "migrate": Entry(
        "first_words",
        "migrate_command",
        "Change a Flask project's imports to quart_jwt.flask.",
    ),
    "routes": Entry(
        "routes", "routes_command", "List every route of APP and what protects it."
    ),
    "run": Entry(
        "first_words",
        "run_command",
        "Serve a Flask app that uses quart_jwt.flask on Hypercorn.",
    ),
    "serve": Entry(
        "serve", "serve_command", "Run the auth service until SIGTERM or Ctrl-C."
    ),
    "try": Entry(
        "first_words",
        "try_command",
        "Run a project's tests under Flask, then quart_jwt.",
    ),
    "users": Entry("users", "users", "Manage users."),
}
"""Every command; a test holds their help against the commands themselves."""


class Commands(click.Group):
    """
    The group of ``COMMANDS``; a ServiceError is its sentence and status 1.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the command of a name; None if there is none."""
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else entry.load()

    def format_commands(
        self,
        ctx: click.Context,
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list of commands without importing them."""
        names = self.list_commands(ctx)
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in names])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ServiceError as error:
            raise click.ClickException(str(error)) from error
        except RuntimeError as error:
            # Late, because it loads PyJWT and cryptography, which --help does without.
            from quart_jwt.exceptions import IncompatibleDependencyError  # noqa: PLC0415

            if isinstance(error, IncompatibleDependencyError):
                raise click.ClickException(str(error)) from error
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="quart-jwt")
@click.option(
    "--settings",
    "settings_path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings file of the service (default: ./quart-jwt.toml if it exists).",
)
def cli(settings_path: Path | None) -> None:
    """
    Run an auth service with JSON Web Tokens; manage its users and signing keys.

    Settings are QUART_JWT_* environment variables, or one TOML file. They are listed
    in docs/operate/service.md; `quart-jwt config show` prints those in effect.
    """
    if settings_path is not None:
        # In the environment, where the workers find it, too.
        os.environ[FILE_SETTING] = str(settings_path.resolve())
