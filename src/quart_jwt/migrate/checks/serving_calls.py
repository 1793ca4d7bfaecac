"""
Python code that starts a WSGI server: named where serving is changed.
"""

import ast
from collections.abc import Iterator

from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.imports import dotted_name

SERVERS = {
    "pywsgi.WSGIServer": "gevent's server",
    "serve": "waitress",
    "waitress.serve": "waitress",
    "wsgi.server": "eventlet's server",
}
RUN_OPTIONS = frozenset({"debug", "host", "port", "ssl_context", "threaded"})


def findings(path: str, nodes: list[ast.AST]) -> Iterator[Finding]:
    """Give the findings of a file."""
    has_waitress = any(
        isinstance(node, ast.ImportFrom) and node.module == "waitress" for node in nodes
    )
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        name = dotted_name(node.func) or ""
        if name in SERVERS and (name != "serve" or has_waitress):
            yield _finding(path, node, SERVERS[name], "todo")
        elif name.endswith(".run") and _runs_an_app(name, node):
            yield _finding(path, node, "Flask's development server", "note")


def _runs_an_app(name: str, node: ast.Call) -> bool:
    options = {keyword.arg for keyword in node.keywords}
    return name in {"app.run", "application.run"} or bool(options & RUN_OPTIONS)


def _finding(path: str, node: ast.Call, what: str, level: str) -> Finding:
    return Finding(
        path=path,
        line=node.lineno,
        rule="serving",
        reason=f"code starts {what}, which speaks WSGI",
        advice="Start the app with `quart-jwt run`, or `hypercorn asgi:module:app`.",
        level="todo" if level == "todo" else "note",
    )
