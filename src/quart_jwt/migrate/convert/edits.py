"""
A plan as changes of the files: ``async def``, ``await``, and the imports of twins.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.codemod.visitors import RemoveImportsVisitor

from quart_jwt.migrate.convert.counterparts import RUN
from quart_jwt.migrate.convert.counterparts import Twin
from quart_jwt.migrate.convert.plan import Plan
from quart_jwt.migrate.convert.sites import Site
from quart_jwt.migrate.project import SourceFile


@dataclass(frozen=True, slots=True)
class Converted:
    """
    The text of a file, before and after.
    """

    path: str
    before: str
    after: str


@dataclass(slots=True)
class _Edits:
    becoming: set[cst.CSTNode] = field(default_factory=set)
    awaited: dict[cst.CSTNode, Twin | None] = field(default_factory=dict)
    bracketed: set[cst.CSTNode] = field(default_factory=set)
    imports: set[tuple[str, str | None]] = field(default_factory=set)
    replaced: set[tuple[str, str | None]] = field(default_factory=set)


def convert(plan: Plan) -> Iterator[Converted]:
    """Give the files that a plan changes."""
    edits: dict[SourceFile, _Edits] = defaultdict(_Edits)
    for function in plan.becoming:
        edits[function.file].becoming.add(function.node)
    for mention in plan.calls:
        if mention.call is not None:
            _await(edits[mention.file], mention.file, mention.call, None)
    for site in plan.sites:
        _await(edits[site.mention.file], site.mention.file, site.call, site.twin)
        _import(edits[site.mention.file], site)
    for file in plan.study.project.files:
        if file in edits:
            yield Converted(file.path, file.source, _edited(file, edits[file]))


def _await(edits: _Edits, file: SourceFile, call: cst.Call, twin: Twin | None) -> None:
    edits.awaited[call] = twin
    around = file.parent(call)
    if (isinstance(around, cst.Attribute | cst.Subscript) and around.value is call) or (
        isinstance(around, cst.Call) and around.func is call
    ):
        edits.bracketed.add(call)


def _import(edits: _Edits, site: Site) -> None:
    twin = site.twin
    if twin.module:
        edits.imports.add((twin.module, None if twin.is_qualified else twin.name))
    if not twin.is_qualified or site.mention.meaning != f"{twin.module}.{twin.name}":
        module, _, name = (site.mention.meaning or "").rpartition(".")
        is_attribute = isinstance(site.mention.node, cst.Attribute)
        edits.replaced.add((module, None if is_attribute else name))


def _edited(file: SourceFile, edits: _Edits) -> str:
    tree = file.tree.visit(_Editor(edits))
    context = CodemodContext()
    for module, name in sorted(edits.imports, key=str):
        AddImportsVisitor.add_needed_import(context, module, name)
    tree = AddImportsVisitor(context).transform_module(tree)
    context = CodemodContext()
    for module, name in sorted(edits.replaced - edits.imports, key=str):
        RemoveImportsVisitor.remove_unused_import(context, module, name)
    return RemoveImportsVisitor(context).transform_module(tree).code


class _Editor(cst.CSTTransformer):
    def __init__(self, edits: _Edits) -> None:
        super().__init__()
        self._edits = edits

    def leave_FunctionDef(  # noqa: N802 - LibCST's name
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        """Make a function async."""
        if original_node not in self._edits.becoming:
            return updated_node
        return updated_node.with_changes(asynchronous=cst.Asynchronous())

    def leave_Call(  # noqa: N802 - LibCST's name
        self, original_node: cst.Call, updated_node: cst.Call
    ) -> cst.BaseExpression:
        """Await a call, or its twin."""
        if original_node not in self._edits.awaited:
            return updated_node
        twin = self._edits.awaited[original_node]
        return _awaited(
            _twin_of(updated_node, twin),
            updated_node,
            is_bracketed=original_node in self._edits.bracketed,
        )


def _twin_of(call: cst.Call, twin: Twin | None) -> cst.BaseExpression:
    if twin is None:
        return call
    if twin is RUN:
        return call.args[0].value
    if twin.is_qualified:
        module = cst.Name(twin.module)
        return call.with_changes(func=cst.Attribute(module, cst.Name(twin.name)))
    return call.with_changes(func=cst.Name(twin.name))


def _awaited(expression: Any, call: cst.Call, *, is_bracketed: bool) -> cst.Await:
    lpar, rpar = call.lpar, call.rpar
    if is_bracketed and not lpar:
        lpar, rpar = (cst.LeftParen(),), (cst.RightParen(),)
    inner = expression.with_changes(lpar=(), rpar=())
    return cst.Await(inner, lpar=lpar, rpar=rpar)
