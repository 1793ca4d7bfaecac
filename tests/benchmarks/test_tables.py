"""A run as Markdown and as charts."""

import re
from xml.etree import ElementTree as ET

from benchmarks.charts import charts
from benchmarks.contenders import families
from benchmarks.tables import goals_table
from benchmarks.tables import render
from benchmarks.tables import table

from benchmarks_findings import findings
from benchmarks_findings import sample


def test_a_table_has_as_many_columns_in_every_row() -> None:
    """Head, rule and rows line up."""
    lines = table(("a", "b"), [("1", "2"), ("3", "4")]).splitlines()

    assert lines == ["| a | b |", "| --- | --: |", "| 1 | 2 |", "| 3 | 4 |"]


def test_every_contender_has_a_line() -> None:
    """Nobody who was measured is left out."""
    text = render(findings())
    contenders = [one for each in families(every_server=True).values() for one in each]

    assert [one.label for one in contenders if f"| {one.label} |" not in text] == []


def test_failed_responses_are_shown_in_full() -> None:
    """Failures of all rounds are added up."""
    results = findings()
    results["throughput"]["qje@hypercorn"] = [sample(failed=3), sample(failed=4)]
    line = next(
        line for line in render(results).splitlines() if "quart-jwt-extended" in line
    )

    assert line.split("|")[-2].strip() == "7"


def test_an_idle_core_is_marked() -> None:
    """A server that was not at its limit is said to be so."""
    results = findings()
    results["throughput"]["raw@granian"] = [sample(busy=0.6), sample(busy=0.6)]
    marked = [line for line in render(results).splitlines() if "(*) |" in line]

    assert len(marked) == 1
    assert "raw ASGI hello, Granian" in marked[0]


def test_notes_are_shown() -> None:
    """What was left out is told."""
    assert "- nothing was measured" in render(findings())


def test_a_partial_run_has_what_it_measured() -> None:
    """A run of one section renders without the others."""
    results = findings()
    partial = {name: results[name] for name in ("name", "machine", "plan", "micro")}
    text = render(partial)

    assert "## In process" in text
    assert "## Storms" not in text
    assert sorted(
        charts({**partial, "micro": {"PyJWT: decode": {"median_us": 40.0}}})
    ) == ["verify.svg"]


def test_every_chart_is_well_formed() -> None:
    """Two charts a family, one of the slow store, and one of verifying."""
    drawn = charts(findings())
    roots = [ET.fromstring(text) for text in drawn.values()]  # noqa: S314 - our own

    assert len(roots) == 8
    assert {"{http://www.w3.org/2000/svg}svg"} == {root.tag for root in roots}


def test_goals_that_were_not_measured_are_counted() -> None:
    """A quick plan has few of them: a line each would hide those."""
    results = findings()
    partial = {name: results[name] for name in ("machine", "plan", "micro")}
    text = goals_table({"name": "quick", **partial})

    assert "not measured" not in text
    assert re.search(r"Not measured in this run: \d+ of \d+ goals.$", text)
