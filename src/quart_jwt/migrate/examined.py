"""
What a migration has looked at, and what it could not see: counted for the report.
"""

import ast
import re
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field

from quart_jwt.migrate.counterparts import FLASK
from quart_jwt.migrate.imports import dotted_name
from quart_jwt.migrate.imports import flask_modules
from quart_jwt.migrate.imports import full_name
from quart_jwt.migrate.imports import last_name

_TEST = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+test", re.MULTILINE)
DYNAMIC = frozenset({"__import__", "import_module"})


@dataclass(eq=False, slots=True)
class Examined:
    """
    Counts of what was examined in a project.
    """

    python: int = 0
    flask: int = 0
    """Files that import Flask or Flask-JWT-Extended."""
    unread: int = 0
    tests: int = 0
    apps: int = 0
    """Places where Flask's class is called, or has a subclass."""
    managers: int = 0
    """Places where a ``JWTManager`` is made."""
    dynamic_imports: int = 0
    """Imports of a module whose name is computed."""
    dependencies: int = 0
    serving: int = 0
    skipped: list[str] = field(default_factory=list)
    """Folders that were not looked into."""
    not_installed: list[str] = field(default_factory=list)
    """Extensions that are not installed, and could not be looked at."""

    def count_tests(self, path: str, text: str) -> None:
        """Count the test functions of a file whose path says that it has tests."""
        if "test" in path.lower():
            self.tests += sum(1 for _found in _TEST.finditer(text))

    def count_places(self, nodes: list[ast.AST], classes: AbstractSet[str]) -> None:
        """Count apps, managers and computed imports."""
        names = {
            alias.asname or alias.name
            for node in nodes
            if isinstance(node, ast.ImportFrom)
            if node.module in {"flask", "flask.app", FLASK}
            for alias in node.names
            if alias.name == "Flask"
        }
        modules = flask_modules(nodes)
        known = {*classes, f"{FLASK}.Flask"}
        for node in nodes:
            uses = []
            if isinstance(node, ast.Call):
                uses = [node.func]
                self.managers += last_name(node.func) == "JWTManager"
                self.dynamic_imports += _is_computed(node)
            elif isinstance(node, ast.ClassDef):
                uses = node.bases
            for use in uses:
                name = dotted_name(use) or ""
                self.apps += name in names or name in known
                self.apps += full_name(name, modules) in classes

    def as_json(self) -> dict[str, object]:
        """Give the counts as JSON has them."""
        return asdict(self)


def _is_computed(node: ast.Call) -> bool:
    return (
        last_name(node.func) in DYNAMIC
        and bool(node.args)
        and not isinstance(node.args[0], ast.Constant)
    )
