"""
Code for Flask-JWT-Extended 3.x, which neither 4.x nor ``quart_jwt`` runs.
"""

import ast
from collections.abc import Iterator

from quart_jwt.migrate.findings import Finding

REPLACEMENTS = {
    "claims_verification_failed_loader": "token_verification_failed_loader",
    "claims_verification_loader": "token_verification_loader",
    "fresh_jwt_required": "jwt_required(fresh=True)",
    "get_jwt_claims": "get_jwt",
    "get_raw_jwt": "get_jwt",
    "get_raw_jwt_header": "get_jwt_header",
    "jwt_optional": "jwt_required(optional=True)",
    "jwt_refresh_token_required": "jwt_required(refresh=True)",
    "token_in_blacklist_loader": "token_in_blocklist_loader (header, payload)",
    "user_claims_loader": "additional_claims_loader",
    "user_loader_callback_loader": "user_lookup_loader (header, payload)",
    "user_loader_error_loader": "user_lookup_error_loader (header, payload)",
    "verify_fresh_jwt_in_request": "verify_jwt_in_request(fresh=True)",
    "verify_jwt_in_request_optional": "verify_jwt_in_request(optional=True)",
    "verify_jwt_refresh_token_in_request": "verify_jwt_in_request(refresh=True)",
}
"""Names of 3.x, and what 4.x and ``quart_jwt`` have instead."""

SETTINGS = {
    "JWT_BLACKLIST_ENABLED": "no setting: the loader alone decides",
    "JWT_BLACKLIST_TOKEN_CHECKS": "no setting: the loader is asked for every token",
    "JWT_CLAIMS_IN_REFRESH_TOKEN": "no setting: additional_claims of each call",
    "JWT_USER_CLAIMS": "no setting: claims are at the top of the payload",
}
BARE = "@jwt_required without parentheses"


def uses(nodes: list[ast.AST]) -> Iterator[tuple[int, str, str]]:
    """Give line, name and replacement of each use in a file."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                name = getattr(decorator, "attr", getattr(decorator, "id", ""))
                if name == "jwt_required":
                    yield decorator.lineno, BARE, "@jwt_required()"
        elif isinstance(node, ast.alias | ast.Attribute | ast.Name | ast.Constant):
            name = _name(node)
            new = REPLACEMENTS.get(name) or SETTINGS.get(name)
            if new is not None and not isinstance(node, ast.Constant):
                yield node.lineno, name, new
            elif name in SETTINGS:
                yield node.lineno, name, SETTINGS[name]


def _name(node: ast.AST) -> str:
    match node:
        case ast.alias(name=name) | ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Constant(value=str() as name):
            return name
    return ""


def finding(found: list[tuple[str, int, str, str]]) -> Iterator[Finding]:
    """
    Give one finding for a whole project.

    Args:
        found: Path, line, name and replacement of each use.
    """
    if not found:
        return
    names = {name: new for _path, _line, name, new in found}
    only_settings = names.keys() <= SETTINGS.keys()
    first, *others = sorted({(path, line) for path, line, _name, _new in found})
    listed = "; ".join(f"{name} → {new}" for name, new in sorted(names.items()))
    yield Finding(
        path=first[0],
        line=first[1],
        rule="3.x",
        reason="settings of Flask-JWT-Extended 3.x have no effect since 4.0"
        if only_settings
        else "this is code for Flask-JWT-Extended 3.x; quart_jwt has the API of 4.x",
        advice=f"{'Remove' if only_settings else 'Replace'}: {listed}.",
        level="note" if only_settings else "todo",
        also=tuple(f"{path}:{line}" for path, line in others),
    )
