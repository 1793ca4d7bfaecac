"""
Bindings: what was put into a name, by an assignment, a ``with``, a loop or a call.
"""

from __future__ import annotations

from typing import Any
from typing import TYPE_CHECKING

import libcst as cst

from quart_jwt.migrate.fixtures import decorator_call
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.kinds import CLIENT
from quart_jwt.migrate.kinds import element_of
from quart_jwt.migrate.kinds import Found
from quart_jwt.migrate.kinds import Kind
from quart_jwt.migrate.kinds import RESPONSE
from quart_jwt.migrate.project import SourceFile

if TYPE_CHECKING:
    from quart_jwt.migrate.flow import Flow

RESPONSE_HOOKS = frozenset({"after_app_request", "after_request", "after_this_request"})


class Bindings:
    """
    Reads names backwards, for a data flow that reads expressions.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def latest(
        self, file: SourceFile, use: cst.CSTNode, scope: Any, assignments: list[Any]
    ) -> Found:
        """Read the last assignment above a use, or those of a scope further out."""
        here = file.place(use)
        ordered = sorted(
            (one for one in assignments if hasattr(one, "node")),
            key=lambda one: file.place(one.node),
        )
        above = [
            one
            for one in ordered
            if one.scope is not scope
            or (file.place(one.node) < here and not _is_being_set(file, one.node, use))
        ]
        for one in reversed(above or ordered):
            found = self.assigned(file, one.node)
            if found is not None or one.scope is scope:
                return found
        return None

    def assigned(self, file: SourceFile, node: cst.CSTNode) -> Found:
        """Read what defines or assigns a name."""
        if isinstance(node, cst.FunctionDef):
            return Kind("function", self._flow.index.by_node[node].name)
        if isinstance(node, cst.ClassDef):
            return Kind("class", self._flow.index.class_by_node[node].name)
        if isinstance(node, cst.Param):
            return self._parameter(file, node)
        return self.target(file, node)

    def target(self, file: SourceFile, node: cst.CSTNode) -> Found:
        """Read what is put into a target of an assignment, a ``with`` or a loop."""
        parent = file.parent(node)
        if isinstance(parent, cst.AnnAssign) and parent.value is None:
            return self._flow.annotated(file, parent.annotation)
        if isinstance(parent, cst.For | cst.CompFor):
            return element_of(self._flow.kind(file, parent.iter))
        if isinstance(parent, cst.Element):
            return self._unpacked(file, parent)
        value = _value_of(file, parent)
        return self._flow.kind(file, value) if value is not None else None

    def _unpacked(self, file: SourceFile, element: cst.Element) -> Found:
        around = file.parent(element)
        if not isinstance(around, cst.Tuple | cst.List):
            return None
        whole = self.target(file, around)
        if whole is None:
            return None
        if whole.name == "tuple" and len(whole.parts) == len(around.elements):
            return whole.parts[list(around.elements).index(element)]
        return element_of(whole)

    def _parameter(self, file: SourceFile, param: cst.Param) -> Found:
        around = file.parent(file.parent(param) or param)
        function = self._flow.index.by_node.get(around or param)
        if function is None:
            return None
        if function.owner is not None and function.parameters[:1] == [param]:
            return Kind("instance", function.owner.name)
        annotated = param.annotation and self._flow.annotated(file, param.annotation)
        return annotated or self._given(function, param)

    def _given(self, function: Function, param: cst.Param) -> Found:
        if _is_response_hook(function):
            return RESPONSE
        return self._from_fixture(function, param) or self._from_calls(function, param)

    def _from_fixture(self, function: Function, param: cst.Param) -> Found:
        name = param.name.value
        fixtures = self._flow.fixtures
        if not (function in fixtures or function.own_name.startswith("test")):
            return None
        fixture = fixtures.meant_by(name, function)
        if fixture is not None:
            return self._flow.returned(fixture)
        return CLIENT if name == "client" else None  # pytest-flask's

    def _from_calls(self, function: Function, param: cst.Param) -> Found:
        if param not in function.parameters:  # *args and **kwargs
            return None
        position = function.parameters.index(param) - int(function.owner is not None)
        for file, call in self._flow.calls_of(function.own_name):
            argument = _argument(call, param.name.value, position)
            if argument is not None and self._flow.callee(file, call) is function:
                found = self._flow.kind(file, argument)
                if found is not None:
                    return found
        return None


def _is_being_set(file: SourceFile, target: cst.CSTNode, use: cst.CSTNode) -> bool:
    """Whether a name is used in the very assignment that sets it anew."""
    around = file.parent(target)
    if isinstance(around, cst.AssignTarget):
        around = file.parent(around)
    above: cst.CSTNode | None = use
    while above is not None and above is not around:
        above = file.parent(above)
    return above is not None and isinstance(above, cst.Assign | cst.AnnAssign)


def _value_of(
    file: SourceFile, parent: cst.CSTNode | None
) -> cst.BaseExpression | None:
    """Give the expression whose value a target gets as a whole."""
    if isinstance(parent, cst.AnnAssign | cst.NamedExpr):
        return parent.value
    around = file.parent(parent) if parent is not None else None
    if isinstance(parent, cst.AssignTarget) and isinstance(around, cst.Assign):
        return around.value
    if isinstance(parent, cst.AsName) and isinstance(around, cst.WithItem):
        return around.item
    return None


def _is_response_hook(function: Function) -> bool:
    """Whether it is called after each request, with the response."""
    for decorator in function.node.decorators:
        called, _arguments = decorator_call(decorator)
        if isinstance(called, cst.Attribute | cst.Name):
            name = called.attr if isinstance(called, cst.Attribute) else called
            if name.value in RESPONSE_HOOKS:
                return True
    return False


def _argument(call: cst.Call, name: str, position: int) -> cst.BaseExpression | None:
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == name:
            return argument.value
    positional = [one for one in call.args if one.keyword is None and not one.star]
    return positional[position].value if 0 <= position < len(positional) else None
