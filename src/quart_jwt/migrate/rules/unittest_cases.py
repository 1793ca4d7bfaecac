"""
unittest's classes: ``TestCase`` becomes ``IsolatedAsyncioTestCase`` where tests await.
"""

from collections.abc import Iterator

import libcst as cst

from quart_jwt.migrate.index import Class
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.migration import Edit
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.migration import renamed
from quart_jwt.migrate.project import SourceFile

TEST_CASES = frozenset({"unittest.TestCase", "unittest.case.TestCase"})
ASYNC_TEST_CASE = "IsolatedAsyncioTestCase"
ASYNC_NAMES = {"setUp": "asyncSetUp", "tearDown": "asyncTearDown"}


def edits(migration: Migration, file: SourceFile) -> Iterator[Edit]:
    """Give the edits of a file."""
    for node in nodes(file, cst.ClassDef):
        found = migration.index.class_by_node[node]
        base = _test_case_of(migration, found)
        if base is not None and _is_needed(migration, found):
            yield from _base_edits(migration, file, base)
    for function in migration.index.functions:
        if function.file is file and is_renamed(migration, function):
            yield renamed(function.node.name, ASYNC_NAMES[function.own_name])
    for place in migration.places(file):
        callee = place.callee
        if callee is not None and is_renamed(migration, callee):
            yield _renamed_call(place.node, ASYNC_NAMES[callee.own_name])


def is_renamed(migration: Migration, function: Function) -> bool:
    """Whether a method gets the name that unittest awaits."""
    return (
        function.own_name in ASYNC_NAMES
        and migration.colours.becomes_async(function)
        and is_unittests(migration, function)
    )


def is_unittests(migration: Migration, function: Function) -> bool:
    """Whether a function is a method of a class that unittest runs."""
    if function.owner is None:
        return False
    lineage = migration.flow.lineage(function.owner.name)
    return any(_test_case_of(migration, one) is not None for one in lineage)


def _test_case_of(migration: Migration, found: Class) -> cst.Arg | None:
    for base in found.node.bases:
        if migration.names.of(found.file, base.value) in TEST_CASES:
            return base
    return None


def _is_needed(migration: Migration, found: Class) -> bool:
    """Whether the class, or one that stands on it, has a method that awaits."""
    return any(
        function.owner is not None
        and function in migration.colours.asynchronous
        and found in migration.flow.lineage(function.owner.name)
        for function in migration.index.functions
    )


def _base_edits(
    migration: Migration, file: SourceFile, base: cst.Arg
) -> Iterator[Edit]:
    value = base.value
    if isinstance(value, cst.Attribute):
        yield renamed(value.attr, ASYNC_TEST_CASE)
    elif isinstance(value, cst.Name):
        migration.imports[file].add(("unittest", ASYNC_TEST_CASE))
        yield renamed(value, ASYNC_TEST_CASE)


def _renamed_call(node: cst.CSTNode, name: str) -> Edit:
    function = cst.ensure_type(cst.ensure_type(node, cst.Call).func, cst.Attribute)
    return renamed(function.attr, name)
