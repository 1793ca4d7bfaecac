"""
The command ``quart-jwt run``: serve a migrated Flask app, or an unchanged one, on
Hypercorn.
"""

import os
import sys
from collections.abc import Iterator
from typing import Any

import click

SERVED = "asgi:quart_jwt.trial.served:load()"


@click.command(
    "run",
    epilog="""\b
Examples:
  quart-jwt run shop:app
  quart-jwt run --as-flask shop:app
  quart-jwt run --app 'shop:create_app()' --bind 0.0.0.0:8000 --reload""",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("app", required=False)
@click.option(
    "--app",
    "-A",
    "option",
    metavar="APP",
    help="The same as APP, for users of Flask's command.",
)
@click.option(
    "--as-flask",
    is_flag=True,
    help="First replace Flask and flask_jwt_extended by quart_jwt.flask.",
)
@click.option("--bind", "-b", multiple=True, help="HOST:PORT or unix:PATH.")
@click.option("--host", "-h", default="127.0.0.1", show_default=True)
@click.option("--port", "-p", type=int, default=5000, show_default=True)
@click.option("--workers", "-w", type=int, default=1, show_default=True)
@click.option("--reload", "reloads", is_flag=True, help="Restart if a file changes.")
@click.option("--debug", is_flag=True, help="Switch Flask's debug mode on.")
@click.option("--certfile", type=click.Path(exists=True, dir_okay=False))
@click.option("--keyfile", type=click.Path(exists=True, dir_okay=False))
@click.option("--env-file", type=click.Path(exists=True, dir_okay=False))
def run_command(
    app: str | None, *, option: str | None, as_flask: bool, **options: Any
) -> None:
    """
    Serve a Flask app that uses quart_jwt.flask on Hypercorn.

    APP is MODULE:NAME, as for `flask --app`; without it, FLASK_APP, wsgi.py and app.py
    are looked at. With --as-flask, the project may be unchanged.
    """
    from quart_jwt.trial import served  # noqa: PLC0415 - --help needs click alone

    if options["env_file"] is not None:
        from flask.cli import load_dotenv  # noqa: PLC0415 - the same

        load_dotenv(options["env_file"])
    if name := app or option:
        os.environ[served.APP] = name
    if as_flask:
        os.environ[served.AS_FLASK] = "1"
    if options["debug"]:
        os.environ["FLASK_DEBUG"] = "1"
    try:
        served.load()  # here as well, for an error without a traceback
    except served.UnsuitableAppError as error:
        raise click.ClickException(str(error)) from error
    sys.stdout.flush()
    # Hypercorn's documented interface to several processes and reloading.
    os.execv(sys.executable, [sys.executable, "-m", *_hypercorn(options)])  # noqa: S606 - our own words


def main() -> None:
    """Run the command, whose name stands first on the command line."""
    run_command(args=sys.argv[2:], prog_name="quart-jwt run")


def _hypercorn(options: dict[str, Any]) -> Iterator[str]:
    """Give Hypercorn's command line."""
    yield from ("hypercorn", SERVED, "--access-logfile", "-", "--error-logfile", "-")
    for bind in options["bind"] or [f"{options['host']}:{options['port']}"]:
        yield from ("--bind", bind)
    yield from ("--workers", str(options["workers"]))
    for name in ("certfile", "keyfile"):
        if options[name] is not None:
            yield from (f"--{name}", options[name])
    if options["reloads"]:
        yield "--reload"
