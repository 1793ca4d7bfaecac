"""
The rewriting of Python: imports of ``Flask`` and of ``flask_jwt_extended``.

Every other name of Flask stays, because ``quart_jwt.flask.Flask`` is a subclass of
Flask's own class: ``request``, ``g``, blueprints, extensions and tests are unchanged.
"""

import ast
import re
from collections.abc import Iterator

import libcst as cst

from quart_jwt.migrate.counterparts import FLASK
from quart_jwt.migrate.counterparts import FLASK_CLASSES
from quart_jwt.migrate.counterparts import inner_path
from quart_jwt.migrate.counterparts import is_old
from quart_jwt.migrate.counterparts import moved
from quart_jwt.migrate.counterparts import OLD
from quart_jwt.migrate.source import Source
from quart_jwt.migrate.source import Splice
from quart_jwt.migrate.source import spliced

FLASK_MODULES = frozenset({"flask", "flask.app"})
"""The modules that have Flask's class."""

IMPORTERS = frozenset({"__import__", "find_spec", "import_module", "importorskip"})
"""Functions that take the name of a module."""

PATCHES = frozenset({"patch", "setattr", "delattr"})
CASTS = frozenset({"cast", "TypeVar", "NewType"})
"""Functions that take types, quoted ones, too."""

NEW_CLASS = f"{FLASK}.Flask"
_OURS = f"from {FLASK} import Flask"


def rewritten(source: Source) -> str:
    """Give the text of a file with its imports changed."""
    nodes = list(ast.walk(source.tree))
    splices: set[Splice] = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            splices.update(_from_import(source, node))
        elif isinstance(node, ast.Import):
            splices.update(_old_modules(source, node))
        elif isinstance(node, ast.Call | ast.Subscript):
            splices.update(_strings(source, node))
    splices.update(_class_by_module(source, nodes))
    return spliced(source.text, splices)


def _from_import(source: Source, node: ast.ImportFrom) -> Iterator[Splice]:
    module = node.module or ""
    if is_old(module):
        start, end = source.span(node)
        text = re.sub(
            rf"^(from\s+(?:\\\s*)?){OLD}\b", rf"\g<1>{FLASK}", source.text[start:end]
        )
        yield Splice(start, end, text)
    elif module in FLASK_MODULES:
        names = {alias.name for alias in node.names}
        if "*" in names:
            yield from _beside_a_star(source, node)
        elif "Flask" in names:
            yield _without_the_class(source, node)


def _beside_a_star(source: Source, node: ast.ImportFrom) -> Iterator[Splice]:
    """Import the class after everything else, once."""
    _start, end = source.span(node)
    if not re.match(rf"[^\n]*\n\s*{re.escape(_OURS)}\b", source.text[end:]):
        at = end + len(source.after(node))
        yield Splice(at, at, _next_statement(source, node, _OURS))


def _without_the_class(source: Source, node: ast.ImportFrom) -> Splice:
    """Split an import: the class comes from us, the other names from Flask."""
    start, end = source.span(node)
    text = source.text[start:end]
    classes = [alias for alias in node.names if alias.name == "Flask"]
    ours = f"from {FLASK} import " + ", ".join(source.segment(one) for one in classes)
    if len(classes) == len(node.names):
        return Splice(
            start, end, re.sub(r"^from\s+(?:\\\s*)?[\w.]+", f"from {FLASK}", text)
        )
    kept = _filtered(text.replace("\r\n", "\n"))
    kept = kept.replace("\n", source.newline())
    return Splice(start, end, kept + _next_statement(source, node, ours))


def _filtered(statement: str) -> str:
    """Take the class out of an import's names, and leave its layout."""
    parsed = cst.ensure_type(cst.parse_statement(statement), cst.SimpleStatementLine)
    found = cst.ensure_type(parsed.body[0], cst.ImportFrom)
    if isinstance(found.names, cst.ImportStar):
        return statement
    names = [one for one in found.names if one.evaluated_name != "Flask"]
    had_comma = isinstance(found.names[-1].comma, cst.Comma)
    if not had_comma or found.lpar is None:
        names[-1] = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return cst.Module([]).code_for_node(found.with_changes(names=names))


def _next_statement(source: Source, node: ast.stmt, text: str) -> str:
    """Give a statement that follows another one: below it, or on its line."""
    indent = source.before(node)
    if indent.strip() or source.after(node).lstrip().startswith(";"):
        return f"; {text}"
    return f"{source.newline()}{indent}{text}"


def _old_modules(source: Source, node: ast.Import) -> Iterator[Splice]:
    """``import flask_jwt_extended``, which keeps its name in the file."""
    for alias in node.names:
        if not is_old(alias.name):
            continue
        start, end = source.span(alias)
        new = moved(alias.name)
        if alias.asname is not None:
            text = f"{new} as {alias.asname}"
        elif alias.name == OLD:
            text = f"{new} as {OLD}"
        else:
            text = f"{FLASK} as {OLD}, {new}"
        yield Splice(start, end, text)


def _strings(source: Source, node: ast.Call | ast.Subscript) -> Iterator[Splice]:
    """Names of modules and of mocks' targets in strings."""
    if isinstance(node, ast.Subscript):
        is_modules = ast.unparse(node.value).endswith("sys.modules")
        candidates: list[ast.expr] = [node.slice] if is_modules else []
        called = "sys.modules" if is_modules else ""
    else:
        called = last_name(node.func)
        candidates = [*node.args, *(keyword.value for keyword in node.keywords)]
    for one in candidates:
        if not isinstance(one, ast.Constant) or not isinstance(one.value, str):
            continue
        value = one.value
        if is_old(value) and (value != OLD or called in {*IMPORTERS, "sys.modules"}):
            yield from _in_string(source, one, OLD, FLASK)
        elif called in PATCHES and value in FLASK_CLASSES:
            yield from _in_string(source, one, value, NEW_CLASS)


def _in_string(
    source: Source, node: ast.Constant, old: str, new: str
) -> Iterator[Splice]:
    start, end = source.span(node)
    if source.text[start:end].count(old) == 1:
        yield Splice(start, end, source.text[start:end].replace(old, new))


def _class_by_module(source: Source, nodes: list[ast.AST]) -> Iterator[Splice]:
    """``flask.Flask``, in code and in quoted annotations."""
    modules = flask_modules(nodes)
    if not modules:
        return
    uses = [*_uses(source, nodes, modules), *_quoted_uses(source, nodes, modules)]
    if not uses:
        return
    yield from uses
    rest = spliced(source.text, uses)
    for node in nodes:
        if isinstance(node, ast.Import) and _brings(node, modules):
            yield _beside_the_module(source, node, rest)


def flask_modules(nodes: list[ast.AST]) -> dict[str, str]:
    """Give a file's names of Flask's modules, unless they are assigned, too."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "flask":
                    name = alias.asname or "flask"
                    found[name] = alias.name if alias.asname else "flask"
    assigned = {
        node.id if isinstance(node, ast.Name) else node.arg
        for node in nodes
        if (isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load))
        or isinstance(node, ast.arg)
    }
    return {name: module for name, module in found.items() if name not in assigned}


def dotted_name(node: ast.expr) -> str | None:
    """Give the text of a name with attributes; None for any other expression."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def last_name(node: ast.expr) -> str:
    """Give the last name of what is called: ``patch`` of ``mock.patch``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def full_name(name: str | None, modules: dict[str, str]) -> str:
    """Give what a name of a file means, where it is one of Flask's."""
    first, _, rest = (name or "").partition(".")
    return f"{modules[first]}.{rest}" if first in modules else ""


def _uses(
    source: Source, nodes: list[ast.AST], modules: dict[str, str]
) -> Iterator[Splice]:
    for node in nodes:
        if not isinstance(node, ast.Attribute) or node.attr != "Flask":
            continue
        if full_name(dotted_name(node), modules) in FLASK_CLASSES:
            yield Splice(*source.span(node), NEW_CLASS)


def _quoted_uses(
    source: Source, nodes: list[ast.AST], modules: dict[str, str]
) -> Iterator[Splice]:
    names = [
        f"{name}.{rest}".rstrip(".")
        for name, module in modules.items()
        for rest in ("Flask", "app.Flask")
        if f"{module}.{rest}" in FLASK_CLASSES
    ]
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})\b")
    for node in _types(nodes):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            start, end = source.span(node)
            text = source.text[start:end]
            if (after := pattern.sub(NEW_CLASS, text)) != text:
                yield Splice(start, end, after)


def _types(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    """Give the nodes of annotations, and of what else takes types."""
    for node in nodes:
        places: list[ast.expr | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            places = [node.annotation]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            places = [node.returns]
        elif isinstance(node, ast.Call) and last_name(node.func) in CASTS:
            places = [*node.args, *(keyword.value for keyword in node.keywords)]
        for place in places:
            if place is not None:
                yield from ast.walk(place)


def _brings(node: ast.Import, modules: dict[str, str]) -> bool:
    return any(
        (alias.asname or alias.name.partition(".")[0]) in modules
        and alias.name.partition(".")[0] == "flask"
        for alias in node.names
    )


def _beside_the_module(source: Source, node: ast.Import, rest: str) -> Splice:
    """Import our module as well, or instead if Flask's is used for nothing else."""
    start, end = source.span(node)
    alone = len(node.names) == 1
    name = node.names[0].asname or "flask"
    is_used = len(re.findall(rf"(?<![\w.]){name}\b", _code(rest))) > 1
    if alone and not is_used and not source.path.endswith("__init__.py"):
        return Splice(start, end, f"import {FLASK}")
    at = end
    return Splice(at, at, _next_statement(source, node, f"import {FLASK}"))


def _code(text: str) -> str:
    """Give a text without what is ours, to look for other uses of a name."""
    return text.replace(FLASK, "")


def imports_flask(nodes: list[ast.AST]) -> bool:
    """Whether a file imports Flask or Flask-JWT-Extended, in their place or ours."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            modules = [node.module]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            continue
        if any(
            one.partition(".")[0] == "flask" or inner_path(one) is not None
            for one in modules
        ):
            return True
    return False
