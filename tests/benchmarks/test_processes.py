"""Lines of /proc, and trees of processes."""

import os

import pytest
from benchmarks.processes import cpu_s
from benchmarks.processes import PAGE_BYTES
from benchmarks.processes import parse_stat
from benchmarks.processes import rss_bytes
from benchmarks.processes import Stat
from benchmarks.processes import TICKS_PER_S
from benchmarks.processes import tree_of

TIMES = "110 120 130 140"
"""utime, stime, cutime, cstime, in ticks."""


def _line(name: str) -> str:
    return (
        f"42 ({name}) S 7 42 42 0 -1 4194304 100 0 0 0 {TIMES} "
        "20 0 3 0 12345 1000000 250 18446744073709551615 1 1 0\n"
    )


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("python", id="plain"),
        pytest.param("tmux: server", id="space"),
        pytest.param("a) S 1 (b", id="parentheses"),
    ],
)
def test_a_line_is_read_behind_the_name(name: str) -> None:
    """Whatever a command calls itself, the fields behind it are found."""
    expected = Stat(
        pid=42, parent=7, cpu_s=500 / TICKS_PER_S, rss_bytes=250 * PAGE_BYTES
    )

    assert expected == parse_stat(_line(name))


@pytest.mark.parametrize("line", ["", "42", "42 (python) S 7"])
def test_another_line_is_refused(line: str) -> None:
    """What is cut off is an error and not a process without CPU time."""
    with pytest.raises(ValueError, match="/proc"):
        parse_stat(line)


def _stat(pid: int, parent: int) -> Stat:
    return Stat(pid=pid, parent=parent, cpu_s=1.0, rss_bytes=1)


def test_a_tree_has_grandchildren() -> None:
    """Everything below the root belongs to it, and nothing beside it."""
    stats = [_stat(4, 3), _stat(3, 2), _stat(2, 1), _stat(5, 2), _stat(9, 1)]

    assert sorted(stat.pid for stat in tree_of(2, stats)) == [2, 3, 4, 5]


def test_an_ended_root_has_no_tree() -> None:
    """A process that is gone has neither children nor CPU time."""
    assert tree_of(2, [_stat(3, 1)]) == []


def test_this_process_can_be_read() -> None:
    """The real files have the form that the parser expects."""
    assert cpu_s(os.getpid()) > 0
    assert rss_bytes(os.getpid()) > 1_000_000
