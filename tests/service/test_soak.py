"""
Work with something broken every few seconds, and what is left of it.

Some seconds of it are a test; ``make soak`` is half an hour of the same.
"""

import asyncio
import logging
import os
import random
import resource
import signal
import time
from collections.abc import Awaitable
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import real_servers
from service.fleet import Fleet
from service.test_faults import _ask
from service.test_faults import _loaded
from service.test_faults import _run
from service.test_faults import _settled
from service.test_faults import User
from service.wire import closed
from service.wire import descriptors
from service.wire import exchange
from service.wire import HOST
from service.wire import JSON
from service.wire import LOGIN
from service.wire import request
from service.wire import resident_kib
from service.wire import serving

pytestmark = pytest.mark.slow

measured = logging.getLogger("measured")

SOAK_S = float(os.environ.get("SOAK_S", "20"))
PAUSE_S = SOAK_S / 100
"""Between two faults; a worker that dies again and again is replaced ever later."""
POOLS = 12
"""Connections to the stores that a worker may have come to keep."""
GROWTH_KIB = 16 * 1024
CUT = 0
"""A request whose worker was killed has no status."""

OK = 200
REFUSED = 401
UNAVAILABLE = 503

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
"""Redis has written what it acknowledges."""

KEY_PAIRS = {"QUART_JWT_SECRET_KEY": "", "QUART_JWT_PUBLISH_BEFORE_USE": "1"}
"""The service signs with keys that can be rotated, and soon with the new one."""


class Field:
    """
    What is broken, and what must be left of it.

    Attributes:
        fleet: The service, on two workers.
        redis: Its session store, which keeps what it has acknowledged.
        where: The service's directory.
        kept: Tokens of sessions whose beginning was acknowledged.
        ended: Tokens of sessions whose end was acknowledged.
    """

    def __init__(self, fleet: Fleet, redis: real_servers.Redis, where: Path) -> None:
        self.fleet = fleet
        self.redis = redis
        self.where = where
        self.kept: list[dict[str, str]] = []
        self.ended: list[dict[str, str]] = []

    async def begin_and_end(self) -> None:
        """Begin two sessions and end one of them, as soon as that is possible."""
        self.kept.append(await self._log_in())
        ending = await self._log_in()
        token = ending["access_token"]
        # A 401 says that it has ended: the answer to the first attempt was lost.
        while await self._status("/logout", token) not in {OK, REFUSED}:
            pass
        self.ended.append(ending)

    async def _log_in(self) -> Any:
        login = request("POST", "/login", JSON, body=LOGIN)
        while (answer := await exchange(self.fleet.port, login)).status != OK:
            assert answer.status in {CUT, UNAVAILABLE}, answer.raw
        return answer.json

    async def broken_promises(self) -> list[str]:
        """Each session that was lost or came back."""
        return [
            f"session {number}: {status} instead of {right}"
            for right, sessions in ((OK, self.kept), (REFUSED, self.ended))
            for number, tokens in enumerate(sessions)
            if (status := await self._status("/refresh", tokens["refresh_token"]))
            != right
        ]

    async def _status(self, path: str, token: str) -> int:
        return (await _ask(self.fleet.port, "POST", path, token)).status


Fault = Callable[[Field], Awaitable[None]]


async def _store_restarts(field: Field) -> None:
    await asyncio.to_thread(field.redis.stop)
    await asyncio.to_thread(field.redis.start)


async def _store_hangs(field: Field) -> None:
    field.redis.send(signal.SIGSTOP)
    try:
        await _clients_vanish(field)
    finally:
        field.redis.send(signal.SIGCONT)


async def _clients_vanish(field: Field) -> None:
    """Connections that say half of something, or too much, and go."""
    for each in (*STRANGE, b"") * 20:
        reader, writer = await asyncio.open_connection(HOST, field.fleet.port)
        writer.write(each)
        if each:
            assert (await reader.readline())[:10] == b"HTTP/1.1 4"
        else:
            writer.write(b"GET /prot")
        await closed(writer)


STRANGE = (
    b"POST /auth/verify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"1\r\na\r\n" * 99,
    b"\0" * 9_999,
)


async def _worker_dies(field: Field) -> None:
    started = len(field.fleet.started)
    os.kill(field.fleet.workers[0], signal.SIGKILL)
    await field.fleet.serving(started + 1)


async def _key_is_rotated(field: Field) -> None:
    await asyncio.to_thread(_run, field.where, "keys", "rotate", **KEY_PAIRS)


async def _disk_is_full(field: Field) -> None:
    """No file of a worker may grow for a while."""
    workers = field.fleet.workers
    limits = [resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in workers]
    for pid, (_soft, hard) in zip(workers, limits, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    await _pause(1)
    for pid, was in zip(workers, limits, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, was)


FAULTS: list[Fault] = [
    _store_restarts,
    _store_hangs,
    _clients_vanish,
    _worker_dies,
    _key_is_rotated,
    _disk_is_full,
]


async def test_a_soak_leaves_nothing_behind(tmp_path: Path) -> None:
    """What was acknowledged holds, and memory and descriptors are flat."""
    choose = random.Random(6)  # noqa: S311 - which fault is next, the same each time
    (tmp_path / "redis").mkdir()
    with (
        real_servers.redis(*DURABLE, "--dir", str(tmp_path / "redis")) as redis,
        serving(
            tmp_path,
            workers=2,
            QUART_JWT_STORE_URL=redis.url,
            **KEY_PAIRS,
        ) as fleet,
    ):
        field = Field(fleet, redis, tmp_path)
        user = await User.of(fleet.port)
        async with _loaded(fleet.port):
            for fault in FAULTS:
                await fault(field)
        await _settled(user)
        before = await _at_rest(fleet)
        end = time.monotonic() + SOAK_S
        async with _loaded(fleet.port) as seen:
            while time.monotonic() < end:
                await choose.choice(FAULTS)(field)
                await field.begin_and_end()
                await _pause(PAUSE_S)
        await _settled(user)
        assert await field.broken_promises() == []
        after = await _at_rest(fleet)
        assert "Traceback" not in fleet.text
    grown = f"descriptors and KiB: {before}, then {after}"
    measured.info("%s", f"{SOAK_S:.0f} s, {len(field.kept)} faults, {grown}")
    assert {status for _, status in seen} <= {CUT, OK, REFUSED, UNAVAILABLE}
    assert ("ended", OK) not in seen
    assert after[0] - before[0] <= POOLS
    assert after[1] - before[1] <= GROWTH_KIB


async def _at_rest(fleet: Fleet) -> tuple[int, int]:
    """The most descriptors and KiB of a worker, once nothing more is given back."""
    before: list[int] = []
    while (now := [descriptors(pid) for pid in fleet.workers]) != before:
        before = now
        await _pause(2)
    return max(now), max(map(resident_kib, fleet.workers))


async def _pause(seconds: float) -> None:
    """Let everybody work for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:  # noqa: ASYNC110 - others are at work
        await asyncio.sleep(0.1)
