"""
Names that a module exports without importing what defines them (PEP 562).

``import quart_jwt.client`` must not load Quart, and ``quart-jwt --help`` must not load
SQLAlchemy. The imports that type checkers read, under ``if TYPE_CHECKING``, are what is
imported when a name is first read; they are written once.
"""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def lazy_names(module: str, file: str) -> Callable[[str], Any]:
    """
    Return a module's ``__getattr__``, which imports a name when it is first read.

    Args:
        module: The module that exports the names.
        file: Its file.
    """
    definitions = _definitions(ast.parse(Path(file).read_text("utf-8")))

    def load(name: str) -> Any:
        if name not in definitions:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, defined_as = definitions[name]
        value = getattr(import_module(home), defined_as)
        setattr(sys.modules[module], name, value)
        return value

    return load


def _definitions(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Where each name is defined, and as what: the imports of the ``if`` block."""
    return {
        alias.asname or alias.name: (str(node.module), alias.name)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
