"""
What is watched each second while a rate is offered.

``/metrics`` says how busy the event loops and the hashing pools are; ``/proc`` says
what the processes take, if this machine runs them. What cannot be read is None.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from quart_jwt.service.load.arrivals import Clock
from quart_jwt.service.load.connections import Connections
from quart_jwt.service.load.connections import ExchangeError

PERIOD_S = 1.0
OK = 200
LAG = "quart_jwt_event_loop_lag_seconds"
RUNNING = "quart_jwt_password_hashes_running"
WAITING = "quart_jwt_password_hashes_waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    One look.

    Attributes:
        at_s: When, in seconds of the clock that the watcher was given.
        cpu_percent: CPU time of the service since the last look; 100 is one core.
        resident_bytes: Resident memory of its workers.
        lag_ms: Mean event-loop lag since the last look.
        hashes_running: Password hashes that are computed.
        hashes_waiting: Sign-ins that wait for one.
    """

    at_s: float
    cpu_percent: float | None
    resident_bytes: int | None
    lag_ms: float | None
    hashes_running: float | None
    hashes_waiting: float | None


class Watcher:
    """
    Looks at a service once a second.

    Args:
        connections: Where ``/metrics`` is.
        clock: Gives the time in seconds.
        process: The process id of the service, or None if it runs elsewhere.

    Attributes:
        looks: What was seen.
    """

    def __init__(
        self, connections: Connections, *, clock: Clock, process: int | None
    ) -> None:
        self.looks: list[Look] = []
        self._connections = connections
        self._clock = clock
        self._process = process
        self._at_s = clock()
        self._cpu_s = cpu_s(processes_of(process))
        self._lag: tuple[float, float] | None = None

    async def watch(self) -> None:
        """Look until cancelled."""
        await self._metrics()  # what was counted before
        while True:
            await asyncio.sleep(PERIOD_S)
            await self.look()

    async def look(self) -> None:
        """Look once."""
        values = await self._metrics()
        now_s, pids = self._clock(), processes_of(self._process)
        spent_s, self._cpu_s = self._cpu_s, cpu_s(pids)
        before_s, self._at_s = self._at_s, now_s
        share: float | None = None
        if self._cpu_s is not None and spent_s is not None and now_s > before_s:
            share = max(0.0, self._cpu_s - spent_s) / (now_s - before_s) * 100
        self.looks.append(
            Look(
                at_s=now_s,
                cpu_percent=share,
                resident_bytes=resident_bytes(workers_of(self._process)),
                lag_ms=values.get("lag_ms"),
                hashes_running=values.get(RUNNING),
                hashes_waiting=values.get(WAITING),
            )
        )

    async def _metrics(self) -> dict[str, float]:
        try:
            answer = await self._connections.ask("GET", "/metrics")
        except ExchangeError:
            return {}
        if answer.status != OK:
            return {}
        values = _samples(answer.body.decode("utf-8", "replace"))
        lag = values.get(f"{LAG}_sum"), values.get(f"{LAG}_count")
        if lag[0] is None or lag[1] is None:
            return values
        before, self._lag = self._lag, (lag[0], lag[1])
        if before is not None and lag[1] > before[1]:
            values["lag_ms"] = (lag[0] - before[0]) / (lag[1] - before[1]) * 1000
        return values


def _samples(text: str) -> dict[str, float]:
    wanted = {RUNNING, WAITING, f"{LAG}_sum", f"{LAG}_count"}
    try:
        return {
            sample.name: sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name in wanted
        }
    except ValueError:  # another server's page
        return {}


def workers_of(pid: int | None) -> Sequence[int]:
    """Return the workers of a supervisor, or the process itself without workers."""
    if pid is None:
        return ()
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return ()
    return [int(child) for child in text.split()] or [pid]


def processes_of(pid: int | None) -> Sequence[int]:
    """Return a process and its children, each once."""
    return () if pid is None else sorted({pid, *workers_of(pid)})


def cpu_s(pids: Sequence[int]) -> float | None:
    """Return the CPU time of processes in seconds, or None if it cannot be read."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2]
        except OSError:
            return None
        ticks += sum(map(int, fields.split()[11:13]))  # proc(5): utime and stime
    return ticks / os.sysconf("SC_CLK_TCK") if pids else None


def resident_bytes(pids: Sequence[int]) -> int | None:
    """Return the resident memory of processes, or None if it cannot be read."""
    pages = 0
    for pid in pids:
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        except OSError:
            return None
    return pages * os.sysconf("SC_PAGE_SIZE") if pids else None
