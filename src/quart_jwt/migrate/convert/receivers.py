"""
Which names hold an app or a blueprint, whose decorators register what Flask calls.

A name counts only if everything that it is ever bound to is one.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from quart_jwt.migrate.convert.mentions import Mentions
from quart_jwt.migrate.index import nodes
from quart_jwt.migrate.project import SourceFile

APP = "quart_jwt.flask.Flask"
FLASK_APPS = frozenset({"flask.Flask", "flask.app.Flask"})
BLUEPRINTS = frozenset(
    {"flask.Blueprint", "flask.blueprints.Blueprint", "quart_jwt.flask.Blueprint"}
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """
    An app or a blueprint.

    Attributes:
        names: What it can be called by: its variable, and a blueprint's own name.
    """

    names: frozenset[str]
    is_app: bool


class Receivers:
    """
    The apps and blueprints of a project.
    """

    def __init__(self, mentions: Mentions) -> None:
        self._mentions = mentions
        self._bound: dict[str, list[Receiver]] = defaultdict(list)
        self._bindings: dict[str, int] = {}
        for file in mentions.project.files:
            self._read(file)
        self._read_factories()

    def get(self, file: SourceFile, node: cst.CSTNode) -> Receiver | None:
        """Give the app or blueprint that an expression is, if that is sure."""
        meaning = self._mentions.meaning(file, node)
        return None if meaning is None else self._known(meaning)

    def _known(self, meaning: str) -> Receiver | None:
        bound = self._bound.get(meaning, [])
        if not bound or len(bound) != self._bindings[meaning]:
            return None
        return bound[0]

    def _read(self, file: SourceFile) -> None:
        for target, value in _assignments(file):
            made = self._made(file, target, value)
            if made is not None:
                self._bind(file, target, made)
        for parameter in nodes(file, cst.Param):
            if parameter.annotation is not None:
                kind = self._mentions.meaning(file, parameter.annotation.annotation)
                made = _receiver(kind, frozenset({parameter.name.value}))
                if made is not None:
                    self._bind(file, parameter.name, made)

    def _made(
        self, file: SourceFile, target: cst.Name, value: cst.BaseExpression
    ) -> Receiver | None:
        if not isinstance(value, cst.Call):
            return None
        names = {target.value}
        first = value.args[0].value if value.args else None
        if isinstance(first, cst.SimpleString):
            names.add(str(first.evaluated_value))
        kind = self._mentions.meaning(file, value.func)
        return _receiver(kind, frozenset(names))

    def _bind(self, file: SourceFile, node: cst.Name, made: Receiver) -> None:
        meaning = self._mentions.meaning(file, node)
        scope = file.scopes.get(node)
        if meaning is None or scope is None:
            return
        self._bound[meaning].append(made)
        self._bindings[meaning] = len(scope[node.value])

    def _read_factories(self) -> None:
        """``app = create_app()``: what the project's own factories give."""
        for file in self._mentions.project.files:
            for target, value in _assignments(file):
                made = self._from_factory(file, value)
                if made is not None:
                    self._bind(file, target, made)

    def _from_factory(
        self, file: SourceFile, value: cst.BaseExpression
    ) -> Receiver | None:
        if not isinstance(value, cst.Call):
            return None
        meaning = self._mentions.meaning(file, value.func) or ""
        functions = self._mentions.index.by_name.get(meaning, [])
        if len(functions) != 1 or functions[0].is_async or functions[0].yields:
            return None
        given = [
            None if each.value is None else self.get(functions[0].file, each.value)
            for each in functions[0].returns
        ]
        return given[0] if given and None not in given else None


def _receiver(kind: str | None, names: frozenset[str]) -> Receiver | None:
    if kind is None or kind not in {APP, *FLASK_APPS, *BLUEPRINTS}:
        return None
    return Receiver(names, kind not in BLUEPRINTS)


def _assignments(file: SourceFile) -> Iterator[tuple[cst.Name, cst.BaseExpression]]:
    for node in nodes(file, cst.Assign):
        for target in node.targets:
            if isinstance(target.target, cst.Name):
                yield target.target, node.value
    for annotated in nodes(file, cst.AnnAssign):
        if isinstance(annotated.target, cst.Name) and annotated.value is not None:
            yield annotated.target, annotated.value
