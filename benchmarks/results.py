"""
The results: one JSON file per run, and how figures are looked up in it.

A figure that was not measured raises ``KeyError``; whoever asks decides what that
means.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.medians import median_of
from benchmarks.medians import paired_ratio

FOLDER = Path(__file__).with_name("results")

Results = Mapping[str, Any]
"""What one run found, as it stands in its file."""


def save(results: Results, path: Path) -> None:
    """Write a run's file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", "utf-8")


def load(path: Path) -> Results:
    """Read a run's file."""
    found: Results = json.loads(path.read_text("utf-8"))
    return found


def medians(results: Results, section: str, key: str) -> dict[str, float]:
    """The median of each figure of a contender."""
    return median_of(results[section][key])


def ratio(results: Results, section: str, figure: str, one: str, other: str) -> float:
    """
    How many times the other's figure one's is, by the rounds that both were in.

    Args:
        results: The run.
        section: ``throughput`` or ``store_wait``.
        figure: Which figure.
        one: The contender above the line.
        other: The contender below it.
    """
    rounds = results[section]
    return paired_ratio(
        [each[figure] for each in rounds[one]],
        [each[figure] for each in rounds[other]],
    )


def micro_us(results: Results, case: str) -> float:
    """The median of a figure of one process, in microseconds."""
    found: float = results["micro"][case]["median_us"]
    return found
