"""
Request bodies in functions that have to stay sync: read through ``sync_request``.

Quart runs such a function in a worker thread, and there the body can be waited for.
"""

from collections.abc import Iterator

import libcst as cst

from quart_jwt.migrate.migration import Edit
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.project import SourceFile

RULE = "sync-request"
REQUESTS = frozenset({"flask.request", "flask.globals.request", "quart.request"})


def edits(migration: Migration, file: SourceFile) -> Iterator[Edit]:
    """Give the edits of a file."""
    for place in migration.places(file):
        if not migration.colours.reads_in_a_thread(place):
            continue
        request = _request_of(place.node)
        if request is None or migration.names.of(file, request) not in REQUESTS:
            continue
        migration.imports[file].add(("quart_jwt.compat", "sync_request"))
        yield Edit(request, lambda _node: cst.Name("sync_request"))
        function = place.standing.function
        why = migration.colours.kept[function] if function is not None else ""
        migration.report(
            file,
            place.node,
            rule=RULE,
            reason=f"the body is read in a function that stays sync: {why}",
            advice="It runs, in a worker thread. Make the function async to be rid of "
            "`sync_request`.",
            level="note",
        )


def _request_of(node: cst.CSTNode) -> cst.BaseExpression | None:
    if isinstance(node, cst.Call):
        node = node.func
    return node.value if isinstance(node, cst.Attribute) else None
