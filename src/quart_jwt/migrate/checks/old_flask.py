"""
Names that Flask had before 3.1, which is the oldest that ``quart_jwt.flask`` runs on.
"""

import ast
from collections.abc import Iterator

from quart_jwt.migrate.findings import Finding

MEMBERS = {
    "before_app_first_request": "Run it where the app is made.",
    "before_first_request": "Run it where the app is made.",
}
"""Members of the app and of blueprints, and what to do instead."""

NAMES = {
    "JSONDecoder": "Set `app.json` to a JSON provider.",
    "JSONEncoder": "Set `app.json` to a JSON provider.",
    "Markup": "Import it from markupsafe.",
    "_app_ctx_stack": "Use `flask.g` or `flask.current_app`.",
    "_request_ctx_stack": "Use `flask.request` or `flask.g`.",
    "escape": "Import it from markupsafe.",
    "safe_join": "Import it from werkzeug.utils.",
}
"""Names of Flask's modules, and what to do instead."""
MODULES = frozenset({"flask", "flask.globals", "flask.helpers", "flask.json"})


def findings(path: str, nodes: list[ast.AST]) -> Iterator[Finding]:
    """Give the findings of a file."""
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in MEMBERS:
            yield _finding(path, node.lineno, node.attr, MEMBERS[node.attr])
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                if alias.name in NAMES and not node.level:
                    yield _finding(path, node.lineno, alias.name, NAMES[alias.name])


def _finding(path: str, line: int, name: str, advice: str) -> Finding:
    return Finding(
        path=path,
        line=line,
        rule="old-flask",
        reason=f"`{name}` is gone from Flask, and quart_jwt.flask needs Flask 3.1",
        advice=advice,
    )
