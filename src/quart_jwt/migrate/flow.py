"""
Data flow: what a name holds at a place in the code.

Read backwards from where a value is used: to the assignment above it, to the fixture
that a test asks for, to the arguments with which a function is called, to what a
function returns. Anything that is not found is not known, and is left alone.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import libcst as cst
from libcst import metadata

from quart_jwt.migrate.fixtures import Fixtures
from quart_jwt.migrate.index import Class
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import Index
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.index import SEPARATOR
from quart_jwt.migrate.kinds import ANNOTATIONS
from quart_jwt.migrate.kinds import CALLS
from quart_jwt.migrate.kinds import CLIENT
from quart_jwt.migrate.kinds import FILE
from quart_jwt.migrate.kinds import Kind
from quart_jwt.migrate.kinds import MEMBERS
from quart_jwt.migrate.kinds import METHODS
from quart_jwt.migrate.kinds import RESPONSE
from quart_jwt.migrate.kinds import VALUES
from quart_jwt.migrate.names import Names
from quart_jwt.migrate.project import SourceFile

Found = Kind | None

RESPONSE_HOOKS = frozenset(
    {"after_app_request", "after_request", "after_this_request"}
)


class Flow:
    """
    Answers what an expression of the project holds.
    """

    def __init__(self, index: Index, names: Names, fixtures: Fixtures) -> None:
        self.index = index
        self.names = names
        self.fixtures = fixtures
        self._known: dict[Any, Found] = {}
        self._calls: dict[str, list[tuple[SourceFile, cst.Call]]] = defaultdict(list)
        for file in index.project.files:
            for call in nodes(file, cst.Call):
                self._calls[_last_name(call.func)].append((file, call))

    def kind(self, file: SourceFile, node: cst.CSTNode) -> Found:
        """Give the kind of value that an expression has, or None."""
        if node in self._known:
            return self._known[node]
        self._known[node] = None  # what asks for itself is not known
        found = self._kind(file, node)
        self._known[node] = found
        return found

    def callee(self, file: SourceFile, call: cst.Call) -> Function | None:
        """Give the function of the project that a call reaches, or None."""
        kind = self.kind(file, call.func)
        if kind is not None and kind.name == "function":
            functions = self.index.by_name.get(kind.target, [])
            return functions[-1] if functions else None
        return None

    def _kind(self, file: SourceFile, node: cst.CSTNode) -> Found:
        match node:
            case cst.Await():
                return self.kind(file, node.expression)
            case cst.Name():
                return self._name(file, node)
            case cst.Attribute():
                return self._attribute(file, node)
            case cst.Call():
                return self._call(file, node)
            case cst.Tuple() | cst.List():
                return self._sequence(file, node)
            case cst.ListComp():
                return Kind("list", parts=(self.kind(file, node.elt),))
            case cst.Subscript():
                return self._subscript(file, node)
            case cst.NamedExpr():
                return self.kind(file, node.value)
            case cst.IfExp():
                return self.kind(file, node.body) or self.kind(file, node.orelse)
            case cst.BooleanOperation():
                return self.kind(file, node.left) or self.kind(file, node.right)
        return None

    def _name(self, file: SourceFile, node: cst.Name) -> Found:
        scope = file.scopes.get(node)
        if scope is None:
            return None
        assignments = list(scope[node.value])
        if any(isinstance(one, metadata.ImportAssignment) for one in assignments):
            return self._named(file, node)
        return self._latest(file, node, scope, assignments)

    def _latest(
        self, file: SourceFile, use: cst.CSTNode, scope: Any, assignments: list[Any]
    ) -> Found:
        """Read the last assignment above a use, or any of another scope."""
        here = file.place(use)
        ordered = sorted(
            (one for one in assignments if hasattr(one, "node")),
            key=lambda one: file.place(one.node),
        )
        above = [
            one
            for one in ordered
            if one.scope is not scope or file.place(one.node) < here
        ]
        for one in reversed(above or ordered):
            if (found := self._assigned(file, one.node)) is not None:
                return found
            if one.scope is scope:
                return None
        return None

    def _assigned(self, file: SourceFile, node: cst.CSTNode) -> Found:
        if isinstance(node, cst.FunctionDef):
            return Kind("function", self.index.by_node[node].name)
        if isinstance(node, cst.ClassDef):
            return Kind("class", self.index.class_by_node[node].name)
        if isinstance(node, cst.Param):
            return self._parameter(file, node)
        return self._target(file, node)

    def _target(self, file: SourceFile, node: cst.CSTNode) -> Found:
        """Read what is put into a target of an assignment, a ``with`` or a loop."""
        parent = file.parent(node)
        match parent:
            case cst.AssignTarget():
                statement = file.parent(parent)
                return self.kind(file, statement.value)  # type: ignore[union-attr]
            case cst.AnnAssign() if parent.value is not None:
                return self.kind(file, parent.value)
            case cst.AnnAssign():
                return self._annotated(file, parent.annotation)
            case cst.NamedExpr():
                return self.kind(file, parent.value)
            case cst.AsName():
                item = file.parent(parent)
                return self.kind(file, item.item) if isinstance(item, cst.WithItem) else None
            case cst.For() | cst.CompFor():
                return _element(self.kind(file, parent.iter))
            case cst.Element():
                return self._unpacked(file, parent)
        return None

    def _unpacked(self, file: SourceFile, element: cst.Element) -> Found:
        around = file.parent(element)
        if not isinstance(around, cst.Tuple | cst.List):
            return None
        whole = self._target(file, around)
        if whole is None:
            return None
        if whole.name == "tuple" and len(whole.parts) == len(around.elements):
            return whole.parts[list(around.elements).index(element)]
        return _element(whole)

    def _parameter(self, file: SourceFile, param: cst.Param) -> Found:
        around = file.parent(file.parent(param) or param)
        function = self.index.by_node.get(around) if around is not None else None
        if function is None:
            return None
        if param.annotation is not None:
            annotated = self._annotated(file, param.annotation)
            if annotated is not None:
                return annotated
        if function.owner is not None and function.parameters[:1] == [param]:
            return self._receiver(function)
        if _gets_the_response(function):
            return RESPONSE
        return self._from_fixture(function, param) or self._from_calls(function, param)

    def _receiver(self, function: Function) -> Found:
        owner = function.owner
        return Kind("instance", owner.name) if owner is not None else None

    def _annotated(self, file: SourceFile, annotation: cst.Annotation) -> Found:
        name = self.names.of(file, annotation.annotation)
        if name in self.index.classes:
            return Kind("instance", name)
        return ANNOTATIONS.get(name or "")

    def _from_fixture(self, function: Function, param: cst.Param) -> Found:
        name = param.name.value
        if not (function in self.fixtures or function.own_name.startswith("test")):
            return None
        fixture = self.fixtures.meant_by(name, function)
        if fixture is not None:
            return self.returned(fixture)
        return CLIENT if name == "client" else None  # pytest-flask's

    def _from_calls(self, function: Function, param: cst.Param) -> Found:
        if param not in function.parameters:  # *args and **kwargs
            return None
        position = function.parameters.index(param)
        bound = int(function.owner is not None)
        for file, call in self._calls.get(function.own_name, ()):
            argument = _argument(call, param.name.value, position - bound)
            if argument is not None and self.callee(file, call) is function:
                found = self.kind(file, argument)
                if found is not None:
                    return found
        return None

    def returned(self, function: Function) -> Found:
        """Give the kind of what a function returns, or a fixture yields."""
        if function in self._known:
            return self._known[function]
        self._known[function] = None
        for value in [*function.returns, *function.yields]:
            if value.value is not None and not isinstance(value.value, cst.From):
                found = self.kind(function.file, value.value)
                if found is not None:
                    self._known[function] = found
                    return found
        annotation = function.node.returns
        found = self._annotated(function.file, annotation) if annotation else None
        self._known[function] = found
        return found

    def _named(self, file: SourceFile, node: cst.CSTNode) -> Found:
        name = self.names.of(file, node)
        return self._by_full_name(name) if name is not None else None

    def _by_full_name(self, name: str) -> Found:
        if name in VALUES:
            return VALUES[name]
        if name in self.index.by_name:
            return Kind("function", name)
        if name in self.index.classes:
            return Kind("class", name)
        module, _, rest = name.partition(SEPARATOR)
        file = self.index.project.by_module.get(module)
        if file is None or not rest or "." in rest:
            return None
        return self._global(file, rest)

    def _global(self, file: SourceFile, name: str) -> Found:
        scope = file.scopes.get(file.tree)
        for assignment in reversed(list(scope[name]) if scope is not None else []):
            if hasattr(assignment, "node"):
                found = self._assigned(file, assignment.node)
                if found is not None:
                    return found
        return None

    def _attribute(self, file: SourceFile, node: cst.Attribute) -> Found:
        value = self.kind(file, node.value)
        if value is None:
            return self._named(file, node)
        return self.member(value, node.attr.value)

    def member(self, value: Kind, name: str) -> Found:
        """Give the kind of a member of a value."""
        if value.name in {"instance", "class"}:
            return self._of_class(value, name)
        return MEMBERS.get((value.name, name))

    def _of_class(self, value: Kind, name: str) -> Found:
        for one in self.lineage(value.target):
            if name in one.methods:
                return Kind("function", one.methods[name].name)
            found = self._attribute_of(one, name)
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

    def _attribute_of(self, owner: Class, name: str) -> Found:
        """Read what any method of a class puts into ``self.name``."""
        key = (owner, name)
        if key in self._known:
            return self._known[key]
        self._known[key] = None
        for target in _self_targets(owner, name):
            found = self._target(owner.file, target)
            if found is not None:
                self._known[key] = found
                break
        return self._known[key]

    def _call(self, file: SourceFile, node: cst.Call) -> Found:
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

    def _super(self, file: SourceFile, node: cst.Call) -> Found:
        function = self.index.standing(file, node).function
        while function is not None and function.owner is None:
            function = function.parent
        if function is None or function.owner is None:
            return None
        bases = list(self.lineage(function.owner.name))[1:]
        return Kind("instance", bases[0].name) if bases else None

    def _sequence(self, file: SourceFile, node: cst.Tuple | cst.List) -> Found:
        parts = tuple(self.kind(file, one.value) for one in node.elements)
        if isinstance(node, cst.List):
            known = [one for one in parts if one is not None]
            return Kind("list", parts=(known[0] if known else None,))
        return Kind("tuple", parts=parts)

    def _subscript(self, file: SourceFile, node: cst.Subscript) -> Found:
        whole = self.kind(file, node.value)
        if whole is not None and whole.name == "files":
            return FILE
        if whole is None or whole.name not in {"list", "tuple"}:
            return None
        index = node.slice[0].slice
        if whole.name == "tuple" and isinstance(index, cst.Index):
            value = index.value
            if isinstance(value, cst.Integer) and int(value.value) < len(whole.parts):
                return whole.parts[int(value.value)]
        return _element(whole)


def _element(whole: Found) -> Found:
    if whole is None or whole.name not in {"list", "tuple"}:
        return None
    parts = {one for one in whole.parts if one is not None}
    return parts.pop() if len(parts) == 1 else None


def _gets_the_response(function: Function) -> bool:
    """Whether it is called after each request, with the response."""
    return any(
        _last_name(one.decorator) in RESPONSE_HOOKS for one in function.node.decorators
    )


def _last_name(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def _argument(call: cst.Call, name: str, position: int) -> cst.BaseExpression | None:
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == name:
            return argument.value
    positional = [one for one in call.args if one.keyword is None and not one.star]
    return positional[position].value if 0 <= position < len(positional) else None


def _self_targets(owner: Class, name: str) -> Iterator[cst.BaseExpression]:
    """Give the targets ``self.name`` and ``cls.name`` in a class's methods."""
    for method in owner.methods.values():
        receiver = method.parameters[0].name.value if method.parameters else ""
        for node in nodes(owner.file, cst.Attribute):
            is_own = isinstance(node.value, cst.Name) and node.value.value == receiver
            if is_own and node.attr.value == name and _stands_in(method, node):
                yield node


def _stands_in(method: Function, node: cst.CSTNode) -> bool:
    around: cst.CSTNode | None = node
    while around is not None and around is not method.node:
        around = method.file.parent(around)
    return around is not None
