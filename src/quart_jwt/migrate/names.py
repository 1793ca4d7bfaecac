"""
What a name means: followed through imports and re-exports to where it is defined.

A name of the project's own is written ``module:Class.method``; anything else is its
dotted path, ``flask.request``.
"""

import libcst as cst
from libcst import metadata

from quart_jwt.migrate.index import Index
from quart_jwt.migrate.index import SEPARATOR
from quart_jwt.migrate.project import Project
from quart_jwt.migrate.project import SourceFile

MAX_HOPS = 16
"""Imports followed at most: a cycle of re-exports ends."""


class Names:
    """
    Resolves the names of a project.
    """

    def __init__(self, index: Index) -> None:
        self.index = index
        self.project: Project = index.project

    def of(self, file: SourceFile, node: cst.CSTNode) -> str | None:
        """
        Give the full name of what a node refers to, or None.

        A name that a function assigns has no full name.
        """
        known = file.names.get(node, ())
        for found in known() if callable(known) else known:
            if found.source is metadata.QualifiedNameSource.IMPORT:
                return self.canonical(found.name, file.module)
            if found.source is metadata.QualifiedNameSource.LOCAL:
                return f"{file.module}{SEPARATOR}{found.name}"
        return None

    def canonical(self, name: str, importer: str, hops: int = 0) -> str:
        """Follow a name that an import gave to where it is defined."""
        module, rest = self._split(name, importer)
        if module is None or not rest or hops > MAX_HOPS:
            return name if module is None else f"{module}{SEPARATOR}{rest}"
        there = self.project.by_module[module]
        first, _, others = rest.partition(".")
        imported = _import_of(there, first)
        if imported is None:
            return f"{module}{SEPARATOR}{rest}"
        onward = f"{imported}.{others}" if others else imported
        return self.canonical(onward, module, hops + 1)

    def _split(self, name: str, importer: str) -> tuple[str | None, str]:
        """Split a name into the project's module and what it has; longest first."""
        dots = name[: len(name) - len(name.lstrip("."))]
        parts = name.lstrip(".").split(".")
        for length in range(len(parts), 0, -1):
            module = self.project.module(dots + ".".join(parts[:length]), importer)
            if module is not None:
                return module, ".".join(parts[length:])
        if dots and (module := self.project.module(dots, importer)) is not None:
            return module, ".".join(parts)
        return None, name


def _import_of(file: SourceFile, name: str) -> str | None:
    scope = file.scopes.get(file.tree)
    for assignment in scope[name] if scope is not None else ():
        if isinstance(assignment, metadata.ImportAssignment):
            for found in assignment.get_qualified_names_for(name):
                imported: str = found.name
                return imported
    return None
