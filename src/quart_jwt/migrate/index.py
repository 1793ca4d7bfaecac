"""
The index of a project: its functions and classes, and where a piece of code stands.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import cast
from typing import TypeVar

import libcst as cst

from quart_jwt.migrate.project import Project
from quart_jwt.migrate.project import SourceFile

Node = TypeVar("Node", bound=cst.CSTNode)

SEPARATOR = ":"
"""Stands between module and name in the names of what the project defines."""


@dataclass(eq=False, slots=True)
class Class:
    """A class of the project."""

    name: str
    file: SourceFile
    node: cst.ClassDef
    methods: dict[str, "Function"] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Function:
    """A function or method of the project."""

    name: str
    file: SourceFile
    node: cst.FunctionDef
    parent: "Function | None"
    owner: Class | None
    yields: list[cst.Yield] = field(default_factory=list)
    returns: list[cst.Return] = field(default_factory=list)

    @property
    def own_name(self) -> str:
        """The name after ``def``."""
        return self.node.name.value

    @property
    def is_async(self) -> bool:
        """Whether it says ``async def`` before anything is rewritten."""
        return self.node.asynchronous is not None

    @property
    def parameters(self) -> list[cst.Param]:
        """Its named parameters, in order."""
        found = self.node.params
        return [*found.posonly_params, *found.params, *found.kwonly_params]


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Where code stands: the function around it, and what keeps an ``await`` out.
    """

    function: Function | None
    barrier: str | None


@dataclass(eq=False, slots=True)
class Index:
    """
    The functions and classes of a project, by name and by node.
    """

    project: Project
    functions: list[Function] = field(default_factory=list)
    classes: dict[str, Class] = field(default_factory=dict)
    by_name: dict[str, list[Function]] = field(
        default_factory=lambda: defaultdict(list)
    )
    by_node: dict[cst.CSTNode, Function] = field(default_factory=dict)
    class_by_node: dict[cst.CSTNode, Class] = field(default_factory=dict)

    def standing(self, file: SourceFile, node: cst.CSTNode) -> Standing:
        """Say where a node stands."""
        barrier: str | None = None
        child, parent = node, file.parent(node)
        while parent is not None:
            if isinstance(parent, cst.FunctionDef) and child is parent.body:
                return Standing(self.by_node[parent], barrier)
            barrier = barrier or _barrier(file, parent, child)
            child, parent = parent, file.parent(parent)
        return Standing(None, barrier or "the module's top level")


def _barrier(file: SourceFile, parent: cst.CSTNode, child: cst.CSTNode) -> str | None:
    if isinstance(parent, cst.Lambda):
        return "a lambda"
    if isinstance(parent, cst.ClassDef) and child is parent.body:
        return "a class body"
    if isinstance(parent, cst.GeneratorExp) and child is not parent.for_in:
        return "a generator expression"
    if isinstance(parent, cst.CompFor) and child is not parent.iter:
        return "a generator expression" if _is_lazy(file, parent) else None
    return None


def _is_lazy(file: SourceFile, loop: cst.CSTNode) -> bool:
    around = file.parent(loop)
    while isinstance(around, cst.CompFor):
        around = file.parent(around)
    return isinstance(around, cst.GeneratorExp)


def _define_class(index: Index, file: SourceFile, node: cst.ClassDef) -> None:
    name = _full_name(file, node, node.name.value)
    index.classes[name] = index.class_by_node[node] = Class(name, file, node)


def _define_function(index: Index, file: SourceFile, node: cst.FunctionDef) -> None:
    own_name = node.name.value
    owner = index.class_by_node.get(_definition_around(file, node))
    parent = index.standing(file, node).function
    found = Function(_full_name(file, node, own_name), file, node, parent, owner)
    index.functions.append(found)
    index.by_name[found.name].append(found)
    index.by_node[node] = found
    if owner is not None:
        owner.methods[own_name] = found


def _definition_around(file: SourceFile, node: cst.CSTNode) -> cst.CSTNode:
    """Give the class or function right around a node, or the module."""
    around = file.parent(node)
    while around is not None and not isinstance(around, cst.ClassDef | cst.FunctionDef):
        around = file.parent(around)
    return file.tree if around is None else around


def _full_name(file: SourceFile, node: cst.CSTNode, own_name: str) -> str:
    parts = [own_name]
    around = _definition_around(file, node)
    while isinstance(around, cst.ClassDef | cst.FunctionDef):
        if isinstance(around, cst.FunctionDef):
            parts.append("<locals>")
        parts.append(around.name.value)
        around = _definition_around(file, around)
    return f"{file.module}{SEPARATOR}{'.'.join(reversed(parts))}"


def _note_results(index: Index, file: SourceFile) -> None:
    for statement in nodes(file, cst.Return):
        function = index.standing(file, statement).function
        if function is not None:
            function.returns.append(statement)
    for expression in nodes(file, cst.Yield):
        standing = index.standing(file, expression)
        if standing.function is not None and standing.barrier is None:
            standing.function.yields.append(expression)


def build_index(project: Project) -> Index:
    """Index a project."""
    index = Index(project)
    for file in project.files:
        for node in _walk(file.tree):
            if isinstance(node, cst.ClassDef):
                _define_class(index, file, node)
            elif isinstance(node, cst.FunctionDef):
                _define_function(index, file, node)
        _note_results(index, file)
    return index


def nodes(file: SourceFile, kind: type[Node]) -> Iterator[Node]:
    """Give every node of a kind in a file; outer ones of a type first."""
    if not file.by_type:
        for node in _walk(file.tree):
            file.by_type[type(node)].append(node)
    for found, those in file.by_type.items():
        if issubclass(found, kind):
            yield from cast("list[Node]", those)


def _walk(tree: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Give a tree's nodes as they stand in the text, outer ones first."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))
