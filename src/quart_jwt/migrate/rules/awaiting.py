"""
Writes the awaits, and ``async`` in front of what has become async.
"""

from collections.abc import Iterator
from typing import Any
from typing import cast

import libcst as cst

from quart_jwt.migrate.awaits import Need
from quart_jwt.migrate.awaits import Place
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.migration import Change
from quart_jwt.migrate.migration import Edit
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.project import SourceFile

GETTERS: dict[tuple[Need, str], tuple[str, str]] = {
    (Need.REQUEST, "json"): ("get_json", ""),
    (Need.RESPONSE, "json"): ("get_json", ""),
    (Need.RESPONSE, "data"): ("get_data", ""),
    (Need.RESPONSE, "text"): ("get_data", "as_text=True"),
}
"""Attributes that are methods in Quart, where those are to be preferred."""

ASYNC = cst.Asynchronous(whitespace_after=cst.SimpleWhitespace(" "))


def edits(migration: Migration, file: SourceFile) -> Iterator[Edit]:
    """Give the edits of a file."""
    for function in nodes(file, cst.FunctionDef):
        if migration.colours.becomes_async(migration.index.by_node[function]):
            yield Edit(function, _make_async)
    for place in migration.places(file):
        if migration.colours.is_awaited(place):
            yield Edit(place.node, _change(migration, file, place))


def _change(migration: Migration, file: SourceFile, place: Place) -> Change:
    if isinstance(place.node, cst.With):
        return _make_async
    if place.need is Need.WRAPPED:
        migration.imports[file].add(("quart", "current_app"))
    parenthesised = _needs_parentheses(file, place.node)

    def awaited(updated: cst.BaseExpression) -> cst.BaseExpression:
        return _await(_asked(updated, place.need), parenthesised=parenthesised)

    return awaited


def _make_async(updated: Any) -> Any:
    """Write ``async`` in front of a function or a ``with``."""
    return updated.with_changes(asynchronous=ASYNC)


def _asked(node: cst.BaseExpression, need: Need) -> cst.BaseExpression:
    """Give the expression that is awaited in the place of an attribute or a call."""
    if need is Need.WRAPPED:
        return _through_ensure_async(cst.ensure_type(node, cst.Call))
    if not isinstance(node, cst.Attribute):
        return node
    getter = GETTERS.get((need, node.attr.value))
    if getter is None:
        return node
    name, arguments = getter
    call = cst.ensure_type(cst.parse_expression(f"f({arguments})"), cst.Call)
    bare = node.with_changes(attr=cst.Name(name), lpar=[], rpar=[])
    return call.with_changes(func=bare, lpar=node.lpar, rpar=node.rpar)


def _through_ensure_async(call: cst.Call) -> cst.Call:
    ensure = cst.parse_expression("current_app.ensure_async")
    return call.with_changes(func=cst.Call(func=ensure, args=[cst.Arg(call.func)]))


def _await(node: cst.BaseExpression, *, parenthesised: bool) -> cst.BaseExpression:
    if node.lpar:  # its own go around the whole
        bare = node.with_changes(lpar=[], rpar=[])
        return cst.Await(expression=bare, lpar=node.lpar, rpar=node.rpar)
    awaited = cst.Await(expression=node)
    if not parenthesised:
        return awaited
    return awaited.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _needs_parentheses(file: SourceFile, node: cst.CSTNode) -> bool:
    """Whether something is read from the awaited value right there."""
    parent = file.parent(node)
    if isinstance(parent, cst.Attribute | cst.Subscript):
        return cast("Any", parent).value is node
    if isinstance(parent, cst.Call):
        return parent.func is node
    return isinstance(parent, cst.Await | cst.BinaryOperation) and _is_power(parent)


def _is_power(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Await) or isinstance(
        cast("cst.BinaryOperation", node).operator, cst.Power
    )
