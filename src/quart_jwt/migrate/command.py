"""
The command ``quart-jwt migrate``.

Exit status 0: done. 1: with ``--check``, something is left to do. 2: the command line
is wrong.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from quart_jwt.migrate.colours import Policy
from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.migration import study
from quart_jwt.migrate.project import python_files
from quart_jwt.migrate.project import read_project
from quart_jwt.migrate.pytest_settings import rewrite_pytest_settings
from quart_jwt.migrate.report import as_json
from quart_jwt.migrate.report import as_text
from quart_jwt.migrate.report import unified_diff
from quart_jwt.migrate.requirements import rewrite_requirements
from quart_jwt.migrate.rewriting import rewrite
from quart_jwt.migrate.rewriting import Rewritten
from quart_jwt.migrate.serving import rewrite_serving


@click.command(
    "migrate",
    epilog="""\b
Examples:
  quart-jwt migrate .
  quart-jwt migrate --write .
  quart-jwt migrate --check --report json src > report.json""",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--write", is_flag=True, help="Change the files, instead of a diff.")
@click.option(
    "--check",
    is_flag=True,
    help="Show no diff; exit with 1 if something is left to do.",
)
@click.option(
    "--all-async",
    "policy",
    flag_value=Policy.ALL_ASYNC,
    type=Policy,
    help="Make every view async, not only those that await.",
)
@click.option(
    "--keep-sync",
    "policy",
    flag_value=Policy.KEEP_SYNC,
    type=Policy,
    help="Leave views that only read the body in their threads.",
)
@click.option(
    "--report",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="The form of the report (default: text).",
)
def migrate(
    path: Path, *, write: bool, check: bool, policy: Policy | None, form: str
) -> None:
    """
    Take the Flask project at PATH to Quart and quart-jwt.

    Without options, shows what would change, and a report of what would be left to do.
    Code is read, never run. Commit your work first: --write changes files in place.
    """
    changes, findings = migrate_project(path, policy or Policy.NEEDED)
    if write:
        apply(path, changes)
    elif not check and form == "text":
        click.echo(unified_diff(changes), nl=False)
    if form == "json":
        click.echo(as_json(changes, findings))
    else:
        click.echo(as_text(changes, findings, written=write), err=not (write or check))
    is_left = any(one.level == "todo" for one in findings) or (changes and not write)
    sys.exit(1 if check and is_left else 0)


def main() -> None:
    """Run the command, whose name stands first on the command line."""
    migrate(args=sys.argv[2:], prog_name="quart-jwt migrate")


def migrate_project(
    path: Path, policy: Policy = Policy.NEEDED
) -> tuple[list[Rewritten], list[Finding]]:
    """
    Find out what a migration changes, and what it leaves to do; write nothing.

    Args:
        path: The project's folder, or one file.
        policy: How far async is to spread.

    Returns:
        The changed files, and the findings in the order of the files.
    """
    with _progress(path) as progress:
        project = read_project(path, progress=progress)
    migration = study(project, policy)
    changes = list(rewrite(migration))
    if path.is_dir():
        rewrite_requirements(migration)
        rewrite_serving(migration)
        rewrite_pytest_settings(migration)
    changes += [_rewritten(path, name, text) for name, text in migration.texts.items()]
    return changes, sorted(set(migration.findings))


def apply(path: Path, changes: list[Rewritten]) -> None:
    """Write the changed files."""
    root = path.parent if path.is_file() else path
    for change in changes:
        with (root / change.path).open("w", encoding="utf-8", newline="") as stream:
            stream.write(change.after)


def _rewritten(root: Path, name: str, text: str) -> Rewritten:
    there = root / name
    before = there.read_bytes().decode() if there.is_file() else ""
    return Rewritten(name, before, text)


@contextmanager
def _progress(path: Path) -> Iterator[Any]:
    """Show a bar on a terminal while the files are read."""
    if not sys.stderr.isatty():
        yield lambda _path: None
        return
    number = sum(1 for _path in python_files(path))
    with click.progressbar(length=number, label="Reading", file=sys.stderr) as bar:
        yield lambda _path: bar.update(1)
