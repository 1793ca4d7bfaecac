"""``docs/flask/differences.md`` and the tests that show its rows name each other."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "flask" / "differences.md"
ROW = re.compile(r"^\|.*\|.*\|.*\| (?P<test>.*) \|$", re.MULTILINE)
UNNAMED = {"test_fallback_secrets_verify_nothing_beside_a_key_of_our_own"}
"""Tests that show where a difference ends, and so are on no row."""


def _rows(page: Path = PAGE) -> list[str]:
    """The last cell of each row that is not a table's head."""
    cells = [match["test"] for match in ROW.finditer(page.read_text("utf-8"))]
    return [cell for cell in cells if cell not in {"Test", "测试", "---"}]


def _tests() -> set[str]:
    """The tests of the modules that are about differences."""
    return {
        node.name
        for path in HERE.glob("test_differences_*.py")
        if path != Path(__file__)
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.name.startswith("test_")
    }


def test_every_row_names_a_test_that_exists() -> None:
    """The last cell of each row is the name of one test in this directory."""
    rows = _rows()

    assert len(rows) >= 30
    assert [row for row in rows if row.strip("`") not in _tests()] == []


def test_every_difference_shown_has_its_row() -> None:
    """A test of a difference that the page does not tell of is a surprise."""
    rows = [row.strip("`") for row in _rows()]

    assert len(rows) == len(set(rows))
    assert _tests() - UNNAMED == set(rows)


def test_the_chinese_page_has_the_same_rows() -> None:
    """A difference that is told in one language only is a surprise in the other."""
    assert _rows(PAGE.with_name("differences.zh-CN.md")) == _rows()
