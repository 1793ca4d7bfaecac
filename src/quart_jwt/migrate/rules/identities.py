"""
Identities that are no strings: reported, because no token is issued for them here.

Flask-JWT-Extended issues a token for the identity 7, and refuses it when it comes back.
"""

from collections.abc import Iterator

import libcst as cst

from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.migration import Edit
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.project import SourceFile

RULE = "identities"
CREATORS = frozenset(
    f"{package}.{name}"
    for package in ("flask_jwt_extended", "quart_jwt")
    for name in ("create_access_token", "create_refresh_token")
)
TAKES_OTHERS = frozenset({"JWT_VERIFY_SUB", "user_identity_loader"})
"""Names of what makes other identities than strings work."""


def edits(migration: Migration, file: SourceFile) -> Iterator[Edit]:
    """Report the calls of a file; nothing is edited."""
    for call in nodes(file, cst.Call):
        if migration.names.of(file, call.func) not in CREATORS:
            continue
        identity = _identity(call)
        if identity is None or not _is_no_string(identity):
            continue
        if not _others_work(migration):
            migration.report(
                file,
                call,
                rule=RULE,
                reason="the identity looks like a number, and a token's identity is a "
                "string (RFC 7519 §4.1.2)",
                advice="Pass str(...), return a string from @jwt.user_identity_loader, "
                "or set JWT_VERIFY_SUB = False.",
            )
    return
    yield


def _identity(call: cst.Call) -> cst.BaseExpression | None:
    for argument in call.args:
        if argument.keyword is None or argument.keyword.value == "identity":
            return argument.value
    return None


def _is_no_string(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Attribute):
        return node.attr.value == "id" or node.attr.value.endswith("_id")
    return isinstance(node, cst.Integer | cst.Dict)


def _others_work(migration: Migration) -> bool:
    return any(
        name in file.source for file in migration.project.files for name in TAKES_OTHERS
    )
