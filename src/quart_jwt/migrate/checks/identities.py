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
RULE = "identities"
LOADER = "user_identity_loader"
SETTING = "JWT_VERIFY_SUB"
"""Makes other identities work."""


def findings(path: str, nodes: list[ast.AST]) -> Iterator[Finding]:
    """Give the findings of a file."""
    for node in nodes:
        if isinstance(node, ast.Call) and last_name(node.func) in CREATORS:
            identities: list[ast.expr | None] = [_identity(node)]
        elif isinstance(node, ast.FunctionDef) and _is_loader(node):
            identities = [
                one.value for one in ast.walk(node) if isinstance(one, ast.Return)
            ]
        else:
            continue
        if any(_looks_like_a_number(one) for one in identities):
            yield Finding(
                path=path,
                line=node.lineno,
                rule=RULE,
                reason="the identity may be a number, and quart_jwt issues tokens for "
                "strings only",
                advice="If it is one: pass or return `str(...)`, or set "
                "`JWT_VERIFY_SUB = False`.",
                level="note",
            )


def _is_loader(node: ast.FunctionDef) -> bool:
    return LOADER in {last_name(one) for one in node.decorator_list}


def has_other_loader(nodes: list[ast.AST]) -> bool:
    """Whether a loader makes strings, as far as can be seen."""
    return any(
        isinstance(node, ast.FunctionDef)
        and _is_loader(node)
        and not any(
            _looks_like_a_number(one.value)
            for one in ast.walk(node)
            if isinstance(one, ast.Return)
        )
        for node in nodes
    )


def _identity(node: ast.Call) -> ast.expr | None:
    named = [one.value for one in node.keywords if one.arg == "identity"]
    return next(iter([*named, *node.args]), None)


def _looks_like_a_number(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "id"
    is_number = isinstance(node, ast.Constant) and isinstance(node.value, int)
    return is_number or isinstance(node, ast.Dict)
