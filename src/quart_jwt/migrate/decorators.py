"""
Decorators: who stands around a function, and whether they know coroutines.
"""

from collections.abc import Iterator
from functools import cached_property

import libcst as cst

from quart_jwt.migrate.awaits import Place
from quart_jwt.migrate.fixtures import decorator_call
from quart_jwt.migrate.fixtures import Fixtures
from quart_jwt.migrate.flow import Flow
from quart_jwt.migrate.flow import last_name
from quart_jwt.migrate.index import Function

REGISTERING = frozenset(
    {
        "add_url_rule",
        "after_app_request",
        "after_request",
        "after_serving",
        "after_this_request",
        "app_context_processor",
        "app_errorhandler",
        "before_app_request",
        "before_request",
        "before_serving",
        "context_processor",
        "delete",
        "errorhandler",
        "get",
        "options",
        "patch",
        "post",
        "put",
        "register_error_handler",
        "route",
        "teardown_app_request",
        "teardown_appcontext",
        "teardown_request",
        "websocket",
    }
)
"""Methods of apps and blueprints that take a function of either colour."""

EITHER_COLOUR = frozenset(
    {
        "classmethod",
        "exempt",  # Flask-Limiter, over the bridge
        "limit",
        "patch",
        "shared_limit",
        "staticmethod",
        "wraps",
    }
)
"""Decorators, by their last name, that a coroutine passes through unharmed."""

COMMANDS = frozenset({"argument", "command", "group", "option", "with_appcontext"})
SMOREST = frozenset({"alt_response", "arguments", "check_etag", "paginate", "response"})
PROPERTIES = frozenset({"cached_property", "getter", "hybrid_property", "property"})
SYNC_RESOURCES = frozenset({"flask_restful.Resource", "flask_restx.Resource"})
HOOKS = frozenset({"setUp", "tearDown"})
SYNC_METHODS = frozenset(
    {"setUpClass", "setUpModule", "tearDownClass", "tearDownModule"}
)


class Decorators:
    """
    Knows the decorators of a project's functions.
    """

    def __init__(self, flow: Flow, fixtures: Fixtures) -> None:
        self._flow = flow
        self._fixtures = fixtures
        self.functions: list[Function] = flow.index.functions

    def around(self, function: Function) -> Iterator[Function]:
        """Give the project's own wrappers around a function."""
        for decorator in self._of(function):
            yield from self._wrappers(decorator)

    def wrapped_by(self, wrapper: Function) -> Iterator[Function]:
        """Give the functions around which a wrapper stands."""
        outermost = wrapper
        while outermost.parent is not None:
            outermost = outermost.parent
        for function in self.functions:
            if outermost in self._of(function):
                yield function

    def is_wrapper(self, function: Function) -> bool:
        """Whether a function is what one of the project's decorators returns."""
        is_marked = any(
            last_name(decorator_call(one)[0]) == "wraps"
            for one in function.node.decorators
        )
        return is_marked or any(self.wrapped_by(function))

    def only_hands_on(self, place: Place) -> bool:
        """Whether a wrapper returns a call's result as it is, outside of any block.

        Then it need not know whether that is a coroutine.
        """
        file, node = place.file, place.node
        parent = file.parent(node)
        if not isinstance(parent, cst.Return):
            return False
        around: cst.CSTNode | None = parent
        while around is not None and not isinstance(around, cst.FunctionDef):
            if isinstance(around, cst.Try | cst.TryStar | cst.With):
                return False
            around = file.parent(around)
        return True

    def family(self, function: Function) -> Iterator[Function]:
        """Give a unittest hook's namesakes among its class's bases and heirs."""
        if function.owner is None or function.own_name not in HOOKS:
            return
        bases = {one.name for one in self._flow.lineage(function.owner.name)}
        for other in self.functions:
            if other.own_name == function.own_name and other.owner is not None:
                theirs = {one.name for one in self._flow.lineage(other.owner.name)}
                if other.owner.name in bases or function.owner.name in theirs:
                    yield other

    def views(self) -> set[Function]:
        """Give the functions that are registered with an app or a blueprint."""
        return {
            one
            for one in self.functions
            if any(
                last_name(decorator_call(decorator)[0]) in REGISTERING
                and self._on_an_app(one, decorator_call(decorator)[0])
                for decorator in one.node.decorators
            )
        }

    def why_sync(self, function: Function) -> str | None:
        """Say why a function has to stay sync, or None."""
        name = function.own_name
        if name.startswith("__") and name.endswith("__"):
            return f"Python calls {name} and cannot await it"
        if name in SYNC_METHODS:
            return f"unittest calls {name} and cannot await it"
        if function.yields and function not in self._fixtures:
            return "it is a generator, which those who loop over it would have to know"
        return self._resource_reason(function) or self._decorator_reason(function)

    def _resource_reason(self, function: Function) -> str | None:
        if function.owner is None:
            return None
        for one in self._flow.lineage(function.owner.name):
            for base in one.node.bases:
                name = self._flow.names.of(one.file, base.value)
                if name in SYNC_RESOURCES:
                    return f"{name} calls it and cannot await it"
        return None

    def _decorator_reason(self, function: Function) -> str | None:
        for decorator in function.node.decorators:
            called, _arguments = decorator_call(decorator)
            reason = self._why_sync_under(function, called)
            if reason is not None:
                return reason
        return None

    def _why_sync_under(
        self, function: Function, called: cst.BaseExpression
    ) -> str | None:
        text = f"@{function.file.tree.code_for_node(called)}"
        last = last_name(called)
        if last in COMMANDS:
            return f"{text} makes it a command, which is called without a loop"
        if last in SMOREST:
            return f"{text} calls it in a thread and cannot await it"
        if last in PROPERTIES:
            return f"{text} makes it a property"
        if last in EITHER_COLOUR or last.endswith("_loader"):
            return None
        if self._is_known(function, called):
            return None
        return f"{text} is not known, and may not await it"

    def _is_known(self, function: Function, called: cst.BaseExpression) -> bool:
        if self._flow.kind(function.file, called) is not None:
            return True
        if self._on_an_app(function, called):
            return True
        name = self._flow.names.of(function.file, called) or ""
        package = name.partition(".")[0]
        return package in {
            "flask_jwt_extended",
            "pytest",
            "pytest_asyncio",
            "quart_jwt",
        }

    def _on_an_app(self, function: Function, called: cst.BaseExpression) -> bool:
        if not isinstance(called, cst.Attribute):
            return False
        kind = self._flow.kind(function.file, called.value)
        if kind is not None:
            return kind.name in {"app", "blueprint"}
        return called.attr.value in REGISTERING

    def _of(self, function: Function) -> list[Function]:
        return self._resolved.get(function, [])

    @cached_property
    def _resolved(self) -> dict[Function, list[Function]]:
        return {one: list(self._resolve(one)) for one in self.functions}

    def _resolve(self, function: Function) -> Iterator[Function]:
        for decorator in function.node.decorators:
            called, _arguments = decorator_call(decorator)
            kind = self._flow.kind(function.file, called)
            if kind is not None and kind.name == "function":
                yield from self._flow.index.by_name.get(kind.target, [])[-1:]

    def _wrappers(self, decorator: Function) -> Iterator[Function]:
        """Give the functions in a decorator that wrap, by what it returns."""
        kind = self._flow.returned(decorator)
        depth = 0
        while kind is not None and kind.name == "function" and depth < 3:  # noqa: PLR2004 - a decorator with arguments has two
            inner = self._flow.index.by_name[kind.target][-1]
            yield inner
            kind = self._flow.returned(inner)
            depth += 1
