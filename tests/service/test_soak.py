"""
Some seconds of work with something broken every few seconds, and what is left of it.

``SOAK_S=1800 make test-slow ARGS="-n0 --log-cli-level=INFO -k soak"`` is the long form.
"""

import asyncio
import logging
import os
import random
import signal
import time
from collections.abc import Awaitable
from collections.abc import Callable
from pathlib import Path

import pytest

import real_servers
from service.fleet import Fleet
from service.test_faults import _loaded
from service.test_faults import User
from service.wire import closed
from service.wire import descriptors
from service.wire import HOST
from service.wire import resident_kib
from service.wire import serving

pytestmark = pytest.mark.slow

measured = logging.getLogger("measured")

SOAK_S = float(os.environ.get("SOAK_S", "20"))
POOLS = 12
"""Connections to the stores that a worker may have come to keep."""

Fault = Callable[[Fleet, real_servers.Redis], Awaitable[None]]


async def _dies(_fleet: Fleet, redis: real_servers.Redis) -> None:
    await asyncio.to_thread(redis.stop)
    await asyncio.to_thread(redis.start)


async def _hangs(fleet: Fleet, redis: real_servers.Redis) -> None:
    redis.send(signal.SIGSTOP)
    try:
        await _strangers(fleet, redis)
    finally:
        redis.send(signal.SIGCONT)


async def _strangers(fleet: Fleet, _redis: real_servers.Redis) -> None:
    """Connections that say half of something, or too much, and go."""
    for each in (*STRANGE, b"") * 20:
        reader, writer = await asyncio.open_connection(HOST, fleet.port)
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


async def _forgets(_fleet: Fleet, redis: real_servers.Redis) -> None:
    await asyncio.to_thread(redis.empty)


FAULTS: list[Fault] = [_dies, _hangs, _strangers, _forgets]


async def test_a_soak_leaves_nothing_behind(tmp_path: Path) -> None:
    """Memory and descriptors are flat, and at the end everybody can still sign in."""
    choose = random.Random(6)  # noqa: S311 - which fault is next, the same each time
    with (
        real_servers.redis() as redis,
        serving(tmp_path, workers=2, QUART_JWT_STORE_URL=redis.url) as fleet,
    ):
        async with _loaded(fleet.port):
            for each in FAULTS:
                await each(fleet, redis)
        before = await _at_rest(fleet)
        end = time.monotonic() + SOAK_S
        async with _loaded(fleet.port) as seen:
            while time.monotonic() < end:
                await choose.choice(FAULTS)(fleet, redis)
                await _pause(1)
        user = await User.of(fleet.port)
        assert await user.until(200) <= {503}
        after = await _at_rest(fleet)
        assert "Traceback" not in fleet.text
    grown = [
        (fds - were, kib - was)
        for (fds, kib), (were, was) in zip(after, before, strict=True)
    ]
    measured.info("%s", f"{SOAK_S:.0f} s: descriptors and KiB more: {grown}")
    assert {status for _, status in seen} <= {200, 401, 503}
    assert ("login", 200) in seen  # what was forgotten was made anew
    assert ("ended", 200) not in seen
    assert max(fds for fds, _ in grown) <= POOLS
    assert max(kib for _, kib in grown) <= 16 * 1024


async def _at_rest(fleet: Fleet) -> list[tuple[int, int]]:
    """Descriptors and KiB of each worker, once nothing more is given back."""
    before: list[int] = []
    while (now := [descriptors(pid) for pid in fleet.workers]) != before:
        before = now
        await _pause(2)
    return [(descriptors(pid), resident_kib(pid)) for pid in fleet.workers]


async def _pause(seconds: float) -> None:
    """Let everybody work for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:  # noqa: ASYNC110 - others are at work
        await asyncio.sleep(0.1)
