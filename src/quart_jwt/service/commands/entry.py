"""
The door of the ``quart-jwt`` command, which must open without the extra.

Only the standard library and our version are imported here: a ``quart-jwt`` without
``quart-jwt[service]`` has to be able to say what is missing.
"""

import sys
from importlib.util import find_spec

from quart_jwt import __version__

NEEDED = (
    *("alembic", "argon2", "bcrypt", "click", "cryptography"),
    *("greenlet", "hypercorn", "msgspec", "prometheus_client", "quart_cors"),
    *("quart_schema", "sqlalchemy"),
)
"""What the extra brings, by import name."""


INSTALL = "pip install 'quart-jwt[service]'"
HELP = f"""\
Usage: quart-jwt [OPTIONS] COMMAND [ARGS]...

  JSON Web Tokens for Quart.

Commands:
  routes   List the routes of an app and what protects them
  run      Serve a Flask app that uses quart_jwt.flask, or an unchanged one
  try      Run a Flask project's tests under Flask, then under quart_jwt

Commands that need an extra:
  convert  Make views of a migrated project async: pip install 'quart-jwt[migrate]'
  migrate  Change a Flask project's imports: pip install 'quart-jwt[migrate]'
  serve    Run the auth service, with all its commands: {INSTALL}
"""
"""What ``--help`` says without the extra."""

WITHOUT = {
    "--help": HELP,
    "-h": HELP,
    "--version": f"quart-jwt, version {__version__}\n",
}
"""What can be answered without the extra, by the first word."""


def main() -> None:
    """Run the command, or say in one line how to install what it needs."""
    if any(find_spec(name) is None for name in NEEDED):
        _do_without(next(iter(sys.argv[1:]), ""))
        return
    from quart_jwt.service.commands.main import cli  # noqa: PLC0415 - needs the extra

    cli(prog_name="quart-jwt")


def _do_without(word: str) -> None:
    if word in WITHOUT:
        sys.stdout.write(WITHOUT[word])
        return
    sys.stderr.write(f"quart-jwt: the service is not installed: {INSTALL}\n")
    sys.exit(1)
