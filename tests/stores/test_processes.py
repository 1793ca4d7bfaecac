"""Two processes on one store: they share its sessions, and no token is good twice."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from asyncio.subprocess import Process
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clock import START
from quart_jwt.stores.urls import store_from_url
from stores import rotating
from stores.families import family

FAMILIES = [f"f{number}" for number in range(5)]


@pytest.fixture(name="url", params=["sqlite", "postgresql", "redis"])
async def _url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/sessions.db"
    server = request.getfixturevalue(request.param)
    if request.param == "redis":
        await asyncio.to_thread(server.empty)
        return str(server.url)
    url: str = server.url("sessions")
    store: Any = store_from_url(url)
    await store.upgrade()
    await asyncio.to_thread(server.empty, "sessions")
    await store.close()
    return url


async def _begin(url: str) -> Process:
    script = str(Path(rotating.__file__))
    command = [sys.executable, script, url, str(START), *FAMILIES]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_a_hundred_rotations_in_two_processes_are_one(url: str) -> None:
    """Of fifty in each, one is ROTATED, and all others get its successor."""
    store = store_from_url(url)
    await store.open(now=START)
    for name in FAMILIES:
        await store.start(family(name), limit=None, now=START)
    processes = [await _begin(url) for _ in range(2)]
    results = await asyncio.gather(*(each.communicate(b"go\n") for each in processes))
    rounds = [[json.loads(line) for line in out.splitlines()] for out, _ in results]
    for one, other, name in zip(*rounds, FAMILIES, strict=True):
        outcomes = Counter(outcome for outcome, _jti in (*one, *other))
        assert outcomes == {"ROTATED": 1, "SAME_SUCCESSOR": 99}
        assert len({jti for _outcome, jti in (*one, *other)}) == 1
        (only,) = [
            each
            for each in await store.live("ada", now=START)
            if each.family_id == name
        ]
        assert [only.current.jti] == [*{jti for _outcome, jti in one}]
    await store.close()

    assert [each.returncode for each in processes] == [0, 0]
