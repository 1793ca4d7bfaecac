"""
Every name that the code of a project mentions, with its meaning.

A meaning is one of three: ``module:name`` for what the project defines, a dotted path
for what it imports from elsewhere, None if it is not known. Where a name may mean two
things, it is None.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from quart_jwt.migrate.index import Class
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import Index
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.index import SEPARATOR
from quart_jwt.migrate.names import Names
from quart_jwt.migrate.project import Project
from quart_jwt.migrate.project import SourceFile

TEST_FOLDERS = frozenset({"test", "tests"})


@dataclass(frozen=True, slots=True, eq=False)
class Mention:
    """
    One place that mentions a name: a ``Name``, or an ``Attribute`` for its last part.
    """

    file: SourceFile
    node: cst.Name | cst.Attribute
    identifier: str
    meaning: str | None
    function: Function | None
    """The function whose body it stands in."""

    @property
    def place(self) -> str:
        """Where it stands, as reports have it."""
        return place(self.file, self.node)

    @property
    def call(self) -> cst.Call | None:
        """The call that it is the function of, if it is one and no decorator."""
        around = self.file.parent(self.node)
        if not isinstance(around, cst.Call) or around.func is not self.node:
            return None
        return None if isinstance(self.file.parent(around), cst.Decorator) else around


class Mentions:
    """
    The mentions of a project, by identifier and by function.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.index: Index = names.index
        self.project: Project = names.project
        self.all: list[Mention] = []
        self.by_identifier: dict[str, list[Mention]] = defaultdict(list)
        self.by_node: dict[cst.CSTNode, Mention] = {}
        for file in self.project.files:
            for node in _mentioning(file):
                self._note(file, node)

    def meaning(self, file: SourceFile, node: cst.CSTNode) -> str | None:
        """Give the one meaning of a name or of dotted names, or None."""
        if not _is_dotted(node):
            return None
        known = file.names.get(node, ())
        found = list(known() if callable(known) else known)
        if len(found) != 1:
            return None
        return self.names.of(file, node) or str(found[0].name)

    def is_defined(self, meaning: str) -> bool:
        """Whether it is a function or class of the project."""
        return meaning in self.index.by_name or meaning in self.index.classes

    @cached_property
    def in_function(self) -> dict[Function | None, list[Mention]]:
        """The mentions of each function's own body; None has those of modules."""
        found: dict[Function | None, list[Mention]] = defaultdict(list)
        for mention in self.all:
            found[mention.function].append(mention)
        return found

    def _note(self, file: SourceFile, node: cst.Name | cst.Attribute) -> None:
        identifier = node.value if isinstance(node, cst.Name) else node.attr.value
        mention = Mention(
            file,
            node,
            identifier,
            self.meaning(file, node),
            self.index.standing(file, node).function,
        )
        self.all.append(mention)
        self.by_node[node] = mention
        self.by_identifier[identifier].append(mention)


def module_of(meaning: str | None) -> str | None:
    """Give the module of the project that a meaning is as a whole, or None."""
    if meaning is None or not meaning.endswith(SEPARATOR):
        return None
    return meaning.removesuffix(SEPARATOR)


def place(file: SourceFile, node: cst.CSTNode) -> str:
    """Give path and line of a node."""
    return f"{file.path}:{file.line(node)}"


def is_test(file: SourceFile) -> bool:
    """Whether a file stands where only tests stand."""
    *folders, name = file.path.split("/")
    return name == "conftest.py" or not TEST_FOLDERS.isdisjoint(folders)


def class_around(function: Function | None) -> Class | None:
    """Give the class whose method a function is, or stands in."""
    while function is not None and function.owner is None:
        function = function.parent
    return None if function is None else function.owner


def _is_dotted(node: cst.CSTNode) -> bool:
    # LibCST gives `f` as the name of `f()` and of `f[0]`, too.
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)


def _mentioning(file: SourceFile) -> Iterator[cst.Name | cst.Attribute]:
    yield from nodes(file, cst.Attribute)
    for node in nodes(file, cst.Name):
        if _is_mention(file, node):
            yield node


def _is_mention(file: SourceFile, node: cst.Name) -> bool:
    around = file.parent(node)
    if isinstance(around, cst.Attribute):
        return around.value is node and not _is_import(file, around)
    if isinstance(around, cst.FunctionDef | cst.ClassDef):
        return around.name is not node
    if isinstance(around, cst.Arg):
        return around.keyword is not node
    if isinstance(around, cst.Param):
        return around.name is not node
    return not isinstance(around, cst.ImportAlias | cst.ImportFrom | cst.AsName) or (
        isinstance(around, cst.AsName) and not _is_import(file, around)
    )


def _is_import(file: SourceFile, node: cst.CSTNode) -> bool:
    around: cst.CSTNode | None = node
    while isinstance(around, cst.Attribute | cst.AsName):
        around = file.parent(around)
    return isinstance(around, cst.ImportAlias | cst.ImportFrom)
