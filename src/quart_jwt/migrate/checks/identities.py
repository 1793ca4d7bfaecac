"""
Identities that look like numbers: ``quart_jwt`` issues tokens for strings only.

Flask-JWT-Extended 4.7 issues a token for the identity 7, and refuses it when it comes
back (RFC 7519 §4.1.2), unless ``JWT_VERIFY_SUB`` is off.
"""

import ast
from collections.abc import Iterator

from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.imports import last_name

CREATORS = frozenset({"create_access_token", "create_refresh_token"})
ANSWERS = ("JWT_VERIFY_SUB", "user_identity_loader")
"""Names of what makes other identities work."""


def findings(path: str, nodes: list[ast.AST]) -> Iterator[Finding]:
    """Give the findings of a file."""
    for node in nodes:
        if not isinstance(node, ast.Call) or last_name(node.func) not in CREATORS:
            continue
        if _looks_like_a_number(_identity(node)):
            yield Finding(
                path=path,
                line=node.lineno,
                rule="identities",
                reason="the identity may be a number, and quart_jwt issues tokens for "
                "strings only",
                advice="If it is one: pass `str(...)`, return a string from "
                "`@jwt.user_identity_loader`, or set `JWT_VERIFY_SUB = False`.",
                level="note",
            )


def _identity(node: ast.Call) -> ast.expr | None:
    named = [one.value for one in node.keywords if one.arg == "identity"]
    return next(iter([*named, *node.args]), None)


def _looks_like_a_number(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "id"
    is_number = isinstance(node, ast.Constant) and isinstance(node.value, int)
    return is_number or isinstance(node, ast.Dict)
