"""
Refreshes and sign-ins of the service, in a closed loop: a session for each client.

``python -m benchmarks.refreshes sqlite`` prints the CPU time that one of each takes, of
all processes of the service. A rotation that is not answered with the next pair is an
error: a load that is refused would measure refusals.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.servers import Running
from benchmarks.service import NAME
from benchmarks.service import PASSWORD
from benchmarks.service import service
from benchmarks.store_servers import store
from benchmarks.store_servers import STORES
from benchmarks.wire import Connection
from benchmarks.wire import request_bytes

CLIENTS = 8
WARM_UP = 100
"""Requests before the first that counts."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """
    What requests have cost.

    Attributes:
        cpu_us: CPU time of the service per request, in microseconds.
        per_s: Requests per second.
    """

    cpu_us: float
    per_s: float


async def measure(running: Running, *, requests: int) -> tuple[Cost, Cost]:
    """
    Measure sign-ins, then refreshes.

    Args:
        running: The service.
        requests: How many of each.
    """
    clients = [RefreshClient(running.port) for _ in range(CLIENTS)]
    try:
        sign_ins = [client.sign_in for client in clients]
        refreshes = [client.refresh for client in clients]
        await _repeat(sign_ins, WARM_UP)
        login = await _cost(running, sign_ins, requests)
        await _repeat(refreshes, WARM_UP)
        return login, await _cost(running, refreshes, requests)
    finally:
        for client in clients:
            client.close()


async def _cost(running: Running, steps: Sequence[Step], requests: int) -> Cost:
    cpu_s, began = running.cpu_s(), time.perf_counter()
    done = await _repeat(steps, requests)
    took_s = time.perf_counter() - began
    return Cost(cpu_us=(running.cpu_s() - cpu_s) / done * 1e6, per_s=done / took_s)


async def _repeat(steps: Sequence[Step], requests: int) -> int:
    """Let each client do its step over and over; gives how many were done."""
    each = -(-requests // len(steps))

    async def one(step: Step) -> None:
        for _ in range(each):
            await step()

    async with asyncio.TaskGroup() as clients:
        for step in steps:
            clients.create_task(one(step))
    return each * len(steps)


@contextmanager
def service_on(name: str, *, core: int = 0) -> Iterator[Running]:
    """
    Serve with cheap hashes on one of the stores; the users of Redis are in SQLite.

    Args:
        name: One of ``STORES``.
        core: The core that the service runs on.
    """
    with store(name) as url, store("sqlite") as users:
        is_sql = name != "redis"
        with service(
            database_url=url if is_sql else users,
            store_url=None if is_sql else url,
            core=core,
            cheap_hashes=True,
        ) as running:
            yield running


def main() -> None:
    """Measure the stores that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stores", nargs="+", choices=STORES)
    parser.add_argument("--requests", type=int, default=2_000)
    asked = parser.parse_args()
    for name in asked.stores:
        with service_on(name) as running:
            login, refresh = asyncio.run(measure(running, requests=asked.requests))
        for verb, cost in (("login", login), ("refresh", refresh)):
            print(  # noqa: T201 - its output
                f"{name:10} {verb:7} {cost.cpu_us:6.0f} µs CPU, {cost.per_s:5.0f} /s"
            )


if __name__ == "__main__":
    main()
