"""
The command ``quart-jwt try``.

Exit status 0: every test that passes under Flask passes under quart_jwt. 1: a test is
worse, nothing went through quart_jwt, or the tests could not be run. 2: the command
line is wrong.
"""

import sys
from pathlib import Path

import click

from quart_jwt.trial.suite import compared
from quart_jwt.trial.suite import Difference
from quart_jwt.trial.suite import Mode
from quart_jwt.trial.suite import run_suite
from quart_jwt.trial.suite import SuiteError


@click.command(
    "try",
    epilog="""\b
Examples:
  quart-jwt try -- pytest -q
  quart-jwt try -- pytest -n 4 tests/api
  quart-jwt try -- make test""",
    context_settings={
        "help_option_names": ["-h", "--help"],
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
    },
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def try_command(command: tuple[str, ...]) -> None:
    """
    Run a Flask project's tests under Flask, then under quart_jwt.

    COMMAND starts pytest. Runs it twice: under Flask and flask_jwt_extended, then with
    quart_jwt.flask in their place. Changes no file of the project. Prints both results
    and every test that differs.
    """
    try:
        before = run_suite(command, Path.cwd(), Mode.AS_IT_IS)
        after = run_suite(command, Path.cwd(), Mode.ALIASED)
    except SuiteError as error:
        raise click.ClickException(str(error)) from error
    difference = compared(before, after)
    click.echo(difference.as_text("Under Flask", "As if migrated"))
    sys.exit(0 if _is_proof(difference) else 1)


def main() -> None:
    """Run the command, whose name stands first on the command line."""
    try_command(args=sys.argv[2:], prog_name="quart-jwt try")


def _is_proof(difference: Difference) -> bool:
    """Whether the tests ran through quart_jwt, and none is worse."""
    counters = difference.after.counters
    reason = ""
    if "passed" not in difference.before.outcomes.values():
        reason = "No test passes under Flask: the trial shows nothing."
    elif not counters.get("apps"):
        reason = "No app was made through quart_jwt.flask: the trial shows nothing."
    elif not counters.get("requests"):
        click.echo("These tests send no request through quart_jwt.flask.", err=True)
    if reason:
        click.echo(reason, err=True)
    return not (reason or difference.is_worse)
