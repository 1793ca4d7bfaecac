"""
Imports: ``flask`` becomes ``quart``, ``flask_jwt_extended`` becomes ``quart_jwt``.

Names whose counterpart is called otherwise, ``Flask`` first of all, are renamed where
they are used, too.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import libcst as cst
from libcst.helpers import get_full_name_for_node

from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.migration import Edit
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.migration import renamed
from quart_jwt.migrate.project import SourceFile

RULE = "imports"

RENAMED: dict[str, tuple[str, str]] = {
    "flask.Flask": ("quart_jwt.compat", "Quart"),
    "flask.app.Flask": ("quart_jwt.compat", "Quart"),
    "flask.Markup": ("markupsafe", "Markup"),
    "flask.escape": ("markupsafe", "escape"),
    "flask.cli.FlaskGroup": ("quart.cli", "QuartGroup"),
    "flask.testing.FlaskClient": ("quart.testing", "QuartClient"),
    "flask.testing.FlaskCliRunner": ("quart.testing", "QuartCliRunner"),
}
"""What has a counterpart of another name: its module, and that name."""

SEEN_BY_EXTENSIONS = {"flask.Blueprint": ("quart_jwt.compat", "Blueprint")}
"""Renamed only in a project that hands one to a Flask extension."""

WITHOUT_COUNTERPART = frozenset(
    {
        "flask._app_ctx_stack",
        "flask._request_ctx_stack",
        "flask.debughelpers",
        "flask.sansio",
        "flask.testing.EnvironBuilder",
    }
)

JWT_PACKAGE = "flask_jwt_extended"
JWT_MODULES = frozenset({"config", "exceptions", "typing"})
"""Modules of Flask-JWT-Extended that stand under the same name here."""

JWT_NAMES = frozenset(
    {
        "JWTManager",
        "create_access_token",
        "create_refresh_token",
        "current_user",
        "decode_token",
        "get_csrf_token",
        "get_current_user",
        "get_jti",
        "get_jwt",
        "get_jwt_header",
        "get_jwt_identity",
        "get_jwt_request_location",
        "get_unverified_jwt_headers",
        "jwt_required",
        "set_access_cookies",
        "set_refresh_cookies",
        "unset_access_cookies",
        "unset_jwt_cookies",
        "unset_refresh_cookies",
        "verify_jwt_in_request",
    }
)


def new_home(
    module: str, name: str, homes: Mapping[str, tuple[str, str]] = RENAMED
) -> tuple[str, str] | None:
    """
    Give module and name of what a name of Flask or its JWT extension becomes.

    Returns:
        None where there is no counterpart.
    """
    full = f"{module}.{name}"
    if full in homes:
        return homes[full]
    if full in WITHOUT_COUNTERPART or module in WITHOUT_COUNTERPART:
        return None
    package, _, rest = module.partition(".")
    if package == "flask":
        return f"quart.{rest}" if rest else "quart", name
    if rest in JWT_MODULES or (not rest and name in JWT_MODULES):
        return f"quart_jwt.{rest}" if rest else "quart_jwt", name
    return ("quart_jwt", name) if name in JWT_NAMES else None


def is_theirs(module: str) -> bool:
    """Whether a module is one that gets a counterpart."""
    return module.partition(".")[0] in {"flask", JWT_PACKAGE}


def edits(migration: Migration, file: SourceFile) -> Iterator[Edit]:
    """Give the edits of a file."""
    for line in nodes(file, cst.SimpleStatementLine):
        for statement in line.body:
            if isinstance(statement, cst.ImportFrom) and not statement.relative:
                yield from _from_import(migration, file, line, statement)
            elif isinstance(statement, cst.Import):
                yield from _import(statement)
    yield from _uses(migration, file)


def _from_import(
    migration: Migration,
    file: SourceFile,
    line: cst.SimpleStatementLine,
    statement: cst.ImportFrom,
) -> Iterator[Edit]:
    module = get_full_name_for_node(statement.module) if statement.module else None
    if module is None or not is_theirs(module):
        return
    if isinstance(statement.names, cst.ImportStar):
        migration.report(
            file,
            statement,
            rule=RULE,
            reason=f"`from {module} import *` does not say which names it brings",
            advice="Name them, then run the command again.",
        )
        return
    homes = _sorted_by_home(migration, file, module, statement.names)
    if len(line.body) > 1:
        homes = _first_home_only(migration, file, homes)
    yield _replacement(line, statement, homes)


def _first_home_only(
    migration: Migration, file: SourceFile, homes: dict[str, list[cst.ImportAlias]]
) -> dict[str, list[cst.ImportAlias]]:
    """Leave one import on a line of several statements, the others go on top."""
    first, *others = homes
    for module in others:
        for alias in homes[module]:
            name = get_full_name_for_node(alias.name) or ""
            migration.imports[file].add((module, name))
    return {first: homes[first]}


def _sorted_by_home(
    migration: Migration,
    file: SourceFile,
    module: str,
    aliases: Sequence[cst.ImportAlias],
) -> dict[str, list[cst.ImportAlias]]:
    homes: dict[str, list[cst.ImportAlias]] = {}
    for alias in aliases:
        name = get_full_name_for_node(alias.name) or ""
        home = new_home(module, name, _homes(migration))
        if home is None:
            _report_orphan(migration, file, alias, f"{module}.{name}")
        there, new_name = home or (module, name)
        if new_name != name:
            alias = alias.with_changes(name=cst.Name(new_name))  # noqa: PLW2901 - the alias as it will be
        homes.setdefault(there, []).append(alias)
    return homes


def _report_orphan(
    migration: Migration, file: SourceFile, node: cst.CSTNode, name: str
) -> None:
    migration.report(
        file,
        node,
        rule=RULE,
        reason=f"{name} has no counterpart, and its import was left as it is",
        advice="Replace what it is used for by hand.",
    )


def _replacement(
    line: cst.SimpleStatementLine,
    statement: cst.ImportFrom,
    homes: dict[str, list[cst.ImportAlias]],
) -> Edit:
    modules = list(homes)
    if len(homes) == 1:
        names = _as_before(statement, homes[modules[0]])
        return Edit(statement, lambda node: _moved(node, modules[0], names))

    def split(updated: cst.SimpleStatementLine) -> Any:
        statements = [
            _moved(statement, module, _as_before(statement, homes[module]))
            for module in modules
        ]
        bare = [cst.SimpleStatementLine(body=[one]) for one in statements]
        first = bare[0].with_changes(leading_lines=updated.leading_lines)
        last = bare[-1].with_changes(trailing_whitespace=updated.trailing_whitespace)
        return cst.FlattenSentinel([first, *bare[1:-1], last])

    return Edit(line, split)


def _as_before(
    statement: cst.ImportFrom, aliases: list[cst.ImportAlias]
) -> list[cst.ImportAlias]:
    """Keep the comma at the end only where the statement had one."""
    before = statement.names
    had = isinstance(before, Sequence) and isinstance(before[-1].comma, cst.Comma)
    last = aliases[-1]
    if had and not isinstance(last.comma, cst.Comma):
        last = last.with_changes(comma=cst.Comma())
    if not had:
        last = last.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return [*aliases[:-1], last]


def _moved(
    node: cst.ImportFrom, module: str, names: list[cst.ImportAlias]
) -> cst.ImportFrom:
    return node.with_changes(module=_dotted(module), names=names)


def _dotted(name: str) -> Any:
    return cst.parse_expression(name)


def _import(statement: cst.Import) -> Iterator[Edit]:
    for alias in statement.names:
        module = get_full_name_for_node(alias.name) or ""
        if is_theirs(module):
            yield _moved_module(alias, _new_module(module))


def _moved_module(alias: cst.ImportAlias, module: str) -> Edit:
    return Edit(alias, lambda node: node.with_changes(name=_dotted(module)))


def _new_module(module: str) -> str:
    package, _, rest = module.partition(".")
    new = "quart" if package == "flask" else "quart_jwt"
    return f"{new}.{rest}" if rest else new


def _homes(migration: Migration) -> Mapping[str, tuple[str, str]]:
    return RENAMED | (SEEN_BY_EXTENSIONS if migration.shares_blueprints else {})


def _uses(migration: Migration, file: SourceFile) -> Iterator[Edit]:
    """Rename what is called otherwise, and the modules themselves."""
    homes = _homes(migration)
    for attribute in nodes(file, cst.Attribute):
        full = migration.names.of(file, attribute) or ""
        if full in homes and not _is_imported(file, attribute):
            yield _renamed_attribute(migration, file, attribute, homes[full])
    for node in nodes(file, cst.Name):
        if not _is_use(file, node):
            continue
        full = migration.names.of(file, node) or ""
        if full in homes and node.value == full.rpartition(".")[2]:
            yield renamed(node, homes[full][1])
        elif full in {"flask", JWT_PACKAGE} and node.value == full:
            yield renamed(node, _new_module(full))


def _renamed_attribute(
    migration: Migration, file: SourceFile, node: cst.Attribute, home: tuple[str, str]
) -> Edit:
    migration.imports[file].add(home)
    return Edit(node, lambda _node: cst.Name(home[1], lpar=node.lpar, rpar=node.rpar))


def _is_use(file: SourceFile, node: cst.Name) -> bool:
    parent = file.parent(node)
    if isinstance(parent, cst.Attribute):
        return parent.value is node and not _is_imported(file, parent)
    if isinstance(parent, cst.Arg | cst.Param):
        return getattr(parent, "keyword", None) is not node and (
            not isinstance(parent, cst.Param) or parent.name is not node
        )
    return not isinstance(parent, cst.ImportAlias | cst.AsName | cst.ImportFrom)


def _is_imported(file: SourceFile, node: cst.CSTNode) -> bool:
    around = file.parent(node)
    while isinstance(around, cst.Attribute):
        around = file.parent(around)
    return isinstance(around, cst.ImportAlias | cst.ImportFrom)
