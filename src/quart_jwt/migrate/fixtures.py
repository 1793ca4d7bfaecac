"""
pytest's fixtures: which one a parameter of a test means.

The nearest definition counts: the test's own class and module first, then each
``conftest.py`` on the way up, then those of plugins that are known here.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

import libcst as cst

from quart_jwt.migrate.index import Function
from quart_jwt.migrate.index import Index
from quart_jwt.migrate.names import Names

FIXTURE_NAMES = frozenset({"pytest.fixture", "pytest_asyncio.fixture"})


def decorator_call(
    decorator: cst.Decorator,
) -> tuple[cst.BaseExpression, list[cst.Arg]]:
    """Give what decorates, and the arguments that it was called with."""
    expression = decorator.decorator
    if isinstance(expression, cst.Call):
        return expression.func, list(expression.args)
    return expression, []


def text_of(node: cst.BaseExpression) -> str | None:
    """Give the value of a string literal."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


class Fixtures:
    """
    The fixtures of a project, by the name under which tests ask for them.
    """

    def __init__(self, index: Index, names: Names) -> None:
        self._names = names
        self._by_name: dict[str, list[Function]] = defaultdict(list)
        self._scopes: dict[Function, str] = {}
        for function in index.functions:
            for arguments in self._fixture_arguments(function):
                self._add(function, arguments)

    def __contains__(self, function: Function) -> bool:
        return function in self._scopes

    def scope(self, function: Function) -> str:
        """Give the scope of a fixture: ``function``, ``class``, ``module`` ..."""
        return self._scopes[function]

    def meant_by(self, name: str, asker: Function) -> Function | None:
        """Give the fixture that a parameter of a test or a fixture means."""
        visible = [
            one
            for one in self._by_name.get(name, ())
            if one is not asker and _is_visible(one, asker)
        ]
        return max(visible, key=lambda one: _nearness(one, asker), default=None)

    def _fixture_arguments(self, function: Function) -> Iterator[list[cst.Arg]]:
        for decorator in function.node.decorators:
            called, arguments = decorator_call(decorator)
            if self._names.of(function.file, called) in FIXTURE_NAMES:
                yield arguments

    def _add(self, function: Function, arguments: list[cst.Arg]) -> None:
        given = {one.keyword.value: one.value for one in arguments if one.keyword}
        name = text_of(given["name"]) if "name" in given else None
        scope = text_of(given["scope"]) if "scope" in given else None
        self._by_name[name or function.own_name].append(function)
        self._scopes[function] = scope or "function"


def _is_visible(fixture: Function, asker: Function) -> bool:
    if fixture.file is asker.file:
        return True
    path = PurePosixPath(fixture.file.path)
    if path.name != "conftest.py":
        return False
    return PurePosixPath(asker.file.path).is_relative_to(path.parent)


def _nearness(fixture: Function, asker: Function) -> tuple[bool, int]:
    same = fixture.file is asker.file
    return same, len(PurePosixPath(fixture.file.path).parts)
