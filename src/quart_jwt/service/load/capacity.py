"""
The capacity of a service: what each kind of request bears, and what it takes in memory.
"""

import asyncio
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

from quart_jwt.service.load.connections import Connections
from quart_jwt.service.load.results import best_of
from quart_jwt.service.load.run import Plan
from quart_jwt.service.load.run import run
from quart_jwt.service.load.run import Target
from quart_jwt.service.load.run import Tell
from quart_jwt.service.load.watching import resident_bytes
from quart_jwt.service.load.watching import workers_of

KINDS = ("login", "refresh", "protected", "verify")
HELD = 1_000
SETTLE_S = 2.0
"""What a worker needs after the last request to be at rest."""
MIB = 1024 * 1024
COLUMNS = (
    *("store", "workers"),
    *(f"{kind}/s" for kind in KINDS),
    "memory of a worker",
    f"more for {HELD:,} connections",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """
    A row of the table.

    Attributes:
        store: Which store it ran on.
        workers: How many workers there were.
        rates: Arrivals per second at the saturation point of each kind; None if no
            rate met the thresholds.
        limited_by_generator: The kinds for which this machine could not ask for more.
        worker_bytes: Resident memory of one worker after the load.
        held_bytes: What ``HELD`` more connections add, over all workers.
        p99_ms: The threshold.
    """

    store: str
    workers: int
    rates: Mapping[str, float | None]
    limited_by_generator: Sequence[str]
    worker_bytes: int | None
    held_bytes: int | None
    p99_ms: float

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` writes."""
        return asdict(self)


async def measure(plan: Plan, target: Target, store: str, tell: Tell) -> Capacity:
    """
    Search the saturation point of each kind of request, and read the memory.

    Args:
        plan: Its kind and rates are replaced.
        target: A service that was started for this.
        store: How the row is named.
        tell: Called with a line of progress.
    """
    rates: dict[str, float | None] = {}
    limited = []
    for kind in KINDS:
        wanted = replace(plan, kind=kind, rate=None, first_rate=None)
        stages = await run(wanted, target, tell)
        best = best_of(stages)
        rates[kind] = None if best is None else best.rate
        if any(stage.is_generator_late for stage in stages):
            limited.append(kind)
    workers = workers_of(target.process)
    at_rest, more = await _memory(plan, target, workers)
    return Capacity(
        store=store,
        workers=len(workers),
        rates=rates,
        limited_by_generator=limited,
        worker_bytes=None if at_rest is None else at_rest // max(1, len(workers)),
        held_bytes=more,
        p99_ms=plan.thresholds.p99_ms,
    )


async def _memory(
    plan: Plan, target: Target, workers: Sequence[int]
) -> tuple[int | None, int | None]:
    connections = Connections(target.address, plan.timeout_s)
    await asyncio.sleep(SETTLE_S)
    before = resident_bytes(workers)
    try:
        await connections.hold(HELD)
        after = resident_bytes(workers)
    finally:
        connections.close()
    if before is None or after is None:
        return before, None
    return before, max(0, after - before)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows, as ``--json`` writes them, as a Markdown table."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cells(row: Mapping[str, Any]) -> list[str]:
    rates = [_rate(row, kind) for kind in KINDS]
    memory = [_mib(row["worker_bytes"]), _mib(row["held_bytes"])]
    return [row["store"], str(row["workers"]), *rates, *memory]


def _rate(row: Mapping[str, Any], kind: str) -> str:
    value = row["rates"][kind]
    if value is None:
        return "none"
    return ("≥ " if kind in row["limited_by_generator"] else "") + f"{value:,.0f}"


def _mib(value: int | None) -> str:
    return "-" if value is None else f"{value / MIB:.0f} MiB"
