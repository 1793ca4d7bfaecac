"""
Data flow: what an expression holds at its place in the code.

Read backwards from where a value is used: to the assignment above it, to the fixture
that a test asks for, to the arguments with which a function is called, to what a
function returns. Anything that is not found is not known, and is left alone.
"""

from collections import defaultdict
from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from typing import Any

import libcst as cst
from libcst import metadata

from quart_jwt.migrate.bindings import Bindings
from quart_jwt.migrate.fixtures import Fixtures
from quart_jwt.migrate.index import Class
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import Index
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.index import SEPARATOR
from quart_jwt.migrate.kinds import ANNOTATIONS
from quart_jwt.migrate.kinds import CALLS
from quart_jwt.migrate.kinds import element_of
from quart_jwt.migrate.kinds import FILE
from quart_jwt.migrate.kinds import Found
from quart_jwt.migrate.kinds import Kind
from quart_jwt.migrate.kinds import MEMBERS
from quart_jwt.migrate.kinds import METHODS
from quart_jwt.migrate.kinds import VALUES
from quart_jwt.migrate.names import Names
from quart_jwt.migrate.project import SourceFile


class Flow:
    """
    Answers what an expression of the project holds.
    """

    def __init__(self, index: Index, names: Names, fixtures: Fixtures) -> None:
        self.index = index
        self.names = names
        self.fixtures = fixtures
        self.bindings: Bindings = Bindings(self)
        self._known: dict[Any, Found] = {}
        self._calls: dict[str, list[tuple[SourceFile, cst.Call]]] = defaultdict(list)
        for file in index.project.files:
            for call in nodes(file, cst.Call):
                self._calls[last_name(call.func)].append((file, call))

    def kind(self, file: SourceFile, node: cst.CSTNode) -> Found:
        """Give the kind of value that an expression has, or None."""
        reader = READERS.get(type(node))
        if reader is None:
            return None
        return self.once(node, lambda: reader(self, file, node))

    def once(self, key: Any, find: Callable[[], Found]) -> Found:
        """Find something out once; what asks for itself on the way is not known."""
        if key not in self._known:
            self._known[key] = None
            self._known[key] = find()
        return self._known[key]

    def callee(self, file: SourceFile, call: cst.Call) -> Function | None:
        """Give the function of the project that a call reaches, or None."""
        kind = self.kind(file, call.func)
        if kind is not None and kind.name == "function":
            return self.index.by_name[kind.target][-1]
        return None

    def calls_of(self, name: str) -> list[tuple[SourceFile, cst.Call]]:
        """Give the calls of whatever has a name at its end."""
        return self._calls.get(name, [])

    def returned(self, function: Function) -> Found:
        """Give the kind of what a function returns, or a fixture yields."""
        return self.once(function, lambda: self._returned(function))

    def annotated(self, file: SourceFile, annotation: cst.Annotation) -> Found:
        """Give the kind that an annotation says."""
        name = self.names.of(file, annotation.annotation) or ""
        if name in self.index.classes:
            return Kind("instance", name)
        return ANNOTATIONS.get(name)

    def member(self, value: Kind, name: str) -> Found:
        """Give the kind of a member of a value."""
        if value.name not in {"instance", "class"}:
            return MEMBERS.get((value.name, name))
        for one in self.lineage(value.target):
            if name in one.methods:
                return Kind("function", one.methods[name].name)
            found = self.once((one, name), partial(self._set_in, one, name))
            if found is not None:
                return found
        return None

    def lineage(self, name: str) -> Iterator[Class]:
        """Give a class of the project and its bases there, nearest first."""
        found = self.index.classes.get(name)
        if found is None:
            return
        yield found
        for base in found.node.bases:
            full = self.names.of(found.file, base.value)
            if full is not None and full != name:
                yield from self.lineage(full)

    def _returned(self, function: Function) -> Found:
        results = [one.value for one in function.returns]
        yielded = [one.value for one in function.yields]
        for value in [*results, *yielded]:
            if isinstance(value, cst.BaseExpression):
                found = self.kind(function.file, value)
                if found is not None:
                    return found
        annotation = function.node.returns
        return self.annotated(function.file, annotation) if annotation else None

    def _set_in(self, owner: Class, name: str) -> Found:
        """Read what any method of a class puts into ``self.name``."""
        for target in _self_targets(owner, name):
            found = self.bindings.target(owner.file, target)
            if found is not None:
                return found
        return None

    def name(self, file: SourceFile, node: cst.Name) -> Found:
        """Read a name."""
        scope = file.scopes.get(node)
        if scope is None:
            return None
        assignments = list(scope[node.value])
        if any(isinstance(one, metadata.ImportAssignment) for one in assignments):
            return self._named(file, node)
        return self.bindings.latest(file, node, scope, assignments)

    def attribute(self, file: SourceFile, node: cst.Attribute) -> Found:
        """Read an attribute: of a value that is known, or of a module."""
        value = self.kind(file, node.value)
        if value is None:
            return self._named(file, node)
        return self.member(value, node.attr.value)

    def call(self, file: SourceFile, node: cst.Call) -> Found:
        """Read what a call gives."""
        if isinstance(node.func, cst.Name) and node.func.value == "super":
            return self._super(file, node)
        if isinstance(node.func, cst.Attribute):
            value = self.kind(file, node.func.value)
            if value is not None and (value.name, node.func.attr.value) in METHODS:
                return METHODS[value.name, node.func.attr.value]
        function = self.callee(file, node)
        if function is not None:
            return self.returned(function)
        kind = self.kind(file, node.func)
        if kind is not None and kind.name == "class":
            return Kind("instance", kind.target)
        return CALLS.get(self.names.of(file, node.func) or "")

    def tuple(self, file: SourceFile, node: cst.Tuple) -> Found:
        """Read a tuple, member by member."""
        parts = [self.kind(file, one.value) for one in node.elements]
        return Kind("tuple", parts=tuple(parts))

    def list(self, file: SourceFile, node: cst.List) -> Found:
        """Read a list, whose elements are of one kind."""
        parts = [self.kind(file, one.value) for one in node.elements]
        known = [one for one in parts if one is not None]
        return Kind("list", parts=(known[0] if known else None,))

    def subscript(self, file: SourceFile, node: cst.Subscript) -> Found:
        """Read a member of a sequence, or an uploaded file."""
        whole = self.kind(file, node.value)
        if whole is not None and whole.name == "files":
            return FILE
        index = node.slice[0].slice
        if whole is not None and whole.name == "tuple" and isinstance(index, cst.Index):
            value = index.value
            if isinstance(value, cst.Integer) and int(value.value) < len(whole.parts):
                return whole.parts[int(value.value)]
        return element_of(whole)

    def _named(self, file: SourceFile, node: cst.CSTNode) -> Found:
        name = self.names.of(file, node)
        if name is None or name in VALUES:
            return VALUES.get(name or "")
        if name in self.index.by_name:
            return Kind("function", name)
        if name in self.index.classes:
            return Kind("class", name)
        module, _, rest = name.partition(SEPARATOR)
        there = self.index.project.by_module.get(module)
        return self._global(there, rest) if there is not None else None

    def _global(self, file: SourceFile, name: str) -> Found:
        scope = file.scopes.get(file.tree)
        for assignment in reversed(list(scope[name]) if scope is not None else []):
            if hasattr(assignment, "node"):
                found = self.bindings.assigned(file, assignment.node)
                if found is not None:
                    return found
        return None

    def _super(self, file: SourceFile, node: cst.Call) -> Found:
        function = self.index.standing(file, node).function
        while function is not None and function.owner is None:
            function = function.parent
        if function is None or function.owner is None:
            return None
        bases = list(self.lineage(function.owner.name))[1:]
        return Kind("instance", bases[0].name) if bases else None


Reader = Callable[[Flow, SourceFile, Any], Found]

READERS: dict[type[cst.CSTNode], Reader] = {
    cst.Attribute: Flow.attribute,
    cst.Await: lambda flow, file, node: flow.kind(file, node.expression),
    cst.BooleanOperation: lambda flow, file, node: (
        flow.kind(file, node.left) or flow.kind(file, node.right)
    ),
    cst.Call: Flow.call,
    cst.IfExp: lambda flow, file, node: (
        flow.kind(file, node.body) or flow.kind(file, node.orelse)
    ),
    cst.List: Flow.list,
    cst.ListComp: lambda flow, file, node: Kind(
        "list", parts=(flow.kind(file, node.elt),)
    ),
    cst.Name: Flow.name,
    cst.NamedExpr: lambda flow, file, node: flow.kind(file, node.value),
    cst.Subscript: Flow.subscript,
    cst.Tuple: Flow.tuple,
}
"""How each form of expression is read."""


def last_name(node: cst.BaseExpression) -> str:
    """Give the last part of a dotted name."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def _self_targets(owner: Class, name: str) -> Iterator[cst.BaseExpression]:
    """Give the targets ``self.name`` and ``cls.name`` in a class's methods."""
    receivers = {
        method.node: method.parameters[0].name.value
        for method in owner.methods.values()
        if method.parameters
    }
    for node in nodes(owner.file, cst.Attribute):
        if node.attr.value == name and isinstance(node.value, cst.Name):
            around = _method_around(owner, node)
            if receivers.get(around) == node.value.value:
                yield node


def _method_around(owner: Class, node: cst.CSTNode) -> Any:
    """Give the outermost function around a node in a class's body."""
    function: cst.CSTNode | None = None
    around = owner.file.parent(node)
    while around is not None and around is not owner.node:
        if isinstance(around, cst.FunctionDef):
            function = around
        around = owner.file.parent(around)
    return function
