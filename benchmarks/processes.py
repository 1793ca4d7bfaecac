"""
Process trees, read from ``/proc``: CPU time in seconds, resident memory in bytes.

The parsers take text, so that they can be tested; only the last functions read.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

# Positions behind the command's name, which may hold spaces and parentheses:
# proc(5) counts them from 3.
_PPID, _UTIME, _CSTIME, _RSS = 1, 11, 14, 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """
    What ``/proc/<pid>/stat`` says about one process.

    Attributes:
        pid: The process.
        parent: Its parent.
        cpu_s: User and system time, that of ended and reaped children included.
        rss_bytes: Resident memory.
    """

    pid: int
    parent: int
    cpu_s: float
    rss_bytes: int


def parse_stat(text: str) -> Stat:
    """
    Read one line of ``/proc/<pid>/stat``.

    Raises:
        ValueError: It is no such line.
    """
    pid, found, rest = text.partition(" (")
    fields = rest.rpartition(") ")[2].split()
    if not found or len(fields) <= _RSS:
        raise ValueError("This is no line of /proc/<pid>/stat")
    ticks = sum(int(field) for field in fields[_UTIME : _CSTIME + 1])
    return Stat(
        pid=int(pid),
        parent=int(fields[_PPID]),
        cpu_s=ticks / TICKS_PER_S,
        rss_bytes=int(fields[_RSS]) * PAGE_BYTES,
    )


def tree_of(root: int, stats: Iterable[Stat]) -> list[Stat]:
    """The process ``root`` and everything below it."""
    everything = list(stats)
    children: dict[int, list[Stat]] = {}
    for stat in everything:
        children.setdefault(stat.parent, []).append(stat)
    tree = [stat for stat in everything if stat.pid == root]
    for stat in tree:
        tree.extend(children.get(stat.pid, []))
    return tree


def running() -> list[Stat]:
    """Every process of this machine that can be read."""
    stats = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stats.append(parse_stat((entry / "stat").read_text("utf-8", "replace")))
            except OSError:  # it has just ended
                continue
    return stats


def cpu_s(root: int) -> float:
    """User and system time of a process tree so far."""
    return sum(stat.cpu_s for stat in tree_of(root, running()))


def rss_bytes(root: int) -> int:
    """Resident memory of a process tree now; pages that it shares count twice."""
    return sum(stat.rss_bytes for stat in tree_of(root, running()))
