"""
What a function may reach, by the names that it mentions.

This is an over-approximation on purpose. A function reaches whatever may have a name
that it mentions, called or not: a method of any class, a variable of a module, an
attribute that is set anywhere. It decides what stays sync, never what is awaited.
"""

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field

import libcst as cst

from quart_jwt.migrate.convert.entries import Entry
from quart_jwt.migrate.convert.mentions import is_test
from quart_jwt.migrate.convert.mentions import Mention
from quart_jwt.migrate.convert.mentions import Mentions
from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.index import SEPARATOR
from quart_jwt.migrate.project import SourceFile

USER_LOADERS = frozenset({"request_loader", "user_loader", "user_lookup_loader"})
USERS = frozenset({"current_user", "get_current_user"})
TRANSPARENT = frozenset({"flask", "quart"})
"""Packages whose names stand for something of the project: ``g``, ``current_app``."""


@dataclass(eq=False, slots=True)
class Unit:
    """
    A function, or a variable or class of a module: what code may reach.

    Attributes:
        label: What reports call it.
        names: What reaches it if it is mentioned.
        mentioned: What it mentions itself: meanings, or bare names.
    """

    label: str
    names: set[str]
    function: Function | None = None
    mentioned: set[str] = field(default_factory=set)


class Reach:
    """
    Which units of a project may reach which.
    """

    def __init__(self, mentions: Mentions, entries: dict[Function, Entry]) -> None:
        self._mentions = mentions
        self._entries = entries
        self.units: list[Unit] = [
            *self._functions(),
            *self._variables(),
            *self._classes(),
        ]
        self._by_mentioned: dict[str, list[Unit]] = defaultdict(list)
        for unit in self.units:
            for name in unit.mentioned:
                self._by_mentioned[name].append(unit)

    def reaching(self, seeds: Iterable[tuple[Unit, str]]) -> dict[Function, str]:
        """
        Give every function that may reach a seed, with the way to it.

        Args:
            seeds: Units, each with what it does.
        """
        found: dict[Unit, str] = {}
        waiting = []
        for unit, what in seeds:
            if unit not in found:
                found[unit] = what
                waiting.append(unit)
        while waiting:
            reached = waiting.pop(0)
            for name in sorted(reached.names):
                for unit in self._by_mentioned.get(name, ()):
                    if unit not in found:
                        found[unit] = _step(reached, found[reached])
                        waiting.append(unit)
        return {
            unit.function: what
            for unit, what in found.items()
            if unit.function is not None
        }

    def _functions(self) -> Iterator[Unit]:
        for function in self._mentions.index.functions:
            if is_test(function.file):
                continue
            unit = Unit(f"`{function.own_name}`", {function.name}, function)
            if function not in self._entries:
                unit.names |= _names_of(function)
            unit.mentioned = set(self._keys(self._mentions.in_function[function]))
            if function not in self._entries:
                unit.mentioned |= set(self._decorators(function))
            yield unit

    def _decorators(self, function: Function) -> Iterator[str]:
        for decorator in function.node.decorators:
            yield from self._keys(_within(self._mentions, decorator))

    def _variables(self) -> Iterator[Unit]:
        for file in self._mentions.project.files:
            if is_test(file):
                continue
            for node in nodes(file, cst.Assign):
                names = {
                    name
                    for target in node.targets
                    for name in self._bound(file, target.target)
                }
                if names:
                    mentioned = _within(self._mentions, node.value)
                    yield Unit(
                        f"`{file.tree.code_for_node(node.targets[0].target)}`",
                        names,
                        mentioned=set(self._keys(mentioned)),
                    )

    def _bound(self, file: SourceFile, target: cst.BaseExpression) -> Iterator[str]:
        """Give the names that outlive a function which an assignment binds."""
        if isinstance(target, cst.Attribute):
            yield target.attr.value
        elif isinstance(target, cst.Subscript):
            yield from self._bound(file, target.value)
        elif isinstance(target, cst.Name):
            meaning = self._mentions.meaning(file, target) or target.value
            if "<locals>" not in meaning:
                yield from (meaning, target.value)

    def _classes(self) -> Iterator[Unit]:
        for one in self._mentions.index.classes.values():
            if is_test(one.file):
                continue
            names = {one.name, one.node.name.value}
            mentioned = [
                mention
                for base in one.node.bases
                for mention in _within(self._mentions, base)
            ]
            keys = set(self._keys(mentioned))
            yield Unit(f"`{one.node.name.value}`", names, mentioned=keys)

    def _keys(self, mentions: Iterable[Mention]) -> Iterator[str]:
        """Give what mentions reach: one meaning, or all that has the name."""
        for mention in mentions:
            meaning = mention.meaning
            if meaning is None:
                yield mention.identifier
            elif SEPARATOR in meaning:
                yield from self._keys_of_project(mention, meaning)
            else:
                yield meaning
                if _is_transparent(mention, meaning):
                    yield mention.identifier

    def _keys_of_project(self, mention: Mention, meaning: str) -> Iterator[str]:
        is_known = self._mentions.is_defined(meaning)
        if isinstance(mention.node, cst.Attribute) and not is_known:
            yield mention.identifier
        elif is_known or "<locals>" not in meaning:
            yield meaning


def _is_transparent(mention: Mention, meaning: str) -> bool:
    if mention.identifier in USERS:
        return True
    parts = meaning.split(".")
    return parts[0] in TRANSPARENT and len(parts) > 2  # noqa: PLR2004 - `flask.g.x`


def _names_of(function: Function) -> set[str]:
    """Give the bare names that reach a function."""
    names = {function.own_name}
    if function.own_name.startswith("__") and function.owner is not None:
        names |= {function.owner.node.name.value, function.owner.name}
    for decorator in function.node.decorators:
        target = decorator.decorator
        if isinstance(target, cst.Attribute) and target.attr.value in USER_LOADERS:
            names |= USERS
    return names


def _within(mentions: Mentions, node: cst.CSTNode) -> list[Mention]:
    inside: list[Mention] = []
    waiting: list[cst.CSTNode] = [node]
    while waiting:
        one = waiting.pop()
        if one in mentions.by_node:
            inside.append(mentions.by_node[one])
        waiting.extend(one.children)
    return inside


def _step(reached: Unit, what: str) -> str:
    """Give the way through a unit, without the middle of a long one."""
    return what if " through " in what else f"{what}, through {reached.label}"
