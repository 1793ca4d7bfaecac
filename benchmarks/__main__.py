"""
``python -m benchmarks``: one run, or a run's file rendered once more.

Exit status 0: results were written; what was left out is noted in them. 1: nothing at
all was measured. 2: a tool is missing. 130: interrupted; no server stays behind.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import fields
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import added
from benchmarks import crowd
from benchmarks import distinct
from benchmarks import idle
from benchmarks import inprocess
from benchmarks import login_storm
from benchmarks import machine
from benchmarks import propagation
from benchmarks import results
from benchmarks import revocation
from benchmarks import served
from benchmarks import served_idle
from benchmarks import store_wait
from benchmarks import throughput
from benchmarks.bench import make_bench
from benchmarks.charts import charts
from benchmarks.plan import FULL
from benchmarks.plan import Plan
from benchmarks.plan import QUICK
from benchmarks.plan import SMOKE
from benchmarks.progress import minutes
from benchmarks.progress import Progress
from benchmarks.tables import goals_table
from benchmarks.tables import render

PLANS = {"results": FULL, "quick": QUICK, "smoke": SMOKE}

SECTIONS = {
    "served": (served.planned_s, served.measure_served),
    "crowd": (crowd.planned_s, crowd.measure_crowds),
    "served_idle": (served_idle.planned_s, served_idle.measure_served_idle),
    "throughput": (throughput.planned_s, throughput.measure_throughput),
    "store_wait": (store_wait.planned_s, store_wait.measure_store_wait),
    "revocation": (revocation.planned_s, revocation.measure_revocation),
    "propagation": (propagation.planned_s, propagation.measure_propagation),
    "added": (added.planned_s, added.measure_added),
    "micro": (inprocess.planned_s, inprocess.measure_inprocess),
    "storms": (login_storm.planned_s, login_storm.measure_storms),
    "idle": (idle.planned_s, idle.measure_idle),
    "distinct": (distinct.planned_s, distinct.measure_distinct),
}
"""What a run has, in its order: how long it takes by plan, and what measures it."""


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for, and give the exit status."""
    asked = _parser().parse_args(arguments)
    if asked.render is not None:
        _publish(results.load(asked.render))
        return 0
    missing = machine.missing_tools()
    if missing is not None:
        sys.stderr.write(missing)
        return 2
    # SIGTERM shall end servers as Ctrl-C does: through every `finally`.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        found = _run(_plan(asked), asked.name or asked.plan, asked.only)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing was written\n")
        return 130
    _publish(found)
    return 0 if any(found[section] for section in asked.only) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--plan", choices=PLANS, default="results")
    parser.add_argument("--name", help="of the files; the plan's by default")
    parser.add_argument(
        "--only", nargs="+", choices=SECTIONS, default=[*SECTIONS], metavar="SECTION"
    )
    parser.add_argument(
        "--rows",
        nargs="+",
        metavar="KEY",
        help="contenders to measure, such as bare@granian warm@granian",
    )
    parser.add_argument(
        "--render", type=Path, metavar="JSON", help="render a run again"
    )
    for setting in fields(Plan):
        if setting.type is int:
            parser.add_argument(f"--{setting.name.replace('_', '-')}", type=int)
    return parser


def _plan(asked: argparse.Namespace) -> Plan:
    """The plan, with the numbers of the command line in place of its own."""
    given = {
        setting.name: getattr(asked, setting.name)
        for setting in fields(Plan)
        if getattr(asked, setting.name, None) is not None
    }
    if asked.rows:
        given["rows"] = tuple(asked.rows)
    return replace(PLANS[asked.plan], **given)


def _run(plan: Plan, name: str, only: list[str]) -> Mapping[str, Any]:
    facts = machine.facts()
    sys.stderr.write("".join(f"{key}: {value}\n" for key, value in facts.items()))
    cores = machine.cores()
    os.sched_setaffinity(0, {cores.load})
    # Servers and wrk inherit it; 1,000 connections are more than many shells allow.
    machine.raise_descriptor_limit()
    planned_s = sum(SECTIONS[section][0](plan) for section in only)
    progress = Progress(planned_s)
    with tempfile.TemporaryDirectory(prefix="quart-jwt-bench-") as folder:
        bench = make_bench(plan, cores=cores, progress=progress, folder=Path(folder))
        others = machine.busy()
        if others is not None:
            bench.note(others)
        if cores.shared:
            bench.note("there is one core: server and load take it from each other")
        found = {section: SECTIONS[section][1](bench) for section in only}
    progress.say(f"done; {minutes(planned_s)} were planned")
    return {
        "name": name,
        "machine": facts,
        "plan": asdict(plan),
        "notes": bench.notes,
        **found,
    }


def _publish(found: results.Results) -> None:
    """Write the run's files, and print its goals."""
    name = found["name"]
    folder = results.FOLDER
    results.save(found, folder / f"{name}.json")
    (folder / f"{name}.md").write_text(render(found), "utf-8")
    if name == "results":
        for file_name, drawn in charts(found).items():
            (folder / file_name).write_text(drawn, "utf-8")
    sys.stdout.write(goals_table(found) + "\n")
    sys.stderr.write(f"written: {folder}/{name}.json, {name}.md\n")
    for note in found["notes"]:
        sys.stderr.write(f"NOTE {note}\n")


if __name__ == "__main__":
    sys.exit(main())
