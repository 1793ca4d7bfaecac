"""
Code that asks for Quart's class: the migrated app is Flask's subclass, not Quart's.
"""

import ast
from collections.abc import Iterator

from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.imports import dotted_name
from quart_jwt.migrate.imports import last_name


def findings(path: str, nodes: list[ast.AST]) -> Iterator[Finding]:
    """Give the findings of a file."""
    for node in nodes:
        if not isinstance(node, ast.Call) or last_name(node.func) != "isinstance":
            continue
        for argument in node.args[1:]:
            classes = argument.elts if isinstance(argument, ast.Tuple) else [argument]
            if {dotted_name(one) for one in classes} & {"Quart", "quart.Quart"}:
                yield Finding(
                    path=path,
                    line=node.lineno,
                    rule="quart-class",
                    reason="the code compares the app with Quart's class, but the "
                    "app is a Flask app",
                    advice="Compare `app.quart`, the Quart application that belongs "
                    "to it.",
                )
