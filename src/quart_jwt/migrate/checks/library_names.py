"""
Names of Flask-JWT-Extended without a counterpart: private names, its values in ``g``,
and mocks of modules inside it.
"""

import ast
from collections.abc import Iterator

from quart_jwt.migrate.checks.third_version import REPLACEMENTS
from quart_jwt.migrate.counterparts import inner_path
from quart_jwt.migrate.counterparts import is_public
from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.imports import last_name
from quart_jwt.migrate.imports import PATCHES

MANAGER_MEMBERS = frozenset(
    {
        "_decode_jwt_from_config",
        "_encode_jwt_from_config",
        "_set_default_configuration_options",
        "_set_error_handler_callbacks",
        *(
            f"_{name}_callback"
            for name in (
                *("additional_claims", "decode_key", "encode_key", "expired_token"),
                *("invalid_token", "jwt_additional_header", "needs_fresh_token"),
                *("revoked_token", "token_in_blocklist", "token_verification"),
                *("token_verification_failed", "unauthorized", "user_claims"),
                *("user_identity", "user_lookup", "user_lookup_error"),
            )
        ),
    }
)
"""Private members of its ``JWTManager``."""

VALUES_IN_G = frozenset(
    {
        *("_jwt_extended_jwt", "_jwt_extended_jwt_header"),
        *("_jwt_extended_jwt_location", "_jwt_extended_jwt_user"),
    }
)
"""What it keeps in Flask's ``g``."""


def findings(path: str, nodes: list[ast.AST]) -> Iterator[Finding]:
    """Give the findings of a file."""
    modules = dict(_modules(nodes))
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield from _imported(path, node)
        elif isinstance(node, ast.Attribute):
            yield from _attribute(path, node, modules)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # In g.get, getattr, setattr, vars(g) and the targets of mocks.
            if (name := node.value.rpartition(".")[2]) in VALUES_IN_G:
                yield _value_in_g(path, node, name)
        elif isinstance(node, ast.keyword) and node.arg in VALUES_IN_G:
            yield _value_in_g(path, node.value, node.arg)  # patch.multiple(g, ...)
        elif isinstance(node, ast.Call) and last_name(node.func) in PATCHES:
            yield from _mock(path, node)


def _modules(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname and inner_path(alias.name) is not None:
                    yield alias.asname, alias.name


def _imported(path: str, node: ast.ImportFrom) -> Iterator[Finding]:
    base = inner_path(node.module or "")
    if base is None:
        return
    for alias in node.names:
        known = alias.name in REPLACEMENTS or alias.name == "*"
        if not known and not is_public([*base, alias.name]):
            yield _private(path, node, ".".join([*base, alias.name]))


def _attribute(
    path: str, node: ast.Attribute, modules: dict[str, str]
) -> Iterator[Finding]:
    if node.attr in MANAGER_MEMBERS:
        yield _private(path, node, f"JWTManager.{node.attr}")
    elif node.attr in VALUES_IN_G:
        yield _value_in_g(path, node, node.attr)
    elif isinstance(node.value, ast.Name) and node.value.id in modules:
        base = inner_path(modules[node.value.id]) or []
        known = node.attr in REPLACEMENTS
        if not known and not is_public([*base, node.attr]):
            yield _private(path, node, ".".join([*base, node.attr]))


def _private(path: str, node: ast.stmt | ast.expr, name: str) -> Finding:
    return Finding(
        path=path,
        line=node.lineno,
        rule="private-names",
        reason=f"`{name}` is not public in Flask-JWT-Extended, and may be missing from "
        "quart_jwt.flask",
        advice="Use a documented name; the tests show whether this one still works.",
    )


def _value_in_g(path: str, node: ast.expr, name: str) -> Finding:
    return Finding(
        path=path,
        line=node.lineno,
        rule="private-names",
        reason=f"`g.{name}` is a private value of Flask-JWT-Extended; quart_jwt.flask "
        "reads it if the project writes it, and never writes it",
        advice="Read with get_jwt(), get_jwt_header(), get_current_user() and "
        "get_jwt_request_location(); in tests, send a real token.",
    )


def _mock(path: str, node: ast.Call) -> Iterator[Finding]:
    target = node.args[0] if node.args else None
    if not isinstance(target, ast.Constant) or not isinstance(target.value, str):
        return
    inner = inner_path(target.value)
    if inner is not None and len(inner) > 1:
        yield Finding(
            path=path,
            line=node.lineno,
            rule="mocks",
            reason=f"a mock replaces `{'.'.join(inner)}` inside the library; "
            "quart_jwt does not call that name",
            advice="Patch the name in the module of the project that imports it.",
        )
