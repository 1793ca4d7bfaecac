"""
A migration, from the files of a project to the changes and the report.

Each file is read, changed and checked by itself and then dropped, so that memory does
not grow with the project. Findings are of the text as it is in the file when the
command has ended: line numbers fit, and a second run reports the same.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from pathlib import PurePosixPath

from quart_jwt.migrate.checks import identities
from quart_jwt.migrate.checks import library_names
from quart_jwt.migrate.checks import old_flask
from quart_jwt.migrate.checks import packages
from quart_jwt.migrate.checks import quart_class
from quart_jwt.migrate.checks import serving_calls
from quart_jwt.migrate.checks import third_version
from quart_jwt.migrate.counterparts import FLASK_CLASSES
from quart_jwt.migrate.dependencies import files as dependencies
from quart_jwt.migrate.examined import Examined
from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.findings import merged
from quart_jwt.migrate.imports import imports_flask
from quart_jwt.migrate.imports import rewritten
from quart_jwt.migrate.serving import files as serving
from quart_jwt.migrate.source import decoded
from quart_jwt.migrate.source import parsed
from quart_jwt.migrate.source import UNREADABLE
from quart_jwt.migrate.source import unreadable
from quart_jwt.migrate.tree import read_tree
from quart_jwt.migrate.tree import Tree

_CONCERNS = re.compile(
    "flask|quart|JWT|jwt_|blacklist|gevent|eventlet|simple_websocket|meinheld"
    "|connexion|import_module|__import__"
)
"""Files without any of these words cannot concern a migration, and are not parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    A file that changes.
    """

    path: str
    before: bytes
    after: bytes
    dropped: tuple[str, ...] = ()
    """Options of a server that have no counterpart."""


@dataclass(eq=False, slots=True)
class Migration:
    """
    What a migration changes, what it leaves to do, and what it looked at.
    """

    root: Path
    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    examined: Examined = field(default_factory=Examined)


@dataclass(eq=False, slots=True)
class _Run:
    """The state of one run over a project."""

    tree: Tree
    migration: Migration
    is_written: bool
    serving: bool
    identities_matter: bool = True
    old_names: list[tuple[str, int, str, str]] = field(default_factory=list)
    imports: dict[str, list[tuple[str, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )


def migrate_project(
    path: Path,
    *,
    is_written: bool = False,
    serving: bool = False,
    progress: Callable[[str], object] = lambda path: path,
) -> Migration:
    """
    Find out what a migration changes, and what it leaves to do; write nothing.

    Args:
        path: The project's folder, or one file.
        is_written: Whether the changes are going to be written: the findings then have
            the lines of the changed files.
        serving: Whether how the project is served is to change as well.
        progress: Is called with each path before the file is read.
    """
    tree = read_tree(path)
    run = _Run(tree, Migration(tree.root), is_written, serving)
    run.migration.findings += tree.findings
    run.migration.examined.skipped += tree.skipped
    python = set(tree.python() if path.is_dir() else tree.paths)
    for name in tree.paths:
        progress(name)
        if name in python or _is_script(tree, name):
            _python_file(run, name)
    if path.is_dir():
        _text_files(run, python)
    _project_findings(run)
    return run.migration


def _is_script(tree: Tree, name: str) -> bool:
    """Whether a file without a suffix is a Python script."""
    path = PurePosixPath(name)
    if path.suffix or any(part.startswith(".") for part in path.parts):
        return False
    try:
        with (tree.root / name).open("rb") as stream:
            return re.match(rb"#!.*python", stream.readline(128)) is not None
    except OSError:
        return False


def _python_file(run: _Run, path: str) -> None:
    examined = run.migration.examined
    examined.python += 1
    try:
        content = run.tree.read(path)
        text, encoding = decoded(content)
        examined.count_tests(path, text)
        if not _CONCERNS.search(text):
            return
        source = parsed(path, text, encoding)
        after = rewritten(source)
        if after != text:
            change = Change(path=path, before=content, after=after.encode(encoding))
            run.migration.changes.append(change)
            if run.is_written:
                source = parsed(path, after, encoding)
        _check(run, path, list(ast.walk(source.tree)), source.text)
    except UNREADABLE as error:
        examined.unread += 1
        run.migration.findings.append(unreadable(path, error))
    except OSError as error:
        examined.unread += 1
        run.migration.findings.append(dependencies.unreadable(path, error))


def _check(run: _Run, path: str, nodes: list[ast.AST], text: str) -> None:
    examined, found = run.migration.examined, run.migration.findings
    examined.flask += imports_flask(nodes)
    examined.count_places(nodes, FLASK_CLASSES)
    for package, line in packages.imported(nodes):
        run.imports[package].append((path, line))
    run.old_names += [(path, *one) for one in third_version.uses(nodes)]
    found += library_names.findings(path, nodes)
    found += old_flask.findings(path, nodes)
    found += quart_class.findings(path, nodes)
    found += identities.findings(path, nodes)
    if identities.SETTING in text or identities.has_other_loader(nodes):
        run.identities_matter = False
    if run.serving:
        found += serving_calls.findings(path, nodes)


def _text_files(run: _Run, python: set[str]) -> None:
    files = dependencies.dependency_files(run.tree.paths, lambda path: _text(run, path))
    run.migration.examined.dependencies += len(files)
    for path in run.tree.paths:
        is_served = path not in python and serving.is_candidate(path)
        is_served |= PurePosixPath(path).name.startswith("gunicorn")
        if path not in files and not is_served and not dependencies.is_related(path):
            continue
        text = _text(run, path)
        if text is None:
            continue
        rewrite = files.get(path)
        _text_file(run, path, text, rewrite, is_served=is_served)


def _text_file(
    run: _Run,
    path: str,
    before: str,
    rewrite: Callable[..., str] | None,
    *,
    is_served: bool,
) -> None:
    found = run.migration.findings
    after, dropped = before, list[str]()
    try:
        if rewrite is not None:
            after = rewrite(after, serving=run.serving)
    except ValueError as error:
        found.append(dependencies.unreadable(path, error))
    is_served = is_served and serving.concerns(before)
    run.migration.examined.serving += is_served
    if is_served and run.serving:
        after = serving.serving_text(after, dropped)
    if after != before:
        change = Change(
            path=path,
            before=before.encode(),
            after=after.encode(),
            dropped=tuple(dropped),
        )
        run.migration.changes.append(change)
    current = after if run.is_written else before
    found += dependencies.findings(path, current)
    if is_served and run.serving:
        found += serving.findings(path, current, after)
    if is_served:
        found += serving.worker_findings(path, after)


def _text(run: _Run, path: str) -> str | None:
    try:
        return run.tree.read(path).decode()
    except (OSError, UnicodeDecodeError):
        return None


def _project_findings(run: _Run) -> None:
    migration = run.migration
    own = _own_names(run.tree)
    migration.findings += third_version.finding(run.old_names)
    migration.findings += packages.findings(run.imports, own)
    migration.examined.not_installed = sorted(
        one
        for one in run.imports.keys() - own
        if one.startswith("flask_") and not packages.is_installed(one)
        if one != "flask_jwt_extended"
    )
    if not run.identities_matter:
        migration.findings = [
            one for one in migration.findings if one.rule != identities.RULE
        ]
    migration.findings = merged(migration.findings)
    migration.changes.sort(key=lambda change: change.path)


def _own_names(tree: Tree) -> set[str]:
    """Give the names of the project's own modules and packages, at any depth."""
    return {
        part.partition(".")[0]
        for path in tree.paths
        if path.endswith((".py", ".pyi"))
        for part in PurePosixPath(path).parts
    }
