"""
The command ``quart-jwt migrate``.

Exit status 0: done. 1: with ``--check``, something is left to do; with ``--verify``,
the test results were worse and the change was undone. 2: the command line is wrong.

``--help`` needs click alone; what reads and writes is imported when it runs.
"""

import shlex
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from quart_jwt.migrate.writing import apply
from quart_jwt.migrate.writing import revert
from quart_jwt.migrate.writing import WritingError
from quart_jwt.trial.suite import compared
from quart_jwt.trial.suite import Mode
from quart_jwt.trial.suite import run_suite
from quart_jwt.trial.suite import SuiteError

if TYPE_CHECKING:
    from quart_jwt.migrate.migration import Migration

NEEDED = ("libcst", "packaging", "tomlkit")
"""What the extra brings beside click, by import name."""


@click.command(
    "migrate",
    epilog="""\b
Examples:
  quart-jwt migrate
  quart-jwt migrate --write --verify 'pytest -q'
  quart-jwt migrate --check --report json src > report.json""",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=".")
@click.option("--write", is_flag=True, help="Change the files, instead of a diff.")
@click.option(
    "--check",
    is_flag=True,
    help="Show no diff; exit with 1 if a file would change or something is left to do.",
)
@click.option(
    "--serve",
    "serving",
    is_flag=True,
    help="Change how the project is served, too: WSGI servers become Hypercorn.",
)
@click.option(
    "--verify",
    metavar="'PYTEST …'",
    help="Run the tests before and after; undo the change if the results are worse. "
    "Implies --write.",
)
@click.option(
    "--report",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Format of the report (default: text).",
)
def migrate(
    path: Path,
    *,
    write: bool,
    check: bool,
    serving: bool,
    verify: str | None,
    form: str,
) -> None:
    """
    Change the imports of the Flask project at PATH to quart_jwt.flask.

    Changes imports of Flask's class and of flask_jwt_extended, and the dependency
    files. Without options, shows a diff and a report and writes nothing. Reads the code
    and never runs it. Commit your work first: --write changes files in place.
    """
    _require_extra()
    from quart_jwt.migrate import report  # noqa: PLC0415 - needs the extra
    from quart_jwt.migrate.migration import migrate_project  # noqa: PLC0415 - the same

    writes = write or verify is not None
    with _progress(path) as progress:
        migration = migrate_project(
            path, is_written=writes, serving=serving, progress=progress
        )
    is_worse = False
    if writes:
        is_worse = _written(migration, path, verify)
    elif not check and form == "text":
        click.echo(report.unified_diff(migration.changes), nl=False)
    if form == "json":
        click.echo(report.as_json(migration))
    elif not is_worse:
        text = report.as_text(migration, written=writes)
        click.echo(text, err=not (writes or check))
    is_left = any(one.level == "todo" for one in migration.findings)
    is_unwritten = bool(migration.changes) and not writes
    sys.exit(1 if is_worse or (check and (is_left or is_unwritten)) else 0)


def main() -> None:
    """Run the command, whose name stands first on the command line."""
    migrate(args=sys.argv[2:], prog_name="quart-jwt migrate")


def _require_extra() -> None:
    if any(find_spec(name) is None for name in NEEDED):
        raise click.ClickException(
            "the migration tool is not installed: pip install 'quart-jwt[migrate]'"
        )


def _written(migration: "Migration", path: Path, verify: str | None) -> bool:
    """Write the change; return whether it was undone."""
    try:
        if verify is not None:
            return _verified(migration, path, verify)
        apply(migration)
    except (SuiteError, WritingError) as error:
        raise click.ClickException(str(error)) from error
    return False


def _verified(migration: "Migration", path: Path, command: str) -> bool:
    """Run the tests before and after the change; return whether it was undone."""
    words = shlex.split(command)
    folder = path if path.is_dir() else path.parent
    before = run_suite(words, folder, Mode.AS_IT_IS)
    apply(migration)
    is_kept = False
    try:
        after = run_suite(words, folder, Mode.AS_IT_IS)
        difference = compared(before, after)
        is_kept = not difference.is_worse
    finally:
        for name in [] if is_kept else revert(migration):
            click.echo(f"{name} was edited meanwhile, and is left as it is.", err=True)
    click.echo(difference.as_text("Before", "After"), err=True)
    if not is_kept:
        click.echo("The test results are worse: the change was undone.", err=True)
    return not is_kept


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[str], object]]:
    """Show a bar on a terminal while the files are read."""
    from quart_jwt.migrate.tree import read_tree  # noqa: PLC0415 - needs the extra

    if not sys.stderr.isatty():
        yield lambda path: path
        return
    length = len(read_tree(path).paths)
    with click.progressbar(length=length, label="Reading", file=sys.stderr) as bar:
        yield lambda _path: bar.update(1)
