"""
The index of a project: its functions and classes, and where a piece of code stands.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
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


def _barrier(
    file: SourceFile, parent: cst.CSTNode, child: cst.CSTNode
) -> str | None:
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


class _Collector(cst.CSTVisitor):
    def __init__(self, file: SourceFile, index: Index) -> None:
        super().__init__()
        self.file = file
        self.index = index
        self.functions: list[Function] = []
        self.path: list[str] = []
        self.owners: list[Class | None] = [None]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.path.append(node.name.value)
        name = f"{self.file.module}{SEPARATOR}{'.'.join(self.path)}"
        found = Class(name, self.file, node)
        self.index.classes[name] = self.index.class_by_node[node] = found
        self.owners.append(found)

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self.path.pop()
        self.owners.pop()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        parent = self.functions[-1] if self.functions else None
        self.path.append(node.name.value)
        name = f"{self.file.module}{SEPARATOR}{'.'.join(self.path)}"
        found = Function(name, self.file, node, parent, self.owners[-1])
        self.index.functions.append(found)
        self.index.by_name[name].append(found)
        self.index.by_node[node] = found
        if found.owner is not None:
            found.owner.methods[node.name.value] = found
        self.functions.append(found)
        self.owners.append(None)
        self.path.append("<locals>")

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.functions.pop()
        self.owners.pop()
        del self.path[-2:]

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_Return(self, node: cst.Return) -> None:
        if self.functions:
            self.functions[-1].returns.append(node)

    def visit_Yield(self, node: cst.Yield) -> None:
        if self.functions:
            self.functions[-1].yields.append(node)


def build_index(project: Project) -> Index:
    """Index a project."""
    index = Index(project)
    for file in project.files:
        file.tree.visit(_Collector(file, index))
    return index


def nodes(file: SourceFile, kind: type[Node]) -> Iterator[Node]:
    """Give every node of a kind in a file, outer ones first."""
    for node in file.parents:
        if isinstance(node, kind):
            yield node
