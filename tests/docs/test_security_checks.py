"""The page of the security checks names tests that are there."""

import ast
import re

import pytest

from docs.blocks import ROOT

PAGE = (ROOT / "docs" / "internals" / "security-checks.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([A-K][0-9]{2}) \|.*\| (.+) \|$", PAGE, re.MULTILINE)
NAMED = sorted(set(re.findall(r"`(tests/\S+\.py)::(\w+)`( \(slow\))?", PAGE)))


def _test(path: str, name: str) -> tuple[ast.AST, str]:
    """A test's definition, and the text of its module before the first definition."""
    source = (ROOT / path).read_text("utf-8")
    found = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name == name
    ]
    assert found, f"{path} has no {name}"
    return found[0], source


@pytest.mark.parametrize(("path", "name", "slow"), NAMED)
def test_a_named_test_is_there(path: str, name: str, slow: str) -> None:
    """Under its name, and slow exactly where the page says so."""
    node, source = _test(path, name)
    marks = [ast.unparse(one) for one in getattr(node, "decorator_list", [])]
    is_slow = "pytest.mark.slow" in marks or "pytestmark = pytest.mark.slow" in source
    assert is_slow is bool(slow)


def test_every_row_is_there_once() -> None:
    """In the order of the letters and numbers, each with what shows it."""
    names = [name for name, _ in ROWS]
    assert sorted(set(names)) == names
    assert {name[0] for name in names} == set("CFHIJK")
    for name, shown in ROWS:
        assert "::" in shown or re.match(r"the same|as [A-K][0-9]{2}$", shown), name
