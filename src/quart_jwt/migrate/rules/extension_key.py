"""
The place of the extension among ``app.extensions``.
"""

from collections.abc import Iterator

import libcst as cst

from quart_jwt.migrate.fixtures import text_of
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.migration import Edit
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.migration import renamed
from quart_jwt.migrate.project import SourceFile

OLD_KEY = "flask-jwt-extended"


def edits(_migration: Migration, file: SourceFile) -> Iterator[Edit]:
    """Give the edits of a file."""
    for node in nodes(file, cst.SimpleString):
        if text_of(node) == OLD_KEY and _is_a_key(file, node):
            new = node.value.replace(OLD_KEY, "quart-jwt")
            yield renamed(node, new)


def _is_a_key(file: SourceFile, node: cst.CSTNode) -> bool:
    around: cst.CSTNode | None = node
    while around is not None and not isinstance(around, cst.BaseStatement):
        if isinstance(around, cst.Subscript | cst.Comparison | cst.Call):
            return ".extensions" in file.tree.code_for_node(around)
        around = file.parent(around)
    return False
