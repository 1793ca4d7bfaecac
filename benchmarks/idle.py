"""
Idle connections: what each costs the server, in memory that stays resident.

Every connection asks the protected route once, is answered, and stays open. What
they cost is the growth of the server's RSS, shared by their number.
"""

import asyncio
import time

from benchmarks.bench import Bench
from benchmarks.bench import Sample
from benchmarks.contenders import ASGI_SERVERS
from benchmarks.machine import raise_descriptor_limit
from benchmarks.plan import Plan
from benchmarks.servers import Running
from benchmarks.servers import ServerError
from benchmarks.wire import Connection
from benchmarks.wire import request_bytes

CASES = {
    **{
        f"idle@{server}": (server, "protected", "/protected") for server in ASGI_SERVERS
    },
    "idle-bare@hypercorn": ("hypercorn", "bare", "/hello"),
}
"""Ours on each server, and bare Quart to tell our share from the server's."""

RESERVED_FILES = 200
"""Descriptors that are needed beside the connections'."""

AT_ONCE = 100
"""Connections that are opened at a time."""

WARM_UP = 200
"""Requests before the first reading."""

SETTLE_S = 1.0
CASE_S = 11.0

LIMIT_S = 60
"""A server that takes longer for all connections is left out."""

OK = 200


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    return len(CASES) * CASE_S if plan.idle_connections else 0


def measure_idle(bench: Bench) -> dict[str, Sample]:
    """Measure each case once; one that cannot run is noted and left out."""
    wanted = bench.plan.idle_connections
    count = min(wanted, raise_descriptor_limit() - RESERVED_FILES)
    if count < wanted:
        bench.note(f"only {count:,} idle connections: the limit of open files is low")
    found = {}
    for key, (server, app, path) in CASES.items() if wanted else ():
        request = request_bytes("GET", path, token=bench.warm.first)
        try:
            with bench.serving(server, app) as running:
                case = asyncio.wait_for(_case(running, request, count), LIMIT_S)
                found[key] = asyncio.run(case)
        except (OSError, EOFError, ValueError, ServerError) as exc:
            bench.note(f"{key} was left out: {exc!r}")
            continue
        kib = found[key]["kib_each"]
        text = f"{key}: {count:,} idle connections, {kib:.1f} KiB each"
        bench.progress.step(CASE_S, text)
    return found


async def _case(running: Running, request: bytes, count: int) -> Sample:
    first = Connection(running.port)
    for _number in range(WARM_UP):
        await _answered(first, request)
    before = running.rss_bytes()
    began = time.perf_counter()
    connections = [Connection(running.port) for _number in range(count)]
    try:
        for start in range(0, count, AT_ONCE):
            group = connections[start : start + AT_ONCE]
            await asyncio.gather(*(_answered(each, request) for each in group))
        opened_s = time.perf_counter() - began
        await asyncio.sleep(SETTLE_S)
        after = running.rss_bytes()
        for connection in (connections[0], connections[-1]):
            await _answered(connection, request)
    finally:
        for connection in (first, *connections):
            connection.close()
    return {
        "connections": count,
        "opened_s": opened_s,
        "before_mib": before / 2**20,
        "after_mib": after / 2**20,
        "kib_each": (after - before) / 2**10 / count,
    }


async def _answered(connection: Connection, request: bytes) -> None:
    status, _body = await connection.ask(request)
    if status != OK:
        raise ValueError(f"an answer had status {status}")
