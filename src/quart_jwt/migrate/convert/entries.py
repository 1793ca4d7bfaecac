"""
The entries of a project: views and hooks, which Flask calls and awaits.

An entry is known by how it is registered. If something else stands around it, a
decorator that is not known or a base class from elsewhere, then that calls it and may
not await it: the entry keeps the reason, and stays sync.
"""

from dataclasses import dataclass
from dataclasses import field

import libcst as cst

from quart_jwt.migrate.convert.counterparts import GUARDS
from quart_jwt.migrate.convert.mentions import Mentions
from quart_jwt.migrate.convert.receivers import Receiver
from quart_jwt.migrate.convert.receivers import Receivers
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.project import SourceFile

VERBS = frozenset({"delete", "get", "patch", "post", "put"})
VIEW_METHODS = VERBS | {"endpoint", "route"}
HOOK_METHODS = frozenset(
    {
        *("after_app_request", "after_request", "app_context_processor"),
        *("app_errorhandler", "before_app_request", "before_request"),
        *("context_processor", "errorhandler", "register_error_handler"),
        *("teardown_app_request", "teardown_appcontext", "teardown_request"),
    }
)
"""What registers a function that Flask awaits (``Flask.ensure_sync``)."""


@dataclass(eq=False, slots=True)
class Entry:
    """
    A view or a hook.

    Attributes:
        function: It.
        is_view: It is a view, and no hook.
        receivers: What it is registered on.
        reasons: What keeps it sync, as far as its surroundings tell.
        registrations: The mentions of it that only register it.
    """

    function: Function
    is_view: bool
    receivers: list[Receiver] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    registrations: set[cst.CSTNode] = field(default_factory=set)

    @property
    def label(self) -> str:
        """Its name, with its class or the function around it."""
        return self.function.name.partition(":")[2].replace("<locals>.", "")

    @property
    def names(self) -> set[str]:
        """What the command line may call it."""
        module, _, name = self.function.name.partition(":")
        name = self.label
        parts = name.split(".")
        short = {".".join(parts[start:]) for start in range(len(parts))}
        if self.function.owner is not None:
            short |= {self.function.owner.node.name.value}
        of_blueprints = {
            f"{one}.{self.function.own_name}"
            for receiver in self.receivers
            for one in receiver.names
        }
        return short | of_blueprints | {f"{module}:{name}", f"{module}.{name}"}


class Registered:
    """
    Reads how functions are registered.
    """

    def __init__(self, mentions: Mentions, receivers: Receivers) -> None:
        self._mentions = mentions
        self._receivers = receivers
        self._found: dict[Function, Entry] = {}

    def entries(self) -> dict[Function, Entry]:
        """Give the views and hooks that are functions."""
        for file in self._mentions.project.files:
            for call in nodes(file, cst.Call):
                self._read_call(file, call)
        for function in self._mentions.index.functions:
            if function.owner is None:
                self._read_decorators(function)
        return self._found

    def _enter(
        self, function: Function, receiver: Receiver | None, *, is_view: bool
    ) -> Entry:
        entry = self._found.setdefault(function, Entry(function, is_view))
        entry.is_view = entry.is_view or is_view
        entry.receivers += [] if receiver is None else [receiver]
        return entry

    def _read_decorators(self, function: Function) -> None:
        others = []
        for each in function.node.decorators:
            decorator = each.decorator
            target = decorator.func if isinstance(decorator, cst.Call) else decorator
            receiver = self._registering(function.file, target)
            if receiver is None or not isinstance(target, cst.Attribute):
                others.append(decorator)
            else:
                is_view = target.attr.value in VIEW_METHODS
                self._enter(function, receiver, is_view=is_view)
        unknown = next(filter(None, map(_seeming_receiver, others)), None)
        if function not in self._found and unknown is not None:
            text = function.file.tree.code_for_node(unknown)
            self._enter(function, None, is_view=True).reasons.append(
                f"`{text}` is not known to be an app or a blueprint of Flask"
            )
        elif function in self._found:
            self._found[function].reasons += self._unknown(function.file, others)

    def _registering(
        self, file: SourceFile, target: cst.BaseExpression
    ) -> Receiver | None:
        if not isinstance(target, cst.Attribute):
            return None
        if target.attr.value not in VIEW_METHODS | HOOK_METHODS:
            return None
        return self._receivers.get(file, target.value)

    def _unknown(
        self, file: SourceFile, decorators: list[cst.BaseExpression]
    ) -> list[str]:
        return [
            f"the decorator `{file.tree.code_for_node(one)}` may not await it"
            for one in decorators
            if not self._is_guard(file, one)
        ]

    def _is_guard(self, file: SourceFile, node: cst.BaseExpression) -> bool:
        """Whether an expression is ``jwt_required(...)``, which knows async views."""
        return (
            isinstance(node, cst.Call)
            and self._mentions.meaning(file, node.func) in GUARDS
        )

    def _read_call(self, file: SourceFile, call: cst.Call) -> None:
        target = call.func
        if not isinstance(target, cst.Attribute):
            return
        position = _REGISTERING_CALLS.get(target.attr.value)
        receiver = self._receivers.get(file, target.value)
        if position is None or receiver is None:
            return
        given = _argument(call, position)
        while isinstance(given, cst.Call) and self._is_guard(file, given.func):
            given = given.args[0].value if given.args else None
        function = None if given is None else self._function(file, given)
        if function is not None and given is not None:
            is_view = target.attr.value == "add_url_rule"
            entry = self._enter(function, receiver, is_view=is_view)
            entry.registrations.add(given)

    def _function(self, file: SourceFile, node: cst.BaseExpression) -> Function | None:
        meaning = self._mentions.meaning(file, node)
        functions = self._mentions.index.by_name.get(meaning or "", [])
        if len(functions) != 1 or functions[0].owner is not None:
            return None
        return functions[0]


_REGISTERING_CALLS = {
    **dict.fromkeys(HOOK_METHODS, 0),
    "add_url_rule": 2,
    "register_error_handler": 1,
}
"""At which position the function stands that a call registers."""


def _argument(call: cst.Call, position: int) -> cst.BaseExpression | None:
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == "view_func":
            return argument.value
    plain = [each.value for each in call.args if each.keyword is None]
    has_star = any(each.star for each in call.args)
    return plain[position] if len(plain) > position and not has_star else None


def _seeming_receiver(decorator: cst.BaseExpression) -> cst.BaseExpression | None:
    """Give what a decorator that looks like a route is called on."""
    if not isinstance(decorator, cst.Call) or not decorator.args:
        return None
    target, first = decorator.func, decorator.args[0].value
    if not isinstance(target, cst.Attribute) or target.attr.value not in VIEW_METHODS:
        return None
    is_route = isinstance(first, cst.SimpleString) and str(
        first.evaluated_value
    ).startswith("/")
    return target.value if is_route else None
