"""
Mocks: what stands in for a function that is awaited now has to be awaitable.

``mock.patch`` sees by itself that a function of the project has become async.
``verify_jwt_in_request`` is a plain function that gives something to await, so its
stand-in is told.
"""

from collections.abc import Iterator

import libcst as cst

from quart_jwt.migrate.awaits import Need
from quart_jwt.migrate.awaits import VERIFY_FUNCTIONS
from quart_jwt.migrate.fixtures import text_of
from quart_jwt.migrate.flow import last_name
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.index import SEPARATOR
from quart_jwt.migrate.migration import Edit
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.project import SourceFile

RULE = "mocks"
PATCHES = frozenset({"patch", "setattr"})
STAND_IN = "new_callable=AsyncMock"


def edits(migration: Migration, file: SourceFile) -> Iterator[Edit]:
    """Give the edits of a file."""
    for call in nodes(file, cst.Call):
        target = text_of(call.args[0].value) if call.args else None
        if target is None or last_name(call.func) not in PATCHES or "." not in target:
            continue
        if target.startswith("flask_jwt_extended."):
            yield from _library_target(migration, file, call, target)
        else:
            yield from _project_target(migration, file, call, target)


def _library_target(
    migration: Migration, file: SourceFile, call: cst.Call, target: str
) -> Iterator[Edit]:
    _, *path = target.split(".")
    if len(path) == 1:
        literal = cst.SimpleString(f'"quart_jwt.{path[0]}"')
        yield Edit(call.args[0].value, lambda _node: literal)
        return
    migration.report(
        file,
        call,
        rule=RULE,
        reason=f"{target} is a place inside Flask-JWT-Extended",
        advice="Patch the name where the project's own module has imported it.",
    )


def _project_target(
    migration: Migration, file: SourceFile, call: cst.Call, target: str
) -> Iterator[Edit]:
    meaning = migration.names.canonical(target, file.module)
    if meaning in VERIFY_FUNCTIONS:
        if _is_awaited_in(migration, _module_of(migration, file, target)):
            yield from _awaitable(migration, file, call, target)
    elif _has_become_async(migration, meaning) and _replacement(call) is not None:
        _report_stand_in(migration, file, call, target)


def _awaitable(
    migration: Migration, file: SourceFile, call: cst.Call, target: str
) -> Iterator[Edit]:
    if _replacement(call) is not None:
        _report_stand_in(migration, file, call, target)
        return
    if any(one.keyword and one.keyword.value == "new_callable" for one in call.args):
        return
    migration.imports[file].add(("unittest.mock", "AsyncMock"))
    argument = cst.ensure_type(cst.parse_expression(f"f({STAND_IN})"), cst.Call).args[0]
    yield Edit(
        call, lambda node: node.with_changes(args=[*_comma(node.args), argument])
    )


def _comma(arguments: tuple[cst.Arg, ...]) -> list[cst.Arg]:
    *others, last = arguments
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return [*others, last.with_changes(comma=comma)]


def _replacement(call: cst.Call) -> cst.Arg | None:
    """Give the stand-in that a patch brings along."""
    for number, one in enumerate(call.args):
        if (number == 1 and one.keyword is None) or (
            one.keyword is not None and one.keyword.value == "new"
        ):
            return one
    return None


def _report_stand_in(
    migration: Migration, file: SourceFile, call: cst.Call, target: str
) -> None:
    migration.report(
        file,
        call,
        rule=RULE,
        reason=f"the stand-in for {target} is awaited now",
        advice="Make it async, or an AsyncMock.",
    )


def _module_of(migration: Migration, file: SourceFile, target: str) -> str | None:
    return migration.project.module(target.rpartition(".")[0], file.module)


def _is_awaited_in(migration: Migration, module: str | None) -> bool:
    return any(
        place.need is Need.VERIFY
        and place.file.module == module
        and migration.colours.is_awaited(place)
        for place in migration.colours.places
    )


def _has_become_async(migration: Migration, meaning: str) -> bool:
    if SEPARATOR not in meaning:
        return False
    return any(
        migration.colours.becomes_async(one)
        for one in migration.index.by_name.get(meaning, ())
    )
