"""What every test has in common, and what no module of ours does."""

import ast
from pathlib import Path
from typing import Any
from typing import TypeVar

import pytest

from source_tree import Function
from source_tree import functions
from source_tree import modules
from source_tree import name
from source_tree import ROOT
from source_tree import tree

TESTS = ROOT / "tests"


def _test_modules() -> list[Any]:
    paths = [path for path in modules(TESTS) if path.name.startswith("test_")]
    return [pytest.param(path, id=name(path)) for path in paths]


def _tests(path: Path) -> list[Function]:
    return [one for one in functions(path) if one.name.startswith("test_")]


@pytest.mark.parametrize("path", _test_modules())
def test_a_test_says_what_it_shows(path: Path) -> None:
    """Each test has one sentence of docstring, and returns nothing."""
    silent = [
        test.name
        for test in _tests(path)
        if not _is_one_sentence(ast.get_docstring(test) or "")
    ]
    untyped = [
        test.name
        for test in _tests(path)
        if not isinstance(test.returns, ast.Constant) or test.returns.value is not None
    ]

    assert silent == []
    assert untyped == []


def _is_one_sentence(docstring: str) -> bool:
    text = " ".join(docstring.split())
    return text.endswith((".", "?")) and "\n\n" not in docstring


@pytest.mark.parametrize("path", _test_modules())
def test_a_test_has_a_name_of_its_own(path: Path) -> None:
    """No test is hidden by a later one of the same name."""
    names = [
        node.name
        for node in tree(path).body
        if isinstance(node, Function) and node.name.startswith("test_")
    ]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=name(path)) for path in modules(TESTS)]
)
def test_no_test_sleeps(path: Path) -> None:
    """Time is a clock that moves; only a process from outside is polled, in a loop."""
    polling = {id(node) for loop in _nodes(path, ast.While) for node in ast.walk(loop)}
    sleeping = [
        call.lineno
        for call in _nodes(path, ast.Call)
        if _sleeps(call) and id(call) not in polling
    ]

    assert sleeping == []


Node = TypeVar("Node", bound=ast.AST)


def _nodes(path: Path, kind: type[Node]) -> list[Node]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, kind)]


def _sleeps(call: ast.Call) -> bool:
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else ""
    if isinstance(function, ast.Name):
        called = function.id
    if called != "sleep":
        return False
    return not (
        call.args and isinstance(call.args[0], ast.Constant) and not call.args[0].value
    )


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=name(path)) for path in modules()]
)
def test_no_module_asserts(path: Path) -> None:
    """``assert`` is for tests: Python -O leaves it out."""
    asserts = [
        node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.Assert)
    ]

    assert asserts == []
