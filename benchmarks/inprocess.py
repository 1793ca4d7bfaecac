"""The figures of one process: runs ``benchmarks.micro`` and reads what pyperf wrote."""

import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.bench import Bench
from benchmarks.plan import Plan
from benchmarks.servers import ROOT

CASES = 13
PROCESS_S = 0.8
"""What one process of pyperf takes: to import everything, and to warm up."""

VALUE_S = 0.12

MIN_TIME_S = "0.05"
"""The shortest value; 10 µs calls make 5,000 of them."""


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    per_process_s = PROCESS_S + plan.micro_values * VALUE_S
    # One more process finds out how many calls make a value.
    return (
        CASES * (plan.micro_processes + 1) * per_process_s * bool(plan.micro_processes)
    )


def parse(text: str) -> dict[str, dict[str, float]]:
    """
    Medians and spreads in microseconds, out of pyperf's JSON.

    Raises:
        ValueError, KeyError: It is not pyperf's.
    """
    suite = json.loads(text)
    return {
        _name(benchmark, suite): _figures(benchmark)
        for benchmark in suite["benchmarks"]
    }


def _name(benchmark: Mapping[str, Any], suite: Mapping[str, Any]) -> str:
    # pyperf keeps what all benchmarks share, and a lone one's name, outside.
    metadata = {**suite.get("metadata", {}), **benchmark.get("metadata", {})}
    return str(metadata["name"])


def _figures(benchmark: Mapping[str, Any]) -> dict[str, float]:
    values = [
        value * 1e6 for run in benchmark["runs"] for value in run.get("values", ())
    ]
    return {
        "median_us": statistics.median(values),
        "min_us": min(values),
        "max_us": max(values),
    }


def measure_inprocess(bench: Bench) -> dict[str, dict[str, float]]:
    """Run all cases; empty where they are left out or failed, which is noted."""
    if not bench.plan.micro_processes:
        return {}
    result = bench.folder / "micro.json"
    command = [
        *(sys.executable, "-m", "benchmarks.micro", "-o", str(result)),
        *("--processes", str(bench.plan.micro_processes)),
        *("--values", str(bench.plan.micro_values)),
        *("--warmups", "1", "--min-time", MIN_TIME_S),
        *("--affinity", str(bench.cores.server)),
    ]
    per_case_s = planned_s(bench.plan) / CASES
    with subprocess.Popen(  # noqa: S603 - a command line of our own making
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            said = _follow(bench, running, per_case_s)
        except BaseException:
            os.killpg(running.pid, signal.SIGKILL)  # its workers, too
            raise
    if running.returncode:
        bench.note(f"in-process figures were left out: {said[-1:]}")
        return {}
    return parse(result.read_text("utf-8"))


def _follow(
    bench: Bench, running: "subprocess.Popen[str]", per_case_s: float
) -> list[str]:
    """Say each figure as it comes."""
    said = []
    for line in running.stdout or ():
        text = line.strip(". \n")
        if text:
            said.append(text)
        if "+-" in text or ": Mean" in text:
            bench.progress.step(per_case_s, text)
    return said
