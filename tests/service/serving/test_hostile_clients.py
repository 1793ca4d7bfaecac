"""
Clients that cost: many at once, slow, deaf, greedy; and one who only wants in.

``make test-slow ARGS="-n0 --log-cli-level=INFO -k hostile_clients"`` shows the numbers.
"""

import asyncio
import json
import logging
import time
from asyncio import StreamReader
from asyncio import StreamWriter
from collections import Counter
from collections.abc import AsyncIterator
from collections.abc import Iterator
from contextlib import asynccontextmanager
from contextlib import suppress
from itertools import cycle

import pytest

from quart_jwt.service.accounts.passwords import default_slots
from quart_jwt.service.ground.values import OWASP_MINIMUM
from quart_jwt.service.serving.descriptors import raise_descriptor_limit
from service.fleet import Fleet
from service.fleet import until
from service.kit import NAME
from service.wire import answered
from service.wire import closed
from service.wire import deaf
from service.wire import descriptors
from service.wire import exchange
from service.wire import HOST
from service.wire import JSON
from service.wire import log_in
from service.wire import request
from service.wire import resident_kib
from service.wire import serving

pytestmark = pytest.mark.slow


measured = logging.getLogger("measured")

KEEP_ALIVE_S = 3
MANY = 600
POOLS = 24
"""Descriptors that the connections to the databases may have come to hold."""


@pytest.fixture(name="fleet", scope="module")
def _fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One served process for the whole module: it alone has to bear everything."""
    raise_descriptor_limit()
    hypercorn = f"keep_alive_timeout = {KEEP_ALIVE_S}\n"
    with serving(tmp_path_factory.mktemp("hostile"), hypercorn=hypercorn) as fleet:
        yield fleet


class Good:
    """Somebody who only wants in, one request after another, while others attack."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.slowest_s = 0.0

    async def ask(self, port: int, token: str) -> None:
        """Ask once, on a connection of its own."""
        began = time.monotonic()
        line = f"Authorization: Bearer {token}"
        answer = await exchange(port, request("GET", "/protected", line))
        self.statuses[answer.status] += 1
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)


@asynccontextmanager
async def _unharmed(fleet: Fleet, name: str) -> AsyncIterator[Good]:
    """
    Ask good requests meanwhile: each is let in, and all that came is given back.
    """
    token = (await log_in(fleet.port))["access_token"]
    pid = fleet.process.pid
    before, kib = descriptors(pid), resident_kib(pid)
    good, over = Good(), asyncio.Event()

    async def asking() -> None:
        while not over.is_set():
            await good.ask(fleet.port, token)
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asking())
        yield good
        over.set()
    await until(lambda: descriptors(pid) <= before + POOLS, "descriptors given back")
    grown = resident_kib(pid) - kib
    told = f"{good.statuses.total()} let in, slowest {good.slowest_s * 1000:.0f} ms"
    measured.info("%s", f"{name}: {told}, {grown / 1024:.1f} MiB more")
    assert set(good.statuses) == {200}
    assert fleet.process.poll() is None
    assert "Traceback" not in fleet.text


async def _connected(port: int, count: int) -> list[tuple[StreamReader, StreamWriter]]:
    return [await asyncio.open_connection(HOST, port) for _ in range(count)]


async def _drip(writer: StreamWriter, pieces: Iterator[bytes]) -> None:
    """Send a piece now and then, for as long as somebody takes it."""
    with suppress(OSError):
        while not writer.is_closing():
            writer.write(next(pieces))
            await writer.drain()
            await asyncio.sleep(0.5)


async def test_the_many_are_taken(fleet: Fleet) -> None:
    """Two thousand idle connections cost little each, and go when it is time."""
    kib = resident_kib(fleet.process.pid)
    async with _unharmed(fleet, "2,000 idle connections") as good:
        before, clients, most = descriptors(fleet.process.pid), [], 0
        for _ in range(20):
            # On a busy machine the first are let go before the last have come.
            clients += await _connected(fleet.port, 100)
            most = max(most, descriptors(fleet.process.pid) - before)
        each_kib = (resident_kib(fleet.process.pid) - kib) / most
        asked = good.statuses.total()
        await until(lambda: good.statuses.total() > asked + 50, "good requests")
        answers = await asyncio.gather(*(answered(*each) for each in clients))
    measured.info("%s", f"{each_kib:.0f} KiB for an idle connection")
    assert all(one.is_closed for one in answers)
    assert each_kib <= 45


POST = f"POST /login HTTP/1.1\r\nHost: x\r\n{JSON}\r\n".encode()
SLOW = {
    "headers": (b"GET /protected HTTP/1.1\r\nHost: x\r\nX: ", b"a"),
    "body": (POST + b"Content-Length: 9999\r\n\r\n", b"{"),
    "chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
}


async def test_the_slow_are_let_go(fleet: Fleet) -> None:
    """Headers, bodies and chunks that come byte by byte: each connection has an end."""
    async with _unharmed(fleet, f"{MANY} slow senders"):
        clients = await _connected(fleet.port, MANY)
        began = time.monotonic()
        dripping = []
        ways = cycle(SLOW.values())
        for (_, writer), (head, piece) in zip(clients, ways, strict=False):
            writer.write(head)
            dripping.append(asyncio.create_task(_drip(writer, cycle([piece]))))
        answers = await asyncio.gather(*(answered(*each) for each in clients))
        await asyncio.gather(*dripping)
        took_s = time.monotonic() - began
    measured.info("%s", f"the last slow sender was let go after {took_s:.1f} s")
    assert all(one.is_closed for one in answers)
    assert {one.status for one in answers} == {0, 408}


async def test_the_deaf_are_let_go(fleet: Fleet) -> None:
    """Who asks again and again and reads nothing costs little, and not for long."""
    asking = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" * 50
    before = descriptors(fleet.process.pid)
    async with _unharmed(fleet, "100 deaf clients"):
        clients = [deaf(fleet.port) for _ in range(100)]
        for client in clients:
            await asyncio.to_thread(client.sendall, asking)
        await until(lambda: descriptors(fleet.process.pid) > before + 90, "taken")
        await until(
            lambda: descriptors(fleet.process.pid) <= before + POOLS,
            "every deaf client is let go",
        )
        for client in clients:
            client.close()


@pytest.mark.parametrize("target", ["/login", "/refresh", "/auth/verify", "/nowhere"])
async def test_the_greedy_are_refused(fleet: Fleet, target: str) -> None:
    """Four megabytes in chunks, or announced: no more of it is kept than the limit."""
    head = f"POST {target} HTTP/1.1\r\nHost: x\r\n{JSON}\r\n".encode()
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    kib = resident_kib(fleet.process.pid)
    async with _unharmed(fleet, f"40 times 4 MB to {target}"):
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 60
        announced = head + b"Content-Length: 4000000\r\n\r\n" + b"x" * 4_000_000
        for data in (chunked, announced):
            answers = await asyncio.gather(
                *(exchange(fleet.port, data) for _ in range(20))
            )
            # Who still writes into a connection that has been closed may be reset.
            assert {one.status for one in answers} <= {0, 400, 401, 404, 413}
            assert all(one.is_closed for one in answers)
    assert resident_kib(fleet.process.pid) - kib < 40_000


async def test_a_flood_of_long_tokens_is_refused(fleet: Fleet) -> None:
    """Tokens of 20 kB are refused one by one; what is good comes through."""
    token = "eyJ" + "a" * 20_000
    line = f"Authorization: Bearer {token}"
    data = f"GET /protected HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n"
    async with _unharmed(fleet, "2,000 tokens of 20 kB"):
        clients = await _connected(fleet.port, 20)
        statuses = await asyncio.gather(
            *(_flood(each, data.encode(), 100) for each in clients)
        )
    assert sum(statuses, Counter()) == {b"401": 2_000}


async def _flood(
    streams: tuple[StreamReader, StreamWriter], data: bytes, times: int
) -> Counter[bytes]:
    """Ask again and again on one connection; counts the statuses."""
    reader, writer = streams
    seen: Counter[bytes] = Counter()
    for _ in range(times):
        writer.write(data)
        head = await reader.readuntil(b"\r\n\r\n")
        seen[head[9:12]] += 1
        length = head.lower().partition(b"content-length: ")[2].split()[0]
        await reader.readexactly(int(length))
    await closed(writer)
    return seen


async def test_a_flood_of_logins_is_bounded(fleet: Fleet) -> None:
    """Two hundred wrong passwords at once, thrice: some hashes, 503, little memory."""
    wrong = json.dumps({"username": NAME, "password": "wrong"}).encode()
    data = request("POST", "/login", JSON, body=wrong)
    kib = resident_kib(fleet.process.pid)
    statuses: Counter[int] = Counter()
    async with _unharmed(fleet, "600 wrong logins"):
        for _ in range(3):
            answers = await asyncio.gather(
                *(exchange(fleet.port, data) for _ in range(200))
            )
            statuses.update(one.status for one in answers)
    measured.info("%s", f"statuses of the logins: {dict(statuses)}")
    assert set(statuses) <= {401, 429, 503}
    hashes_kib = default_slots() * OWASP_MINIMUM.memory_kib
    assert resident_kib(fleet.process.pid) - kib <= hashes_kib + 50 * 1024
