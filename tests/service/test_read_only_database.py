"""
A PostgreSQL that takes no writes for a while, under load: a failover, or a full disk.

A restart under load is in ``test_faults.py``.
"""

import asyncio
import logging
import time
from pathlib import Path

import pytest

import real_servers
from service.fleet import DEADLINE_S
from service.fleet import Fleet
from service.test_faults import _loaded
from service.test_faults import _run
from service.test_faults import User
from service.wire import exchange
from service.wire import request
from service.wire import serving

pytestmark = pytest.mark.slow

measured = logging.getLogger("measured")

USERS = 2
PATIENT_MS = "10000"
"""A loaded machine is no fault of the store."""


async def test_a_read_only_postgresql_loses_nothing_that_was_acknowledged(
    own_postgresql: real_servers.PostgreSQL, tmp_path: Path
) -> None:
    """Writes get 503, tokens stay valid, readiness says why, and it ends by itself."""
    url = own_postgresql.url("service")
    _run(tmp_path, "db", "upgrade", QUART_JWT_DATABASE_URL=url)
    environ = {"QUART_JWT_DATABASE_URL": url, "QUART_JWT_STORE_TIMEOUT_MS": PATIENT_MS}
    with serving(tmp_path, workers=2, **environ) as fleet:
        users = [await User.of(fleet.port) for _ in range(USERS)]
        async with _loaded(fleet.port, users=2) as seen:
            await asyncio.to_thread(_read_only, own_postgresql, "on")
            began = time.monotonic()
            assert await _until_refresh(users[0], 503) <= {200}
            assert await users[0].sign_in() == 503
            assert await users[0].until(200) <= {503}
            await _ready(fleet, 503)
            await asyncio.to_thread(_read_only, own_postgresql, "off")
            assert await _until_refresh(users[0], 200) <= {503}
            refused_s = time.monotonic() - began
            await _ready(fleet, 200)
        measured.info("%s", f"read-only: writes refused for {refused_s:.1f} s")
        assert {status for _, status in seen} <= {200, 401, 503}
        assert {what for what, status in seen if status == 401} == {"ended"}
        for user in users:
            assert await _until_refresh(user, 200) <= {503}
        assert await users[0].is_out()
        # Not "(writing)": the line names the checks that failed at the third look in a
        # row, and no line follows if others fail later. A machine on which plain pings
        # miss their deadline is not ready before the write check (every 10 s) fails.
        assert "not ready: no answer from: " in fleet.text
        assert "Traceback" not in fleet.text


def _read_only(server: real_servers.PostgreSQL, value: str) -> None:
    server.run(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
    server.run("SELECT pg_reload_conf()")


async def _until_refresh(user: User, status: int) -> set[int]:
    """Refresh until a status comes; gives what came before."""
    seen = set()
    async with asyncio.timeout(DEADLINE_S):
        while (answer := await user.refresh()) != status:
            seen.add(answer)
            await asyncio.sleep(0.05)
    return seen


async def _ready(fleet: Fleet, status: int) -> None:
    asking = request("GET", "/healthz/ready")
    async with asyncio.timeout(DEADLINE_S):
        while (await exchange(fleet.port, asking)).status != status:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.05)
