"""The figures that the pages show are those of the run that is kept."""

from pathlib import Path

from benchmarks.tables import goals_table

from benchmarks import results

ROOT = Path(__file__).parents[2]


PAGE = ROOT / "docs" / "performance.md"


def test_page_shows_the_goals_as_they_were_measured() -> None:
    """Every goal stands on the page with its figure, met or missed."""
    table = goals_table(results.load(ROOT / "benchmarks/results/results.json"))
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) > 30
    assert "\n".join(rows) in PAGE.read_text("utf-8")
