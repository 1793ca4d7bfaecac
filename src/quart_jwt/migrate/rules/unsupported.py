"""
What cannot be rewritten safely: reported with its reason, never guessed.
"""

from collections.abc import Iterator

import libcst as cst

from quart_jwt.migrate.awaits import Place
from quart_jwt.migrate.decorators import REGISTERING
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.migration import Edit
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.project import SourceFile

ON_THE_BRIDGE = frozenset(
    {
        "flask_bcrypt",
        "flask_cors",
        "flask_limiter",
        "flask_marshmallow",
        "flask_migrate",
        "flask_restful",
        "flask_restx",
        "flask_smorest",
        "flask_sqlalchemy",
    }
)
"""Extensions that are known to run on ``quart_jwt.compat``."""

WITHOUT_COUNTERPART = {
    "flask_socketio": "Use python-socketio's ASGIApp beside the Quart app.",
    "flask_sock": "Use Quart's own websockets: @app.websocket.",
    "flask_testing": "Use pytest, or unittest's IsolatedAsyncioTestCase, directly.",
    "gunicorn": "Serve the app with Hypercorn: `hypercorn module:app`.",
    "uwsgi": "Serve the app with Hypercorn: `hypercorn module:app`.",
    "waitress": "Serve the app with Hypercorn: `hypercorn module:app`.",
    "werkzeug.middleware": "WSGI middleware needs an ASGI counterpart.",
    "asgiref.wsgi": "The app is ASGI now; remove the adapter.",
}
WSGI_MEMBERS = {
    ("app", "wsgi_app"): "Wrap app.asgi_app with ASGI middleware instead.",
    ("request", "environ"): "Read request.scope, or the request's own attributes.",
    ("request", "stream"): "Iterate over request.body, or await request.get_data().",
    ("app", "open_resource"): "Write `async with await app.open_resource(...)`, and "
    "await what is read.",
    ("app", "open_instance_resource"): "Write `async with await ...`, and await what "
    "is read.",
}


def edits(migration: Migration, file: SourceFile) -> Iterator[Edit]:
    """Report what is left to do in a file; nothing is edited."""
    for place in migration.places(file):
        if migration.colours.is_owed(place):
            _report_owed(migration, file, place)
    for attribute in nodes(file, cst.Attribute):
        _check_member(migration, file, attribute)
    for argument in nodes(file, cst.Arg):
        _check_handed_on(migration, file, argument)
    for plain in nodes(file, cst.Import):
        for alias in plain.names:
            _check_import(migration, file, plain, _code(file, alias.name))
    for named in nodes(file, cst.ImportFrom):
        if named.module is not None and not named.relative:
            _check_import(migration, file, named, _code(file, named.module))
    return
    yield


def _code(file: SourceFile, node: cst.CSTNode) -> str:
    return file.tree.code_for_node(node).strip()


def _report_owed(migration: Migration, file: SourceFile, place: Place) -> None:
    function = place.standing.function
    why = place.standing.barrier
    if why is None and function is not None:
        why = f"`{function.own_name}` ({migration.colours.kept.get(function, 'sync')})"
    migration.report(
        file,
        place.node,
        rule="await",
        reason=f"{place.need.value} is awaited in Quart, and it stands in {why}",
        advice="Move it into an `async def`, and await it there.",
    )


def _check_member(
    migration: Migration, file: SourceFile, attribute: cst.Attribute
) -> None:
    name = attribute.attr.value
    if not any(name == member for _kind, member in WSGI_MEMBERS):
        return
    value = migration.flow.kind(file, attribute.value)
    advice = WSGI_MEMBERS.get((value.name, name)) if value is not None else None
    if advice is not None:
        migration.report(
            file,
            attribute,
            rule="wsgi",
            reason=f"`{_code(file, attribute)}` is another thing in Quart, or none",
            advice=advice,
        )


def _check_handed_on(migration: Migration, file: SourceFile, argument: cst.Arg) -> None:
    """A function that is async now, and is given to somebody as a value."""
    call = file.parent(argument)
    if not isinstance(argument.value, cst.Name | cst.Attribute):
        return
    kind = migration.flow.kind(file, argument.value)
    if kind is None or kind.name != "function" or not isinstance(call, cst.Call):
        return
    functions = migration.index.by_name.get(kind.target, [])
    if not any(migration.colours.becomes_async(one) for one in functions):
        return
    called = _code(file, call.func)
    if called.rpartition(".")[2] in REGISTERING or _is_ours(migration, file, call):
        return
    migration.report(
        file,
        argument,
        rule="handed-on",
        reason=f"`{_code(file, argument.value)}` is async now, and is handed to "
        f"`{called}`",
        advice="See to it that it is awaited there.",
    )


def _is_ours(migration: Migration, file: SourceFile, call: cst.Call) -> bool:
    kind = migration.flow.kind(file, call.func)
    return kind is not None and kind.name == "function"


def _check_import(
    migration: Migration, file: SourceFile, node: cst.CSTNode, module: str
) -> None:
    for name, advice in WITHOUT_COUNTERPART.items():
        if module == name or module.startswith(f"{name}."):
            migration.report(
                file,
                node,
                rule="extension",
                reason=f"{module} has no place in an ASGI app",
                advice=advice,
            )
            return
    package = module.partition(".")[0]
    is_flask = package.startswith("flask_") and package != "flask_jwt_extended"
    if is_flask and package not in ON_THE_BRIDGE:
        migration.report(
            file,
            node,
            rule="extension",
            reason=f"{package} has not been tried on the bridge for Flask extensions",
            advice="It may run as it is: test it, and look for a Quart counterpart.",
        )
