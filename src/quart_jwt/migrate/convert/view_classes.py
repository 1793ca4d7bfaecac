"""
Views that are methods of a class: ``MethodView`` and ``View`` of Flask.

Flask awaits such a method (``View.dispatch_request`` calls ``ensure_sync``). It stays
sync if the class has another base from elsewhere, a decorator, or a dispatch of its
own, or if the project calls the method or holds the class itself.
"""

from collections.abc import Iterator

import libcst as cst

from quart_jwt.migrate.convert.counterparts import GUARDS
from quart_jwt.migrate.convert.entries import Entry
from quart_jwt.migrate.convert.mentions import class_around
from quart_jwt.migrate.convert.mentions import Mention
from quart_jwt.migrate.convert.mentions import Mentions
from quart_jwt.migrate.index import Class
from quart_jwt.migrate.index import Function

METHOD_VIEW = "flask.views.MethodView"
VIEW = "flask.views.View"
HARMLESS = frozenset({"abc.ABC", "builtins.object", METHOD_VIEW, VIEW})
HTTP_METHODS = ("get", "post", "put", "delete", "patch", "head", "options", "trace")
DISPATCH = "dispatch_request"


class ViewClasses:
    """
    The classes of a project whose methods are views.
    """

    def __init__(self, mentions: Mentions) -> None:
        self._mentions = mentions
        self._classes = mentions.index.classes
        self._bases = {
            name: [
                mentions.meaning(one.file, base.value) or "unknown"
                for base in one.node.bases
            ]
            for name, one in self._classes.items()
        }

    def entries(self) -> Iterator[Entry]:
        """Give the views of all classes."""
        for name, one in self._classes.items():
            ancestors = self._ancestors(name)
            others = {
                base
                for ancestor in ancestors
                for base in self._bases[ancestor]
                if base not in self._classes
            }
            if METHOD_VIEW in others or VIEW in others:
                yield from self._views(one, ancestors, others)
            elif any(base.endswith((".Resource", ".MethodView")) for base in others):
                yield from self._foreign(one, others)

    def _views(
        self, one: Class, ancestors: set[str], others: set[str]
    ) -> Iterator[Entry]:
        reasons = [*self._structure(ancestors, others), *self._held(one)]
        methods = HTTP_METHODS if METHOD_VIEW in others else (DISPATCH,)
        for name in methods:
            function = one.methods.get(name)
            if function is None:
                continue
            entry = Entry(function, is_view=True, reasons=list(reasons))
            entry.reasons += self._decorated(function)
            entry.reasons += self._called(one, function)
            yield entry

    def _foreign(self, one: Class, others: set[str]) -> Iterator[Entry]:
        base = min(each for each in others if each.endswith((".Resource", "View")))
        for name in HTTP_METHODS:
            if name in one.methods:
                reason = f"`{base}` calls it and does not await it"
                yield Entry(one.methods[name], is_view=True, reasons=[reason])

    def _structure(self, ancestors: set[str], others: set[str]) -> Iterator[str]:
        for base in sorted(others - HARMLESS):
            yield f"its class has the base `{base}`, which may call it"
        for name in sorted(ancestors):
            ancestor = self._classes[name]
            if ancestor.node.decorators:
                yield f"the class `{ancestor.node.name.value}` has a decorator"
            if METHOD_VIEW in others and DISPATCH in ancestor.methods:
                yield "its class calls it itself, in `dispatch_request`"

    def _held(self, one: Class) -> Iterator[str]:
        """Give each place that holds the class, which may call what it likes."""
        for mention in self._mentions.by_identifier[one.node.name.value]:
            if mention.meaning == one.name and not _is_plain(mention):
                yield f"its class is used at {mention.place}"
                return

    def _called(self, one: Class, function: Function) -> Iterator[str]:
        family = {
            name
            for name in self._classes
            if one.name in self._ancestors(name) or name in self._ancestors(one.name)
        }
        for mention in self._mentions.by_identifier[function.own_name]:
            node = mention.node
            if not isinstance(node, cst.Attribute):
                continue
            around = class_around(mention.function)
            is_inside = around is not None and around.name in family
            owner = (mention.meaning or "").rpartition(".")[0]
            if owner in family or (is_inside and _is_of_itself(node.value)):
                yield f"it is called at {mention.place}"
                return

    def _decorated(self, function: Function) -> Iterator[str]:
        for each in function.node.decorators:
            decorator = each.decorator
            known = isinstance(decorator, cst.Call) and (
                self._mentions.meaning(function.file, decorator.func) in GUARDS
            )
            if not known:
                text = function.file.tree.code_for_node(decorator)
                yield f"the decorator `{text}` may not await it"

    def _ancestors(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            one = waiting.pop()
            if one in self._classes and one not in found:
                found.add(one)
                waiting += self._bases[one]
        return found


def _is_of_itself(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Name):
        return node.value in {"self", "cls"}
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Name)
        and node.func.value == "super"
    )


def _is_plain(mention: Mention) -> bool:
    """Whether a class is only named as a base, or asked for its view."""
    around = mention.file.parent(mention.node)
    if isinstance(around, cst.Attribute):
        return around.attr.value == "as_view"
    if isinstance(around, cst.Arg):
        return isinstance(mention.file.parent(around), cst.ClassDef)
    return isinstance(around, cst.Annotation)
