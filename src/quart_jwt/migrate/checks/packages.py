"""
Packages that the project imports and that do not fit.

They need the WSGI server's socket, have a class of their own for the app, or import
Flask-JWT-Extended themselves.

Other extensions of Flask run on Flask's own pipeline and are not named.
"""

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from quart_jwt.migrate.counterparts import FLASK
from quart_jwt.migrate.counterparts import OLD
from quart_jwt.migrate.findings import Finding

OWN_SERVERS = {
    "eventlet": "Serve with Hypercorn; remove the monkey patches.",
    "flask_sock": "Use websockets of the Quart application: `app.quart.websocket`.",
    "flask_socketio": "Use python-socketio's ASGIApp beside the application; "
    "Flask-SocketIO's own server needs the WSGI socket.",
    "flask_sockets": "Use websockets of the Quart application: `app.quart.websocket`.",
    "gevent": "Serve with Hypercorn; remove the monkey patches.",
    "geventwebsocket": "Use websockets of the Quart application: "
    "`app.quart.websocket`.",
    "meinheld": "Serve with Hypercorn, or with gunicorn's threads.",
    "simple_websocket": "Use websockets of the Quart application: "
    "`app.quart.websocket`.",
}
"""What needs the WSGI server's socket, or replaces threads."""

OWN_CLASSES = {
    "apiflask": "APIFlask",
    "connexion": "FlaskApp",
    "flask_appbuilder": "AppBuilder",
    "flask_openapi3": "OpenAPI",
}
"""Packages whose app is a subclass of Flask's class, or makes one."""

_SUBCLASS = re.compile(rb"^class (\w+)\([^)]*\bFlask\b[^)]*\):", re.MULTILINE)
_IMPORTS_FLASK = re.compile(rb"^\s*(?:from|import) +flask\b", re.MULTILINE)
_IMPORTS_OLD = re.compile(rf"^\s*(?:from|import) +{OLD}\b".encode(), re.MULTILINE)
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_MAX_FILES = 2_000
_MAX_BYTES = 1 << 20
_NO_PACKAGE = frozenset({"", "flask", "flask_jwt_extended", "quart_jwt"})


def imported(nodes: list[ast.AST]) -> Iterator[tuple[str, int]]:
    """Give the top-level packages that a file imports, and where."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0], node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno


def findings(
    places: dict[str, list[tuple[str, int]]], own: set[str]
) -> Iterator[Finding]:
    """
    Give one finding for each package.

    Args:
        places: Path and line of each import, by package.
        own: The names of the project's own modules, at any depth.
    """
    for package in sorted(places.keys() - own - _NO_PACKAGE):
        problem = _problem(package)
        if problem is None:
            continue
        first, *others = sorted(set(places[package]))
        yield Finding(
            path=first[0],
            line=first[1],
            rule="packages",
            reason=problem[0],
            advice=problem[1],
            also=tuple(f"{path}:{line}" for path, line in others),
        )


def _problem(package: str) -> tuple[str, str] | None:
    if package in OWN_SERVERS:
        return f"{package} does not work under ASGI", OWN_SERVERS[package]
    requires = _requires(package)
    found = _read(package, declares_flask="flask" in requires)
    name = OWN_CLASSES.get(package) or found.subclass
    if name is not None:
        reason = f"{package} makes the app from a class of its own ({name})"
        advice = (
            f"Make the app from `class App({name}, {FLASK}.Flask): ...`, or call "
            f"`{FLASK}.alias.install()` before the first import of {package}."
        )
        return reason, advice
    if "flask-jwt-extended" in requires or found.imports_old:
        return (
            f"{package} imports flask_jwt_extended itself, not quart_jwt",
            f"Call `{FLASK}.alias.install()` before the first import of {package}.",
        )
    return None


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


def is_installed(package: str) -> bool:
    """Whether a package is there to be looked at."""
    return package in _distributions()


def _requires(package: str) -> set[str]:
    """Give what the distributions of a package require, where it is installed."""
    found: set[str] = set()
    for name in _distributions().get(package, ()):
        for text in metadata.requires(name) or ():
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            if requirement.marker is None or "extra" not in str(requirement.marker):
                found.add(canonicalize_name(requirement.name))
    return found


@dataclass(frozen=True, slots=True)
class _Code:
    """What the code of a package says, whatever its metadata declares."""

    subclass: str | None = None
    """A subclass of Flask's class."""
    imports_old: bool = False


@cache
def _read(package: str, *, declares_flask: bool) -> _Code:
    subclass, imports_old = None, False
    for path in islice(_files(package), _MAX_FILES):
        try:
            with path.open("rb") as stream:
                text = stream.read(_MAX_BYTES)
        except OSError:
            continue
        if b"flask" not in text:
            continue
        imports_old = imports_old or _IMPORTS_OLD.search(text) is not None
        if subclass is None and (declares_flask or _IMPORTS_FLASK.search(text)):
            match = _SUBCLASS.search(text)
            subclass = match[1].decode() if match else None
    return _Code(subclass, imports_old)


def _files(package: str) -> Iterator[Path]:
    """Give the Python files of an installed package; it is not imported."""
    if package in sys.stdlib_module_names:
        return
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    if spec.submodule_search_locations is None:
        if spec.origin and spec.origin.endswith(".py"):
            yield Path(spec.origin)
        return
    for folder in map(Path, spec.submodule_search_locations):
        for parent, folders, names in os.walk(folder):
            folders[:] = sorted(set(folders) - _TEST_FOLDERS)
            for name in sorted(names):
                if name.endswith(".py") and not name.startswith("test_"):
                    yield Path(parent, name)
