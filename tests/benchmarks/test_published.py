"""The figures that the pages show are those of the run that is kept."""

import re
from pathlib import Path

import pytest
from benchmarks.goals import TIMES
from benchmarks.tables import goals_table

from benchmarks import results

ROOT = Path(__file__).parents[2]


PAGE = ROOT / "docs" / "internals" / "performance.md"


def test_page_shows_the_goals_as_they_were_measured() -> None:
    """Every goal stands on the page with its figure, met or missed."""
    table = goals_table(results.load(ROOT / "benchmarks/results/results.json"))
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) > 30
    assert "\n".join(rows) in PAGE.read_text("utf-8")


READMES_SHOW = (
    "protected ÷ bare Quart, warm token, Hypercorn: requests/s",
    "protected route ÷ Flask-JWT-Extended, gunicorn sync: requests/s",
    "store of 20 ms ÷ Flask-JWT-Extended, gunicorn gthread, 64 threads: requests/s",
    "forward-auth on Hypercorn ÷ FastAPI + PyJWT on uvicorn: CPU per request",
)
"""The goals whose figures the READMEs show, in their order."""


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_readme_shows_figures_of_the_page(name: str) -> None:
    """The four ratios of a README are those of the goals on the page."""
    page = PAGE.read_text("utf-8")
    measured = [
        re.search(rf"^\| {re.escape(goal)} \| [^|]+ \| ([^|]+) \|", page, re.MULTILINE)
        for goal in READMES_SHOW
    ]
    readme = (ROOT / name).read_text("utf-8")

    assert [found[1] for found in measured if found] == re.findall(
        rf"^\| .+ \| ([\d.]+ {TIMES}) \|$", readme, re.MULTILINE
    )
