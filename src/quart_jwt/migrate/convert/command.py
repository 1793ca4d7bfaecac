"""
The command ``quart-jwt convert``.

Exit status 0: done. 1: a view that was named stays sync, something remains before the
last step, or the project does not run on ``quart_jwt.flask``. 2: the command line is
wrong.
"""

import sys
from difflib import get_close_matches
from pathlib import Path

import click

from quart_jwt.migrate.convert.blocking import find_blocking
from quart_jwt.migrate.convert.edits import convert as edit
from quart_jwt.migrate.convert.edits import Converted
from quart_jwt.migrate.convert.entries import Entry
from quart_jwt.migrate.convert.finish import finish
from quart_jwt.migrate.convert.plan import make_plan
from quart_jwt.migrate.convert.plan import Plan
from quart_jwt.migrate.convert.receivers import APP
from quart_jwt.migrate.convert.receivers import FLASK_APPS
from quart_jwt.migrate.convert.report import Line
from quart_jwt.migrate.convert.report import Report
from quart_jwt.migrate.convert.report import unified_diff
from quart_jwt.migrate.convert.study import Study
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.migration import Change
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.project import read_project
from quart_jwt.migrate.writing import apply as write_all
from quart_jwt.migrate.writing import WritingError


class NotOnQuartError(click.ClickException):
    """The project's app is not one of ``quart_jwt.flask``: exit status 1."""


@click.command(
    "convert",
    epilog="""\b
Examples:
  quart-jwt convert --waiting
  quart-jwt convert login orders.create --write
  quart-jwt convert --blueprint orders --write""",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("views", nargs=-1, metavar="[VIEW]...")
@click.option(
    "--blueprint",
    "blueprints",
    multiple=True,
    metavar="NAME",
    help="Convert the views and hooks of this blueprint (repeatable).",
)
@click.option(
    "--waiting",
    is_flag=True,
    help="Convert only views that call something with an async counterpart.",
)
@click.option(
    "--finish",
    "finishes",
    is_flag=True,
    help="Replace quart_jwt.flask by quart.Quart, or list what remains to be "
    "converted first.",
)
@click.option("--write", is_flag=True, help="Change the files, instead of a diff.")
@click.option(
    "--project",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The project's folder (default: the current one).",
)
@click.option(
    "--report",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Format of the report (default: text).",
)
def convert(
    views: tuple[str, ...],
    *,
    blueprints: tuple[str, ...],
    waiting: bool,
    finishes: bool,
    write: bool,
    root: Path,
    form: str,
) -> None:
    """
    Make views of a project on quart_jwt.flask async.

    A VIEW is a function, `module.function`, `blueprint.function` or `Class.method`.
    Without VIEW and --blueprint, every view and hook is considered. Helpers become
    async only if every reference to them is a call that can be awaited. Without
    --write, shows what would change and why the rest stays sync. Reads the code and
    never runs it. Commit your work first: --write changes files in place.
    """
    study = read_study(root)
    if study.is_on_quart():
        click.echo("The app is quart.Quart: nothing is left to convert.")
    elif not finishes:
        sys.exit(_convert(study, views, blueprints, waiting, write, form))
    elif views or blueprints or waiting:
        raise click.UsageError(
            "--finish converts the whole project: do not name a VIEW."
        )
    else:
        sys.exit(_finish(study, root, write=write))


def _convert(
    study: Study,
    views: tuple[str, ...],
    blueprints: tuple[str, ...],
    waiting: bool,
    write: bool,
    form: str,
) -> int:
    chosen = choose(study, views, blueprints)
    plan = make_plan(study, chosen)
    if waiting:
        chosen = [one for one in chosen if _is_waiting(plan, one.function)]
        plan = make_plan(study, chosen)
    changes = list(edit(plan))
    if write:
        apply(study.project.root, changes)
    elif form == "text":
        click.echo(unified_diff(changes), nl=False)
    report = make_report(plan, chosen, written=write)
    text = report.as_json() + "\n" if form == "json" else report.as_text()
    click.echo(text, nl=False, err=form == "text" and not write)
    return 1 if views and report.kept else 0


def _finish(study: Study, root: Path, *, write: bool) -> int:
    done = finish(study)
    for line in done.remains:
        click.echo(str(line))
    if done.remains:
        click.echo(f"Nothing was changed: {len(done.remains)} places remain.", err=True)
        return 1
    if write:
        apply(root, done.changes)
    else:
        click.echo(unified_diff(done.changes), nl=False)
    verb = "changed" if write else "would change"
    click.echo(f"Nothing sync was found. Files that {verb}: {len(done.changes)}.")
    return 0


def main() -> None:
    """Run the command, whose name stands first on the command line."""
    convert(args=sys.argv[2:], prog_name="quart-jwt convert")


def read_study(root: Path) -> Study:
    """
    Read a project whose app is one of ``quart_jwt.flask``.

    Raises:
        NotOnQuartError: It has another app, or none.
    """
    study = Study(read_project(root))
    of_flask = [one for one in study.mentions.all if one.meaning in FLASK_APPS]
    used = [one for one in of_flask if one.call is not None]
    if used:
        raise NotOnQuartError(
            f"{used[0].place} makes an app of Flask's own class. Run "
            "`quart-jwt migrate --write` first: convert needs quart_jwt.flask.Flask."
        )
    is_on_one = any(one.meaning == APP for one in study.mentions.all)
    if not is_on_one and not study.is_on_quart():
        raise NotOnQuartError(
            f"No app of quart_jwt.flask.Flask was found in {root.resolve().name}. "
            "Run `quart-jwt migrate --write` first, or name the folder: --project."
        )
    return study


def choose(
    study: Study, views: tuple[str, ...], blueprints: tuple[str, ...]
) -> list[Entry]:
    """
    Give the entries that a command line names; all of them if it names none.

    Raises:
        UsageError: A name is not known.
    """
    entries = list(study.entries.values())
    if not views and not blueprints:
        return entries
    known = {name: name for one in entries for name in one.names}
    of_blueprints = {
        name
        for one in entries
        for receiver in one.receivers
        if not receiver.is_app
        for name in receiver.names
    }
    for view in views:
        _check("view", view, set(known))
    for blueprint in blueprints:
        _check("blueprint", blueprint, of_blueprints)
    return [
        one
        for one in entries
        if not one.names.isdisjoint(views)
        or any(
            not receiver.is_app and not receiver.names.isdisjoint(blueprints)
            for receiver in one.receivers
        )
    ]


def _check(kind: str, name: str, known: set[str]) -> None:
    if name in known:
        return
    near = get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise click.UsageError(f"There is no {kind} {name}.{hint}")


def apply(root: Path, changes: list[Converted]) -> None:
    """
    Write the changed files: all of them, or none.

    Raises:
        ClickException: One cannot be written, or has changed since it was read.
    """
    both = [
        Change(
            path=change.path,
            before=change.before.encode(),
            after=change.after.encode(),
        )
        for change in changes
    ]
    try:
        write_all(Migration(root, both))
    except WritingError as error:
        raise click.ClickException(str(error)) from error


def make_report(plan: Plan, chosen: list[Entry], *, written: bool) -> Report:
    """
    Report on a plan.

    Args:
        plan: The plan.
        chosen: The views and hooks that were to become async.
        written: The files have been changed; lines are then those of the new files.
    """
    study = plan.study
    blocking = find_blocking(plan)
    now = study
    if written:
        now = Study(read_project(study.project.root))
        blocking = find_blocking(make_plan(now, []))
    return Report(
        written=written,
        views=len(study.entries),
        files=len(study.project.files),
        already=sum(one.function.is_async for one in chosen),
        converted=[_line(now, plan, each) for each in plan.becoming],
        kept=[_line(now, plan, each, reason) for each, reason in plan.reasons.items()],
        blocking=blocking,
        unread=[one.path for one in study.project.findings],
    )


def _line(now: Study, plan: Plan, function: Function, reason: str = "") -> Line:
    named = now.index.by_name[function.name]
    place = plan.study.index.by_name[function.name].index(function)
    entry = plan.study.entries.get(function)
    name = f"{function.own_name} (helper)" if entry is None else entry.label
    line = named[place].file.line(named[place].node.name)
    return Line(function.file.path, line, name, reason)


def _is_waiting(plan: Plan, function: Function) -> bool:
    return function in plan.becoming and plan.waits(function)
