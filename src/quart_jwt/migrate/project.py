"""
A project: its Python files, parsed, and the names of its modules.

A module's identity is its dotted path from the project's root. What an import says is
matched by its end, because only a project's way of being run knows its import roots.
"""

from collections import defaultdict
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

import libcst as cst
from libcst import metadata

from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.tree import read_tree

PROVIDERS = (
    metadata.ParentNodeProvider,
    metadata.PositionProvider,
    metadata.QualifiedNameProvider,
    metadata.ScopeProvider,
)


@dataclass(eq=False, slots=True)
class SourceFile:
    """
    One Python file, its syntax tree, and what LibCST knows about the nodes.
    """

    path: str
    module: str
    source: str
    tree: cst.Module
    positions: Any
    parents: Any
    scopes: Any
    names: Any
    by_type: dict[type[cst.CSTNode], list[cst.CSTNode]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Every node, sorted when they are first asked for."""

    def line(self, node: cst.CSTNode) -> int:
        """Give the line of a node, from 1."""
        line: int = self.positions[node].start.line
        return line

    def place(self, node: cst.CSTNode) -> tuple[int, int]:
        """Give line and column of a node, to order nodes by."""
        start = self.positions[node].start
        return start.line, start.column

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Give the node around a node."""
        parent: cst.CSTNode | None = self.parents.get(node)
        return parent


@dataclass(eq=False, slots=True)
class Project:
    """
    The files of a project, and what was found on the way.
    """

    root: Path
    files: list[SourceFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    by_module: dict[str, SourceFile] = field(default_factory=dict)

    def add(self, file: SourceFile) -> None:
        """Take a file in."""
        self.files.append(file)
        self.by_module[file.module] = file

    def module(self, name: str, importer: str) -> str | None:
        """
        Find the module of the project that an import names.

        Args:
            name: What the import says, with leading dots if it is relative.
            importer: The module that imports; of several candidates, the one nearest
                to it is meant.
        """
        if name.startswith("."):
            return self._relative(name, importer)
        if name in self.by_module:
            return name
        candidates = [one for one in self.by_module if one.endswith(f".{name}")]
        return max(candidates, key=lambda one: _shared(one, importer), default=None)

    def _relative(self, name: str, importer: str) -> str | None:
        level = len(name) - len(name.lstrip("."))
        parts = importer.split(".")
        is_package = Path(self.by_module[importer].path).name == "__init__.py"
        base = parts[: len(parts) - level + is_package]
        dotted = ".".join([*base, *filter(None, [name.lstrip(".")])])
        return dotted if dotted in self.by_module else None


def _shared(one: str, other: str) -> int:
    pairs = zip(one.split("."), other.split("."), strict=False)
    return sum(left == right for left, right in pairs)


def python_files(root: Path) -> Iterator[Path]:
    """Give a project's own Python files, in a fixed order."""
    tree = read_tree(root)
    for path in tree.python():
        if path.endswith(".py") or root.is_file():
            yield tree.root / path


def read_project(
    root: Path, *, progress: Callable[[Path], object] = lambda path: path
) -> Project:
    """
    Read a project.

    Args:
        root: Its folder, or a single file.
        progress: Is called with each file before it is read.

    Returns:
        The project. A file that cannot be parsed is left out and has a finding.
    """
    folder = root.parent if root.is_file() else root
    project = Project(folder)
    for path in python_files(root):
        progress(path)
        name = path.relative_to(folder).as_posix()
        try:
            project.add(_read(path, name))
        except (UnicodeDecodeError, RecursionError, cst.ParserSyntaxError) as error:
            project.findings.append(_unreadable(name, error))
    return project


def _read(path: Path, name: str) -> SourceFile:
    with path.open(encoding="utf-8", newline="") as stream:
        source = stream.read()
    wrapper = metadata.MetadataWrapper(cst.parse_module(source))
    known = wrapper.resolve_many(PROVIDERS)
    return SourceFile(
        path=name,
        module=_module_name(name),
        source=source,
        tree=wrapper.module,
        positions=known[metadata.PositionProvider],
        parents=known[metadata.ParentNodeProvider],
        scopes=known[metadata.ScopeProvider],
        names=known[metadata.QualifiedNameProvider],
    )


def _module_name(path: str) -> str:
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def _unreadable(name: str, error: Exception) -> Finding:
    line = error.raw_line if isinstance(error, cst.ParserSyntaxError) else 0
    return Finding(
        path=name,
        line=line,
        rule="parsing",
        reason="the file is not Python 3 in UTF-8, and was left alone",
        advice="Make it parse (`python -m py_compile`), then run the command again.",
    )
