"""
Login storms: what the event loop and a protected route notice of them.

A protected route is asked at a steady pace, first in quiet, then while clients log
in one after the other as fast as they are answered. A probe in the server measures
the loop's lag; latencies are measured here, from the moment a request is due.
Everything of the server shares one core, its hashing threads too: the hardest case.
"""

import asyncio
import time
from dataclasses import dataclass
from dataclasses import field

from benchmarks.bench import Bench
from benchmarks.bench import Sample
from benchmarks.medians import percentile
from benchmarks.plan import Plan
from benchmarks.servers import Running
from benchmarks.servers import ServerError
from benchmarks.throughput import Rounds
from benchmarks.wire import ask_json
from benchmarks.wire import Connection
from benchmarks.wire import request_bytes

NAME = "ada"
PASSWORD = "correct horse battery staple"  # noqa: S105 - of an account in a temporary file

STORMS = {
    "argon2": "logins of the service (Argon2)",
    "rsa": "RSA-4096 signing",
}

SERVER = "hypercorn-asyncio"
"""As `quart-jwt serve` runs."""

PER_S = 100
"""Requests to the protected route per second."""

CLIENTS = 16
"""Clients that log in at once."""

START_S = 4.0

LIMIT_S = 30
"""A round that takes so much longer than planned is given up."""

OK = 200

LOGIN = request_bytes("POST", "/login", body={"username": NAME, "password": PASSWORD})
LAG = request_bytes("GET", "/bench/lag")


@dataclass(slots=True)
class Tally:
    """
    What clients saw.

    Attributes:
        latencies_ms: Of every answer with status 200.
        failed: Answers with another status, and no answers.
    """

    latencies_ms: list[float] = field(default_factory=list)
    failed: int = 0

    async def ask(self, connection: Connection, request: bytes, due: float) -> None:
        """Ask once, and count how long it took since it was due."""
        try:
            status, _body = await connection.ask(request)
        except (OSError, EOFError, ValueError):
            status = 0
        if status == OK:
            self.latencies_ms.append((time.perf_counter() - due) * 1e3)
        else:
            self.failed += 1


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    rounds_s = plan.storm_rounds * (2 * plan.storm_slice_s)
    return len(STORMS) * (rounds_s + START_S) if plan.storm_rounds else 0


def measure_storms(bench: Bench) -> Rounds:
    """Measure both storms; one that cannot run is noted and left out."""
    rounds: Rounds = {}
    for storm, label in STORMS.items() if bench.plan.storm_rounds else ():
        try:
            with bench.serving(SERVER, f"storm_{storm}") as running:
                bench.progress.step(START_S)
                rounds[storm] = _rounds(bench, running, label)
        except (OSError, EOFError, ValueError, ServerError) as exc:
            bench.note(f"{label} was left out: {exc!r}")
    return rounds


def _rounds(bench: Bench, running: Running, label: str) -> list[Sample]:
    samples = []
    for _number in range(bench.plan.storm_rounds):
        seconds = bench.plan.storm_slice_s
        measured = asyncio.wait_for(
            _round(running.port, seconds), 2 * seconds + LIMIT_S
        )
        sample = asyncio.run(measured)
        samples.append(sample)
        bench.progress.step(
            2 * bench.plan.storm_slice_s,
            f"{label}: {sample['logins_per_s']:.0f} logins/s, loop lag p99 "
            f"{sample['lag_p99_ms']:.1f} ms, max {sample['lag_max_ms']:.1f} ms, "
            f"protected p99 {sample['quiet_p99_ms']:.1f} ms quiet, "
            f"{sample['storm_p99_ms']:.1f} ms in the storm",
        )
    return samples


async def _round(port: int, seconds: int) -> Sample:
    """Check the answers, then measure in quiet and in the storm."""
    token = (await ask_json(port, LOGIN))["access_token"]
    protected = request_bytes("GET", "/protected", token=token)
    await ask_json(port, protected)
    await ask_json(port, LAG)
    quiet = await _paced(port, protected, seconds)
    quiet_lag = await ask_json(port, LAG)
    logins = Tally()
    stop = asyncio.Event()
    clients = [asyncio.create_task(_log_in(port, logins, stop)) for _ in range(CLIENTS)]
    storm = await _paced(port, protected, seconds)
    storm_lag = await ask_json(port, LAG)
    stop.set()
    await asyncio.gather(*clients)
    return {
        "quiet_p50_ms": percentile(quiet.latencies_ms, 50),
        "quiet_p99_ms": percentile(quiet.latencies_ms, 99),
        "storm_p50_ms": percentile(storm.latencies_ms, 50),
        "storm_p99_ms": percentile(storm.latencies_ms, 99),
        "quiet_lag_p99_ms": quiet_lag["p99_ms"],
        "quiet_lag_max_ms": quiet_lag["max_ms"],
        "lag_p99_ms": storm_lag["p99_ms"],
        "lag_max_ms": storm_lag["max_ms"],
        "logins_per_s": len(logins.latencies_ms) / seconds,
        "failed": quiet.failed + storm.failed + logins.failed,
    }


async def _paced(port: int, request: bytes, seconds: int) -> Tally:
    """Ask at a steady pace, whether or not answers come: no request waits unseen."""
    tally, idle = Tally(), asyncio.LifoQueue[Connection]()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as asking:
        for number in range(PER_S * seconds):
            await asyncio.sleep(began + number / PER_S - time.perf_counter())
            connection = Connection(port) if idle.empty() else idle.get_nowait()
            asking.create_task(_lend(tally, idle, connection, request))
    while not idle.empty():
        idle.get_nowait().close()
    return tally


async def _lend(
    tally: Tally,
    idle: asyncio.LifoQueue[Connection],
    connection: Connection,
    request: bytes,
) -> None:
    await tally.ask(connection, request, time.perf_counter())
    idle.put_nowait(connection)


async def _log_in(port: int, tally: Tally, stop: asyncio.Event) -> None:
    connection = Connection(port)
    while not stop.is_set():
        await tally.ask(connection, LOGIN, time.perf_counter())
    connection.close()
