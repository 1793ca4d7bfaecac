"""Private parts of dependencies: each is in its module, in the docs, and checked."""

import ast
import re
import types
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from quart_jwt.exceptions import IncompatibleDependencyError
from quart_jwt.extension.request import quart_seams
from quart_jwt.flask import seams as flask_seams
from quart_jwt.seams import require
from quart_jwt.seams import Seam
from quart_jwt.service.serving import hypercorn_seams
from quart_jwt.stores.sql import sqlalchemy_seams
from source_tree import imports
from source_tree import modules
from source_tree import name
from source_tree import PACKAGE
from source_tree import ROOT
from source_tree import tree

SEAMS: dict[str, tuple[Seam, ...]] = {
    "extension/request/quart_seams.py": quart_seams.SEAMS,
    "flask/seams.py": (*flask_seams.QUART_SEAMS, *flask_seams.FLASK_SEAMS),
    "service/serving/hypercorn_seams.py": hypercorn_seams.SEAMS,
    "stores/sql/sqlalchemy_seams.py": sqlalchemy_seams.SEAMS,
}
"""The modules that may import what is private, and the parts that each checks."""

PUBLIC = {
    *("flask", "flask.blueprints", "flask.cli", "flask.sessions"),
    *("hypercorn.asyncio", "hypercorn.config", "hypercorn.logging"),
    *("hypercorn.typing", "prometheus_client", "prometheus_client.exposition"),
    *("prometheus_client.multiprocess", "prometheus_client.parser"),
    "prometheus_client.registry",
    *("quart", "quart.blueprints", "quart.cli", "quart.ctx", "quart.datastructures"),
    *("quart.json.provider", "quart.routing", "quart.testing", "quart.typing"),
    *("quart.wrappers", "quart_cors", "quart_schema", "sqlalchemy"),
    *("sqlalchemy.dialects", "sqlalchemy.engine", "sqlalchemy.exc"),
    *("sqlalchemy.ext.asyncio", "sqlalchemy.orm", "werkzeug.datastructures"),
    *(
        "werkzeug.exceptions",
        "werkzeug.http",
        "werkzeug.local",
        "werkzeug.routing",
        "werkzeug.security",
        "werkzeug.wrappers",
    ),
}
"""Modules that the dependencies document; a name of theirs may still be private."""

PACKAGES = {module.partition(".")[0] for module in PUBLIC}

UNDOCUMENTED = {("hypercorn.config", "Sockets")}
"""Names in such modules that are not documented."""

DOCUMENTED = {"_get_current_object"}
"""Werkzeug documents it as the way to the object behind a proxy."""


def _others() -> list[Any]:
    paths = [path for path in modules() if _here(path) not in SEAMS]
    return [pytest.param(path, id=name(path)) for path in paths]


def _here(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", _others())
def test_private_parts_are_imported_in_their_module_only(path: Path) -> None:
    """Every other module imports what a dependency documents."""
    private = [
        (module, imported)
        for module, imported in imports(path)
        if module.partition(".")[0] in PACKAGES
        and (
            module not in PUBLIC
            or imported.startswith("_")
            or (module, imported) in UNDOCUMENTED
        )
    ]

    assert private == []


@pytest.mark.parametrize("path", _others())
def test_a_private_attribute_is_one_that_is_checked(path: Path) -> None:
    """Ours aside, an underscore is used only where the start looks at it."""
    checked = {part for seams in SEAMS.values() for seam in seams for part in _of(seam)}
    foreign = set(_foreign_attributes(tree(path))) if _has_dependency(path) else set()

    assert foreign <= checked | DOCUMENTED


def _has_dependency(path: Path) -> bool:
    return _here(path).partition("/")[0] not in {"migrate", "tokens", "client"}


def _of(seam: Seam) -> set[str]:
    return {seam.name, *seam.names}


def _foreign_attributes(module: ast.Module) -> Iterator[str]:
    """Private attributes that no class of the package's has defined."""
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Attribute)
            and node.attr.startswith("_")
            and not node.attr.startswith("__")
            and node.attr not in _OURS
        ):
            yield node.attr


def _defined() -> Iterator[str]:
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _defined_by(node)
            elif isinstance(node, ast.AnnAssign | ast.Assign):
                yield from _assigned(node)


def _defined_by(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    # A method that calls the one which it overrides is not ours alone.
    inner = {n.attr for n in ast.walk(function) if isinstance(n, ast.Attribute)}
    if function.name not in inner:
        yield function.name


def _assigned(node: ast.AnnAssign | ast.Assign) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        for one in ast.walk(target):
            if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store):
                yield one.attr
            elif isinstance(one, ast.Name):
                yield one.id
            elif isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value


_OURS = frozenset(_defined())


def test_the_docs_name_every_private_part() -> None:
    """docs/internals/dependencies.md lists line by line what is checked at start."""
    page = (ROOT / "docs" / "internals" / "dependencies.md").read_text("utf-8")
    section = page.partition("## Private parts\n")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`([\w.]+)`", _first_column(section)))
    checked = {
        f"{_name_of(seam.owner)}.{seam.name}"
        for seams in SEAMS.values()
        for seam in seams
        if seam.name != "__init__"
    }

    # Quart 0.23 has fewer of them than 0.22; the page has all.
    assert checked <= documented
    assert documented - checked <= {
        "quart.globals._cv_request",
        "RequestContext._push",
        "RequestContext._push_appctx",
        "RequestContext.pop",
    }


def _first_column(section: str) -> str:
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return "\n".join(row.split("|")[1] for row in rows)


def _name_of(owner: Any) -> str:
    return str(owner.__name__)


@pytest.mark.parametrize(
    ("seam", "fault"),
    [
        (Seam(ast, "nothing"), "ast has no 'nothing'"),
        (Seam(ast, "parse", ("sauce",)), "ast.parse has no parameter 'sauce'"),
        (Seam(ast, "parse", (), ("sauce",)), "ast.parse does not use 'sauce'"),
        (Seam(types, "new_class", ("name",), ("prepare_class",)), None),
    ],
)
def test_a_part_that_has_changed_is_one_sentence(seam: Seam, fault: str | None) -> None:
    """It names the dependency, its version and the part."""
    if fault is None:
        require("Quart", [seam])
        return
    with pytest.raises(IncompatibleDependencyError) as caught:
        require("Quart", [seam])
    assert str(caught.value) == (
        f"quart-jwt does not work with Quart {version('quart')}: {fault}. "
        "Install one of the versions that docs/flask/upgrading.md names."
    )
