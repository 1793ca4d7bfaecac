"""
Applies the rules to the files of a migration.
"""

from collections import defaultdict
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor

from quart_jwt.migrate.migration import Change
from quart_jwt.migrate.migration import Edit
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.project import SourceFile
from quart_jwt.migrate.rules import awaiting
from quart_jwt.migrate.rules import blocking
from quart_jwt.migrate.rules import extension_key
from quart_jwt.migrate.rules import identities
from quart_jwt.migrate.rules import imports
from quart_jwt.migrate.rules import mocks
from quart_jwt.migrate.rules import sync_requests
from quart_jwt.migrate.rules import unittest_cases
from quart_jwt.migrate.rules import unsupported

Rule = Callable[[Migration, SourceFile], Iterator[Edit]]

RULES: tuple[Rule, ...] = (
    awaiting.edits,
    sync_requests.edits,
    unittest_cases.edits,
    mocks.edits,
    extension_key.edits,
    imports.edits,
    unsupported.edits,
    identities.edits,
    blocking.edits,
)
"""The order counts where two rules meet at one node: the first one goes first."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """
    The text of a file, before and after.
    """

    path: str
    before: str
    after: str


class _Editor(cst.CSTTransformer):
    def __init__(self, edits: Iterator[Edit]) -> None:
        super().__init__()
        self._changes: dict[cst.CSTNode, list[Change]] = defaultdict(list)
        for edit in edits:
            self._changes[edit.node].append(edit.change)

    def __bool__(self) -> bool:
        return bool(self._changes)

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Apply the changes of a node, in the order of the rules."""
        result = super().on_leave(original_node, updated_node)
        for change in self._changes.get(original_node, ()):
            result = change(result)
        return result


def rewrite(migration: Migration) -> Iterator[Rewritten]:
    """Give the files of a project that a migration changes."""
    for file in migration.project.files:
        after = _rewrite_file(migration, file)
        if after != file.source:
            yield Rewritten(file.path, file.source, after)


def _rewrite_file(migration: Migration, file: SourceFile) -> str:
    editor = _Editor(edit for rule in RULES for edit in rule(migration, file))
    tree = file.tree.visit(editor) if editor else file.tree
    return _with_imports(tree, sorted(migration.imports[file])).code


def _with_imports(tree: cst.Module, needed: list[tuple[str, str]]) -> cst.Module:
    if not needed:
        return tree
    context = CodemodContext()
    for module, name in needed:
        AddImportsVisitor.add_needed_import(context, module, name)
    return AddImportsVisitor(context).transform_module(tree)
