"""
What the served service does when what it stands on breaks, under load.

The stores by themselves, and with a proxy that loses answers, are in ``tests/faults``.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import real_servers
from quart_jwt.stores.redis.store import MAX_CONNECTIONS
from service.fleet import COMMAND
from service.fleet import DEADLINE_S
from service.fleet import Fleet
from service.fleet import until
from service.kit import SECRET
from service.wire import Answer
from service.wire import descriptors
from service.wire import exchange
from service.wire import JSON
from service.wire import log_in
from service.wire import LOGIN
from service.wire import request
from service.wire import serving

pytestmark = pytest.mark.usefixtures("on_each_loop")

Seen = set[tuple[str, int]]

POOL = MAX_CONNECTIONS + 5
"""What a worker may have come to hold open: its pool, and files of the databases."""

HEARD = 20
"""Refusals in a row after which both workers are taken to know of an end."""

UNAUTHORIZED = 401

ON_TWO = {"workers": 2, "hypercorn": "graceful_timeout = 5\n"}


class User:
    """
    A session of the tests' user, and one that has ended.

    Attributes:
        port: Where the service is.
        tokens: Of the session that is live; the newest.
        ended: An access token of the one that has ended.
    """

    def __init__(self, port: int, tokens: dict[str, str], ended: str) -> None:
        self.port = port
        self.tokens = tokens
        self.ended = ended

    @classmethod
    async def of(cls, port: int) -> "User":
        """Log in twice, and out of one, until every worker has heard of it."""
        kept, ended = await log_in(port), await log_in(port)
        access = ended["access_token"]
        assert (await _ask(port, "POST", "/logout", access)).status == 200
        user = cls(port, kept, access)
        async with asyncio.timeout(DEADLINE_S):
            in_a_row = 0
            while in_a_row < HEARD:
                in_a_row = in_a_row + 1 if await user.is_out() else 0
        return user

    async def is_out(self) -> bool:
        """Whether the session that has ended is refused."""
        return (await _ask(self.port, "GET", "/protected", self.ended)).status == 401

    async def protected(self) -> int:
        """The status of the live session."""
        token = self.tokens["access_token"]
        return (await _ask(self.port, "GET", "/protected", token)).status

    async def sign_in(self) -> int:
        """The status of another login; its tokens are the newest then."""
        answer = await exchange(self.port, request("POST", "/login", JSON, body=LOGIN))
        if answer.status == 200:
            self.tokens = answer.json
        return answer.status

    async def refresh(self) -> int:
        """The status of a refresh; its tokens are the newest then."""
        token = self.tokens["refresh_token"]
        answer = await _ask(self.port, "POST", "/refresh", token)
        if answer.status == 200:
            self.tokens = answer.json
        return answer.status

    async def until(self, status: int) -> set[int]:
        """Ask until a status comes; gives what came before."""
        seen = set()
        async with asyncio.timeout(DEADLINE_S):
            while (answer := await self.protected()) != status:
                seen.add(answer)
                await asyncio.sleep(0.05)
        return seen


async def _ask(port: int, method: str, path: str, token: str) -> Answer:
    return await exchange(port, request(method, path, f"Authorization: Bearer {token}"))


async def _work(user: User, seen: Seen, stop: asyncio.Event) -> None:
    """Ask for everything in turns until told, and note each status."""
    while not stop.is_set():
        status = await user.protected()
        seen.add(("protected", status))
        if status == UNAUTHORIZED:
            seen.add(("login", await user.sign_in()))
        ended = await _ask(user.port, "GET", "/protected", user.ended)
        seen.add(("ended", ended.status))
        seen.add(("verify", await _verified(user)))
        seen.add(("refresh", await user.refresh()))


async def _verified(user: User) -> int:
    token = user.tokens["access_token"]
    return (await _ask(user.port, "GET", "/auth/verify", token)).status


@asynccontextmanager
async def _loaded(port: int, users: int = 4) -> AsyncIterator[Seen]:
    """Have users at work meanwhile; gives what they see."""
    seen: Seen = set()
    stop = asyncio.Event()
    everybody = [await User.of(port) for _ in range(users)]
    async with asyncio.TaskGroup() as tasks:
        for user in everybody:
            tasks.create_task(_work(user, seen, stop))
        yield seen
        stop.set()


def _check(seen: Seen, *, allowed: set[int]) -> None:
    """Nothing but what is allowed was seen, and the ended session never got in."""
    assert {status for _, status in seen} <= allowed
    assert ("ended", 200) not in seen
    assert ("ended", 401) in seen


@pytest.fixture(name="redis_of_its_own")
def _redis_of_its_own() -> Iterator[real_servers.Redis]:
    with real_servers.redis() as running:
        yield running


@pytest.fixture(name="on_redis")
def _on_redis(tmp_path: Path, redis_of_its_own: real_servers.Redis) -> Iterator[Fleet]:
    url = redis_of_its_own.url
    with serving(tmp_path, **ON_TWO, QUART_JWT_STORE_URL=url) as fleet:  # type: ignore[arg-type] # strings and one number
        yield fleet


@pytest.mark.slow
async def test_a_redis_that_dies_and_forgets_lets_nobody_in(
    on_redis: Fleet, redis_of_its_own: real_servers.Redis
) -> None:
    """503 while it is away; what it forgot is 401; the service recovers by itself."""
    old = await User.of(on_redis.port)
    open_before = [descriptors(pid) for pid in on_redis.workers]
    async with _loaded(on_redis.port) as seen:
        await asyncio.to_thread(redis_of_its_own.stop)
        assert await old.until(503) <= {200}
        assert await old.refresh() == 503
        await asyncio.to_thread(redis_of_its_own.start)
        assert await old.until(401) <= {200, 503}
        assert await _settled(old) == 401
    _check(seen, allowed={200, 401, 503})
    async with asyncio.timeout(DEADLINE_S):
        # A connection of the pool may still be one to the server that died.
        while (status := await old.refresh()) == 503:
            pass
    assert status == 401
    new = await User.of(on_redis.port)
    assert [await new.protected() for _ in range(10)] == [200] * 10
    await _check_whole(on_redis, open_before)


async def _settled(user: User) -> int:
    """Ask until every worker has found the store again; gives what is answered then."""
    in_a_row, status = 0, 503
    async with asyncio.timeout(DEADLINE_S):
        while in_a_row < HEARD:
            answer = await _ask(user.port, "GET", "/protected", user.ended)
            in_a_row = 0 if answer.status == 503 else in_a_row + 1
            status = answer.status
    return status


async def _check_whole(fleet: Fleet, before: list[int]) -> None:
    """The workers are the same, have nothing more open, and logged no surprise."""
    assert len(fleet.started) == len(before)
    workers = list(zip(fleet.workers, before, strict=True))
    await until(
        lambda: all(descriptors(pid) <= was + POOL for pid, was in workers),
        "descriptors given back",
    )
    assert "Traceback" not in fleet.text


@pytest.mark.slow
async def test_a_redis_that_hangs_costs_a_bounded_wait(
    on_redis: Fleet, redis_of_its_own: real_servers.Redis
) -> None:
    """503 for who needs it, all others are served; then nobody is logged out."""
    user = await User.of(on_redis.port)
    open_before = [descriptors(pid) for pid in on_redis.workers]
    async with _loaded(on_redis.port) as seen:
        redis_of_its_own.send(signal.SIGSTOP)
        try:
            assert await user.until(503) <= {200}
            async with asyncio.timeout(DEADLINE_S):
                answers = await asyncio.gather(*(user.refresh() for _ in range(50)))
                asking = request("GET", "/.well-known/jwks.json")
                assert (await exchange(user.port, asking)).status == 200
            assert set(answers) == {503}
        finally:
            redis_of_its_own.send(signal.SIGCONT)
        assert await user.until(200) <= {503}
    # One that waited for its answer for longer than its grace has been used twice.
    _check(seen, allowed={200, 401, 503})
    await _check_whole(on_redis, open_before)


@pytest.mark.slow
async def test_a_postgresql_that_restarts_costs_503s(
    own_postgresql: real_servers.PostgreSQL, tmp_path: Path
) -> None:
    """Fast and at once, under load: no session is lost, and the pool is whole."""
    url = own_postgresql.url("service")
    _run(tmp_path, "db", "upgrade", QUART_JWT_DATABASE_URL=url)
    with serving(tmp_path, **ON_TWO, QUART_JWT_DATABASE_URL=url) as fleet:  # type: ignore[arg-type] # strings and one number
        user = await User.of(fleet.port)
        open_before = [descriptors(pid) for pid in fleet.workers]
        async with _loaded(fleet.port) as seen:
            for how in (signal.SIGINT, signal.SIGQUIT):
                await asyncio.to_thread(own_postgresql.stop, how)
                assert await user.until(503) <= {200}
                await asyncio.to_thread(own_postgresql.start)
                assert await user.until(200) <= {503}
                assert await user.refresh() in {200, 503}
        assert {status for _, status in seen} <= {200, 401, 503}
        assert {what for what, status in seen if status == 401} == {"ended"}
        await _check_whole(fleet, open_before)


def _run(where: Path, *words: str, **environ: str) -> None:
    subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *words],
        cwd=where,
        env={**os.environ, "QUART_JWT_SECRET_KEY": SECRET, **environ},
        capture_output=True,
        timeout=DEADLINE_S,
        check=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("how", ["deleted", "overwritten"])
async def test_a_database_file_that_breaks_lets_nobody_in(
    tmp_path: Path, how: str
) -> None:
    """What has ended stays ended, nothing is a 500, and a stop is a clean one."""
    with serving(tmp_path, workers=2) as fleet:
        user = await User.of(fleet.port)
        async with _loaded(fleet.port) as seen:
            _break(tmp_path / ".quart-jwt" / "service.db", how)
            for _ in range(20):
                await user.protected()
                await user.refresh()
        assert {status for _, status in seen} <= {200, 401, 503}
        assert ("ended", 200) not in seen
        assert "Traceback" not in fleet.text
        fleet.send(signal.SIGTERM)
        assert await fleet.ended() == 0


def _break(path: Path, how: str) -> None:
    if how == "deleted":
        for each in path.parent.glob("service.db*"):
            each.unlink()
    else:
        path.write_bytes(os.urandom(path.stat().st_size))


async def test_a_store_whose_name_nobody_knows_stops_no_start(tmp_path: Path) -> None:
    """Who needs it hears 503 in time; whoever does not is served meanwhile."""
    url = "redis://nowhere.invalid:6379"
    with serving(tmp_path, QUART_JWT_STORE_URL=url) as fleet:
        login = request("POST", "/login", JSON, body=LOGIN)
        async with asyncio.timeout(DEADLINE_S):
            refused = await asyncio.gather(
                *(exchange(fleet.port, login) for _ in range(20))
            )
            keys = await exchange(fleet.port, request("GET", "/.well-known/jwks.json"))
        assert {(one.status, one.code) for one in refused} == {
            (503, "store_unavailable")
        }
        assert {"retry-after" in one.headers for one in refused} == {True}
        assert keys.status == 200
        assert "Traceback" not in fleet.text
