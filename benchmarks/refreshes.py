"""
Refreshes and sign-ins, in a closed loop: a session for each client.

A rotation that is not answered with the next pair is an error: a load that is refused
would measure refusals.
"""

import asyncio
import json
import time
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.bench import Sample
from benchmarks.medians import percentile
from benchmarks.servers import Running
from benchmarks.service import NAME
from benchmarks.service import PASSWORD
from benchmarks.service import service
from benchmarks.store_servers import store
from benchmarks.wire import Connection
from benchmarks.wire import request_bytes

CLIENTS = 8
WARM_UP = 10
"""What each client does before the first that counts."""

OK = 200

LOGIN = request_bytes("POST", "/login", body={"username": NAME, "password": PASSWORD})

Step = Callable[[], Coroutine[Any, Any, None]]


class RefreshClient:
    """
    One client with a session of its own, which it refreshes again and again.

    Args:
        port: Where the service listens on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._connection = Connection(port)
        self._refresh_token = ""

    async def sign_in(self) -> None:
        """
        Start a session.

        Raises:
            OSError, EOFError, ValueError: The service did not answer with a pair.
        """
        await self._take_pair(LOGIN)

    async def refresh(self) -> None:
        """
        Exchange the refresh token for the next pair.

        Raises:
            OSError, EOFError, ValueError: The service did not answer with a pair.
        """
        token = self._refresh_token
        await self._take_pair(request_bytes("POST", "/refresh", token=token))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    async def _take_pair(self, request: bytes) -> None:
        status, body = await self._connection.ask(request)
        if status != OK:
            raise ValueError(f"status {status}: {body[:200]!r}")
        self._refresh_token = json.loads(body)["refresh_token"]


async def repeated(running: Running, verb: str, *, seconds: float) -> Sample:
    """
    Let clients sign in, or refresh, over and over.

    Args:
        running: Who serves them.
        verb: ``login`` or ``refresh``.
        seconds: How long.

    Raises:
        OSError, EOFError, ValueError: A request was not answered with a pair.
    """
    clients = [RefreshClient(running.port) for _ in range(CLIENTS)]
    try:
        await _each(client.sign_in() for client in clients)
        steps = [
            client.refresh if verb == "refresh" else client.sign_in
            for client in clients
        ]
        for _ in range(WARM_UP):
            await _each(step() for step in steps)
        cpu_s, began = running.cpu_s(), time.perf_counter()
        end = began + seconds
        latencies_ms: list[float] = []
        await _each(_until(end, step, latencies_ms) for step in steps)
        took_s = time.perf_counter() - began
        spent_s = running.cpu_s() - cpu_s
    finally:
        for client in clients:
            client.close()
    return {
        "requests": len(latencies_ms),
        "requests_per_s": len(latencies_ms) / took_s,
        "p50_ms": percentile(latencies_ms, 50),
        "p99_ms": percentile(latencies_ms, 99),
        "cpu_us": spent_s / len(latencies_ms) * 1e6,
        "busy": spent_s / took_s,
        "failed": 0,
    }


async def _until(end: float, step: Step, latencies_ms: list[float]) -> None:
    while (began := time.perf_counter()) < end:
        await step()
        latencies_ms.append((time.perf_counter() - began) * 1e3)


async def _each(doing: Iterable[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for one in doing:
            tasks.create_task(one)


@contextmanager
def service_on(
    name: str, *, core: int = 0, workers: int = 0, cheap_hashes: bool = True
) -> Iterator[Running]:
    """
    Serve on one of the stores; with Redis the users are in SQLite.

    Args:
        name: One of ``STORES``.
        core: The core that the service runs on.
        workers: Worker processes; 0 serves in one process.
        cheap_hashes: Whether passwords are hashed at the least cost.
    """
    with store(name) as url, store("sqlite") as users:
        is_sql = name != "redis"
        with service(
            database_url=url if is_sql else users,
            store_url=None if is_sql else url,
            core=core,
            workers=workers,
            cheap_hashes=cheap_hashes,
        ) as running:
            yield running
