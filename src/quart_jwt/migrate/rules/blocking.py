"""
Blocking calls in functions that have become async: noted, as the loop waits there.
"""

from collections.abc import Iterator

import libcst as cst

from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.migration import Edit
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.project import SourceFile

RULE = "blocking"
FUNCTIONS = frozenset(
    {
        "subprocess.run",
        "time.sleep",
        "werkzeug.security.check_password_hash",
        "werkzeug.security.generate_password_hash",
    }
)
PACKAGES = frozenset({"psycopg2", "pymysql", "redis", "requests", "sqlite3"})
SESSIONS = frozenset({"commit", "execute", "flush", "query", "scalar", "scalars"})
"""What is called on a database session."""


def edits(migration: Migration, file: SourceFile) -> Iterator[Edit]:
    """Note each function once; nothing is edited."""
    seen: set[Function] = set()
    for node in nodes(file, cst.Attribute):
        function = migration.index.standing(file, node).function
        if (
            function is None
            or function in seen
            or not _runs_on_the_loop(migration, function)
        ):
            continue
        if _blocks(migration, file, node):
            seen.add(function)
            _note(migration, file, node, function)
    return
    yield


def _runs_on_the_loop(migration: Migration, function: Function) -> bool:
    return migration.colours.becomes_async(function) and not (
        function in migration.fixtures or "test" in function.file.path
    )


def _blocks(migration: Migration, file: SourceFile, node: cst.Attribute) -> bool:
    name = migration.names.of(file, node) or ""
    if name in FUNCTIONS or name.partition(".")[0] in PACKAGES:
        return True
    text = file.tree.code_for_node(node.value)
    if node.attr.value in SESSIONS and text.rpartition(".")[2] == "session":
        return True
    return node.attr.value == "query" and text[:1].isupper()


def _note(
    migration: Migration, file: SourceFile, node: cst.Attribute, function: Function
) -> None:
    migration.report(
        file,
        node,
        rule=RULE,
        reason=f"`{function.own_name}` is async now, and the event loop waits for "
        f"`{file.tree.code_for_node(node)}`",
        advice="Await `asyncio.to_thread(...)` for it or use an async library; "
        "`--keep-sync` leaves such views in their threads.",
        level="note",
    )
