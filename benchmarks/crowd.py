"""
Crowds: 1,000 and 5,000 kept connections that ask about one good token.

Beside them clients sign in as fast as they are answered, and readiness is asked all the
time. No good token may be refused, and readiness may not turn.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from benchmarks import answers
from benchmarks.bench import Bench
from benchmarks.bench import describe
from benchmarks.bench import Sample
from benchmarks.load import LoadError
from benchmarks.machine import raise_descriptor_limit
from benchmarks.plan import Plan
from benchmarks.refreshes import LOGIN
from benchmarks.refreshes import service_on
from benchmarks.served import START_S
from benchmarks.servers import Running
from benchmarks.servers import ServerError
from benchmarks.wire import ask_json
from benchmarks.wire import Connection
from benchmarks.wire import request_bytes

SIZES = (1_000, 5_000)

LOGIN_CLIENTS = 16
"""Twice the hashes that one core computes in the time that a client waits."""

PAUSE_S = 0.25
"""Between two questions about readiness."""

READY = request_bytes("GET", "/healthz/ready")


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    return len(SIZES) * (START_S + plan.crowd_s) if plan.crowd_s else 0


def measure_crowds(bench: Bench) -> dict[str, Sample]:
    """Measure each crowd once, on SQLite, in one process, with hashes as shipped."""
    found = {}
    for size in SIZES if bench.plan.crowd_s else ():
        if raise_descriptor_limit() < size + LOGIN_CLIENTS + 200:
            bench.note(f"{size:,} connections: the limit of open files is too low")
            continue
        try:
            with service_on(
                "sqlite", core=bench.cores.server, cheap_hashes=False
            ) as running:
                found[str(size)] = _crowd(bench, running, size)
        except (LoadError, OSError, EOFError, ValueError, ServerError) as exc:
            bench.note(f"{size:,} connections were left out: {exc!r}")
            continue
        bench.progress.step(
            START_S + bench.plan.crowd_s,
            describe(f"{size:,} connections", found[str(size)])
            + f", readiness turned {found[str(size)]['not_ready']:.0f} times",
        )
    return found


def _crowd(bench: Bench, running: Running, size: int) -> Sample:
    token = asyncio.run(ask_json(running.port, LOGIN))["access_token"]
    file: Path = bench.folder / "crowd.txt"
    file.write_text(token + "\n", "ascii")
    with _beside(running) as seen:
        sample = bench.loaded(
            running,
            "/auth/verify",
            tokens=file,
            seconds=bench.plan.crowd_s,
            connections=size,
        )
    after = bench.loaded(
        running, "/auth/verify", tokens=file, seconds=1, connections=32
    )
    if answers.get(running, "/auth/verify", token)[0] != answers.OK:
        raise ServerError("the token is refused after the crowd")
    return {**sample, **seen, "p99_ms_after": after["p99_ms"]}


@contextlib.contextmanager
def _beside(running: Running) -> Iterator[dict[str, float]]:
    """Sign in and ask for readiness in another thread, until the block is left."""
    seen = {"logins": 0.0, "not_ready": 0.0, "asked_ready": 0.0}
    stop = threading.Event()

    async def sign_in() -> None:
        connection = Connection(running.port)
        while not stop.is_set():
            status, _body = await connection.ask(LOGIN)
            seen["logins"] += status == answers.OK
        connection.close()

    async def ask_ready() -> None:
        connection = Connection(running.port)
        while not stop.is_set():
            status, _body = await connection.ask(READY)
            seen["asked_ready"] += 1
            seen["not_ready"] += status != answers.OK
            await asyncio.sleep(PAUSE_S)
        connection.close()

    async def both() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ask_ready())
            for _ in range(LOGIN_CLIENTS):
                tasks.create_task(sign_in())

    beside = threading.Thread(target=asyncio.run, args=(both(),))
    beside.start()
    try:
        yield seen
    finally:
        stop.set()
        beside.join()
