"""
The last step: from ``quart_jwt.flask.Flask`` to ``quart.Quart``, when nothing is left.

It changes imports, and awaits what Quart awaits of a request, in async functions. If
anything remains that it does not know in Quart, it changes nothing and names it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import libcst as cst

from quart_jwt.migrate.convert import counterparts_of_flask as known
from quart_jwt.migrate.convert.counterparts import VERIFICATIONS
from quart_jwt.migrate.convert.edits import Converted
from quart_jwt.migrate.convert.mentions import Mention
from quart_jwt.migrate.convert.receivers import APP
from quart_jwt.migrate.convert.report import Line
from quart_jwt.migrate.convert.study import Study
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.project import SourceFile

MODULES = frozenset({"flask", "quart_jwt.flask"})


@dataclass(slots=True)
class Finish:
    """
    The last step.

    Attributes:
        remains: What stands against it. Nothing is changed then.
        changes: The files that it changes.
    """

    remains: list[Line] = field(default_factory=list)
    changes: list[Converted] = field(default_factory=list)


def finish(study: Study) -> Finish:
    """Plan the last step of a project."""
    found = Finish(remains=sorted({*_sync_entries(study), *_uses(study)}))
    found.remains += [
        Line(one.path, one.line, "the file", one.reason)
        for one in study.project.findings
    ]
    if not found.remains:
        found.changes = list(_changes(study))
    return found


def _sync_entries(study: Study) -> Iterator[Line]:
    for function, entry in study.entries.items():
        if not function.is_async:
            line = function.file.line(function.node.name)
            yield Line(function.file.path, line, entry.label, "it is sync")


def _uses(study: Study) -> Iterator[Line]:
    for file in study.project.files:
        for node in nodes(file, cst.Import):
            yield from _of_import(file, node)
        for imported in nodes(file, cst.ImportFrom):
            yield from _of_import_from(file, imported)
        for quoted in study.references.quoted["Flask"]:
            if quoted.file is file:
                yield _line(file, quoted.node, "'Flask'", "it is the name of the app")
    for mention in study.mentions.all:
        reason = _reason(study, mention)
        if reason is not None:
            text = mention.file.tree.code_for_node(mention.node)
            yield _line(mention.file, mention.node, text, reason)


def _line(file: SourceFile, node: cst.CSTNode, text: str, reason: str) -> Line:
    return Line(file.path, file.line(node), text, reason)


def _of_import(file: SourceFile, node: cst.Import) -> Iterator[Line]:
    for alias in node.names:
        name = alias.evaluated_name
        root = name.partition(".")[0]
        if root == "flask" or name.startswith("quart_jwt.flask"):
            yield _line(file, node, f"import {name}", "import its names instead")
        elif root.startswith("flask_"):
            yield _line(file, node, f"import {name}", "it is an extension of Flask")


def _of_import_from(file: SourceFile, node: cst.ImportFrom) -> Iterator[Line]:
    module = _module(node)
    root = module.partition(".")[0]
    if root.startswith("flask_"):
        yield _line(file, node, f"from {module}", "it is an extension of Flask")
    if root != "flask" and not module.startswith("quart_jwt.flask"):
        return
    if isinstance(node.names, cst.ImportStar):
        yield _line(file, node, f"from {module} import *", "it does not say which")
        return
    for alias in node.names:
        name = f"{module}.{alias.evaluated_name}"
        if not _has_counterpart(name):
            yield _line(file, node, name, "it has no counterpart of that name in Quart")


def _has_counterpart(name: str) -> bool:
    module, _, own_name = name.rpartition(".")
    return (
        name == APP
        or name in known.OF_QUART
        or name in VERIFICATIONS
        or (module == "quart_jwt.flask" and own_name in known.OF_QUART_JWT)
    )


def _reason(study: Study, mention: Mention) -> str | None:
    meaning = mention.meaning or ""
    if meaning in known.NOT_IN_QUART:
        return "Quart's request has no such attribute, or a different one"
    if meaning in VERIFICATIONS and not _is_awaited(mention):
        return "it has to be awaited"
    if _is_to_await(meaning) and not _is_awaited(mention):
        return _against_await(study, mention)
    if mention.identifier in known.APP_METHODS and mention.call is not None:
        return "it is used with await or async with in Quart"
    if mention.identifier in {"wsgi_app", "asgi_app", "quart"} and isinstance(
        mention.node, cst.Attribute
    ):
        return "it may be the app's, and is another in Quart"
    return None


def _against_await(study: Study, mention: Mention) -> str | None:
    is_value = mention.meaning in known.REQUEST_VALUES
    if not is_value and mention.call is None:
        return "Quart awaits it, and it is not called here"
    if mention.function is None or not mention.function.is_async:
        return "Quart awaits it, and this is sync code"
    return study.sites.obstacle(mention)


def _is_to_await(meaning: str) -> bool:
    return meaning in known.REQUEST_CALLS | known.REQUEST_VALUES or (
        meaning in {f"flask.{name}" for name in known.AWAITED}
    )


def _is_awaited(mention: Mention) -> bool:
    node: cst.CSTNode = mention.call or mention.node
    return isinstance(mention.file.parent(node), cst.Await)


def _changes(study: Study) -> Iterator[Converted]:
    awaited: dict[SourceFile, set[cst.CSTNode]] = {}
    renamed: dict[SourceFile, set[cst.CSTNode]] = {}
    for mention in study.mentions.all:
        if _is_to_await(mention.meaning or "") and not _is_awaited(mention):
            node: cst.CSTNode = mention.call or mention.node
            awaited.setdefault(mention.file, set()).add(node)
        if mention.meaning == APP and mention.identifier == "Flask":
            renamed.setdefault(mention.file, set()).add(mention.node)
    for file in study.project.files:
        editor = _Editor(file, awaited.get(file, set()), renamed.get(file, set()))
        after = file.tree.visit(editor).code
        if after != file.source:
            yield Converted(file.path, file.source, after)


class _Editor(cst.CSTTransformer):
    def __init__(
        self, file: SourceFile, awaited: set[cst.CSTNode], renamed: set[cst.CSTNode]
    ) -> None:
        super().__init__()
        self._file = file
        self._awaited = awaited
        self._renamed = renamed

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Await, rename, and import from Quart."""
        updated: Any = super().on_leave(original_node, updated_node)
        if original_node in self._renamed:
            return updated.with_changes(value="Quart")
        if original_node in self._awaited:
            return self._await(original_node, updated)
        if isinstance(original_node, cst.SimpleStatementLine):
            return _imported(updated)
        return updated

    def _await(self, original: cst.CSTNode, updated: Any) -> cst.Await:
        around = self._file.parent(original)
        is_part = isinstance(around, cst.Attribute | cst.Subscript) and (
            around.value is original
        )
        lpar, rpar = updated.lpar, updated.rpar
        if is_part and not lpar:
            lpar, rpar = (cst.LeftParen(),), (cst.RightParen(),)
        return cst.Await(updated.with_changes(lpar=(), rpar=()), lpar=lpar, rpar=rpar)


def _imported(line: cst.SimpleStatementLine) -> Any:
    statement = line.body[0]
    if len(line.body) != 1 or not isinstance(statement, cst.ImportFrom):
        return line
    module = _module(statement)
    if module not in MODULES or isinstance(statement.names, cst.ImportStar):
        return line
    if module == "flask":
        return line.with_changes(
            body=[statement.with_changes(module=cst.Name("quart"))]
        )
    apps = [one for one in statement.names if one.evaluated_name == "Flask"]
    others = [one for one in statement.names if one.evaluated_name != "Flask"]
    lines = []
    if apps:
        app = apps[0].with_changes(name=cst.Name("Quart"))
        lines.append(_from("quart", [app], statement))
    if others:
        lines.append(_from("quart_jwt", others, statement))
    first = line.with_changes(body=[lines[0]])
    rest = [cst.SimpleStatementLine([one]) for one in lines[1:]]
    return cst.FlattenSentinel([first, *rest])


def _from(
    module: str, names: list[cst.ImportAlias], statement: cst.ImportFrom
) -> cst.ImportFrom:
    last = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    changed = statement.with_changes(module=cst.Name(module), names=[*names[:-1], last])
    return changed if len(names) > 1 else changed.with_changes(lpar=None, rpar=None)


def _module(node: cst.ImportFrom) -> str:
    if node.module is None or node.relative:
        return ""
    parts = []
    part: Any = node.module
    while isinstance(part, cst.Attribute):
        parts.append(part.attr.value)
        part = part.value
    return ".".join([part.value, *reversed(parts)])
