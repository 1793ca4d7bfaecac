"""
The places where Quart wants an ``await``, and Flask had none.

A place is a *need* if the code around it must become async for it, and a *follower* if
it is awaited only where the code is async anyway.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import libcst as cst
from libcst import metadata

from quart_jwt.migrate.flow import Flow
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import Index
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.index import Standing
from quart_jwt.migrate.kinds import CLIENT_VERBS
from quart_jwt.migrate.kinds import Kind
from quart_jwt.migrate.project import SourceFile


class Need(Enum):
    """
    Why something is awaited.
    """

    CALL = "a call of a function that is async now"
    CLIENT = "a request of the test client"
    RESPONSE = "the body of a response"
    REQUEST = "the body of the request"
    QUART = "a function that is async in Quart"
    WITH = "a context that is entered asynchronously"
    WRAPPED = "the function that a decorator wraps"
    VERIFY = "verify_jwt_in_request"
    EITHER = "a context that can be entered in either colour"


FOLLOWERS = frozenset({Need.CALL, Need.VERIFY, Need.EITHER, Need.WRAPPED})

BODY_ATTRIBUTES = {
    "request": frozenset({"data", "files", "form", "json", "values"}),
    "response": frozenset({"data", "json", "text"}),
}
BODY_METHODS = frozenset({"get_data", "get_json"})

QUART_FUNCTIONS = frozenset(
    f"{package}.{name}"
    for package in ("flask", "flask.helpers", "flask.templating")
    for name in (
        "make_response",
        "render_template",
        "render_template_string",
        "send_file",
        "send_from_directory",
        "stream_template",
        "stream_template_string",
    )
)
QUART_METHODS = frozenset(
    {
        ("app", "make_response"),
        ("app", "send_static_file"),
        ("app", "full_dispatch_request"),
        ("app", "preprocess_request"),
        ("app", "dispatch_request"),
        ("file", "save"),
        ("request context", "push"),
        ("request context", "pop"),
    }
)
VERIFY_FUNCTIONS = frozenset(
    {
        "flask_jwt_extended.verify_jwt_in_request",
        "flask_jwt_extended.view_decorators.verify_jwt_in_request",
        "quart_jwt.verify_jwt_in_request",
    }
)


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """
    One node that is, or may have to be, awaited.
    """

    file: SourceFile
    node: cst.CSTNode
    need: Need
    standing: Standing
    callee: Function | None = None


class Awaits:
    """
    Finds the places of a project.
    """

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.index: Index = flow.index

    def places(self) -> Iterator[Place]:
        """Give every place of every file."""
        for file in self.index.project.files:
            for call in nodes(file, cst.Call):
                yield from self._call(file, call)
            for attribute in nodes(file, cst.Attribute):
                yield from self._attribute(file, attribute)
            for statement in nodes(file, cst.With):
                yield from self._with(file, statement)

    def _call(self, file: SourceFile, call: cst.Call) -> Iterator[Place]:
        if isinstance(file.parent(call), cst.Await):
            return
        callee = self.flow.callee(file, call)
        need = Need.CALL if callee is not None else self._need(file, call)
        if need is not None:
            yield self._place(file, call, need, callee)

    def _need(self, file: SourceFile, call: cst.Call) -> Need | None:
        name = self.flow.names.of(file, call.func)
        if name in QUART_FUNCTIONS:
            return Need.QUART
        if name in VERIFY_FUNCTIONS:
            return Need.VERIFY
        if self._is_outer_parameter(file, call.func):
            return Need.WRAPPED
        if isinstance(call.func, cst.Attribute):
            value = self.flow.kind(file, call.func.value)
            return _method_need(value, call.func.attr.value)
        return None

    def _is_outer_parameter(self, file: SourceFile, node: cst.CSTNode) -> bool:
        """Whether a name is a parameter of a function further out: of a decorator."""
        scope = file.scopes.get(node)
        if not isinstance(node, cst.Name) or scope is None:
            return False
        return any(
            isinstance(one, metadata.Assignment)
            and isinstance(one.node, cst.Param)
            and one.scope is not scope
            for one in scope[node.value]
        )

    def _attribute(self, file: SourceFile, node: cst.Attribute) -> Iterator[Place]:
        name = node.attr.value
        if not any(name in names for names in BODY_ATTRIBUTES.values()):
            return
        if isinstance(file.parent(node), cst.Await) or not _is_read(file, node):
            return
        value = self.flow.kind(file, node.value)
        if value is not None and name in BODY_ATTRIBUTES.get(value.name, ()):
            need = Need.REQUEST if value.name == "request" else Need.RESPONSE
            yield self._place(file, node, need)

    def _with(self, file: SourceFile, statement: cst.With) -> Iterator[Place]:
        if statement.asynchronous is not None:
            return
        needs = [self._context(file, item.item) for item in statement.items]
        known = [need for need in needs if need is not None]
        if known and len(known) == len(needs):
            need = Need.WITH if Need.WITH in known else Need.EITHER
            yield self._place(file, statement, need)

    def _context(self, file: SourceFile, item: cst.BaseExpression) -> Need | None:
        kind = self.flow.kind(file, item)
        if kind is not None and kind.name == "request context":
            return Need.WITH
        if kind is not None and kind.name in {"app context", "client"}:
            return Need.EITHER
        if isinstance(item, cst.Call) and isinstance(item.func, cst.Attribute):
            value = self.flow.kind(file, item.func.value)
            is_session = item.func.attr.value == "session_transaction"
            if is_session and value is not None and value.name == "client":
                return Need.WITH
        return None

    def _place(
        self,
        file: SourceFile,
        node: cst.CSTNode,
        need: Need,
        callee: Function | None = None,
    ) -> Place:
        return Place(file, node, need, self.index.standing(file, node), callee)


def _method_need(value: Kind | None, method: str) -> Need | None:
    if value is None:
        return None
    if value.name == "client" and method in CLIENT_VERBS:
        return Need.CLIENT
    if value.name in BODY_ATTRIBUTES and method in BODY_METHODS:
        return Need.REQUEST if value.name == "request" else Need.RESPONSE
    return Need.QUART if (value.name, method) in QUART_METHODS else None


def _is_read(file: SourceFile, node: cst.CSTNode) -> bool:
    """Whether an attribute is read, and neither assigned nor called."""
    parent = file.parent(node)
    if isinstance(parent, cst.Call):
        return parent.func is not node
    return not isinstance(
        parent, cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.Del
    )
