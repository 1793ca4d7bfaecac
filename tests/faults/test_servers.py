"""Servers that die, hang, forget, or lose an answer: nobody gets in, nobody is lost."""

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from extension.asgi import hang_up
from faults.conftest import Stand

ON_SERVERS = pytest.mark.parametrize(
    "stand", ["on_redis", "on_postgresql"], indirect=True
)
NOT_REVOKED_OR_AWAY = {200, 503}


async def _walk(stand: Stand, stop: asyncio.Event) -> set[tuple[str, int]]:
    """Sign in, ask, refresh and sign out until told; gives every status seen."""
    seen = set()
    while not stop.is_set():
        client: Any = stand.walker.app.test_client()
        response = await client.post("/login", json={"user": "ada"})
        seen.add(("login", response.status_code))
        if response.status_code != 200:
            await asyncio.sleep(0.01)
            continue
        pair = await response.get_json()
        seen.add(("protected", await stand.walker.status(pair["access_token"])))
        status, fresh = await stand.walker.refresh(pair["refresh_token"])
        seen.add(("refresh", status))
        pair = fresh if status == 200 else pair
        status, _ = await stand.walker.ask("POST", "/logout", pair["access_token"])
        seen.add(("logout", status))
    return seen


@ON_SERVERS
async def test_a_lost_answer_loses_no_session(stand: Stand) -> None:
    """The rotation was committed: 503, and then the same token gets its successor."""
    pair = await stand.walker.log_in()
    stand.proxy.lose(b":1\r\n" if "redis" in _kind(stand) else b"COMMIT")
    lost, _ = await stand.walker.refresh(pair["refresh_token"])
    fresh = await stand.refreshed(pair["refresh_token"])
    same = await stand.refreshed(pair["refresh_token"])

    assert (lost, stand.proxy.lost) == (503, 1)
    assert fresh["refresh_token"] == same["refresh_token"]
    assert await stand.refreshed(fresh["refresh_token"])


def _kind(stand: Stand) -> str:
    return type(stand.server).__name__.lower()


@ON_SERVERS
async def test_cut_connections_are_replaced(stand: Stand) -> None:
    """Each cut costs 503s at most; sessions and revocations stand."""
    kept, ended = await stand.walker.log_in(), await stand.walker.log_in()
    await stand.walker.ask("POST", "/logout", ended["access_token"])
    for _ in range(5):
        stand.proxy.cut()
        statuses = {await stand.walker.status(kept["access_token"]) for _ in range(3)}
        assert statuses <= NOT_REVOKED_OR_AWAY
        assert await stand.walker.status(ended["access_token"]) != 200
    assert await stand.until(200, kept["access_token"]) <= {503}
    assert await stand.refreshed(kept["refresh_token"])


@pytest.mark.parametrize("stand", ["on_redis"], indirect=True)
async def test_a_redis_that_comes_back_empty_lets_nobody_in(stand: Stand) -> None:
    """Killed under load: 503 while it is away, and 401 for what it forgot."""
    old, ended = await stand.walker.log_in(), await stand.walker.log_in()
    await stand.walker.ask("POST", "/logout", ended["access_token"])
    stop = asyncio.Event()
    walking = [asyncio.create_task(_walk(stand, stop)) for _ in range(5)]
    await asyncio.to_thread(stand.server.stop)
    # The feed answers for as long as its bound allows; then nobody can tell.
    assert await stand.until(503, old["access_token"]) <= {200}
    assert (await stand.walker.refresh(old["refresh_token"]))[0] == 503
    assert await stand.walker.status(ended["access_token"]) in {401, 503}
    await asyncio.to_thread(stand.server.start)
    assert await stand.until(401, old["access_token"]) <= NOT_REVOKED_OR_AWAY
    assert await stand.walker.status(ended["access_token"]) == 401
    stop.set()
    seen = set().union(*await asyncio.gather(*walking))

    assert {status for _what, status in seen} <= {200, 401, 503}
    assert (await stand.walker.refresh(old["refresh_token"]))[0] == 401
    new = await stand.walker.log_in()
    assert await stand.walker.status(new["access_token"]) == 200


@ON_SERVERS
async def test_a_server_that_hangs_costs_a_bounded_wait(stand: Stand) -> None:
    """Stopped: each request ends with 503; continued: everything is there again."""
    pair = await stand.walker.log_in()
    stand.server.send_all(signal.SIGSTOP)
    try:
        async with asyncio.timeout(60):
            assert await stand.until(503, pair["access_token"]) <= {200}
            answers = await asyncio.gather(
                *(stand.walker.refresh(pair["refresh_token"]) for _ in range(50))
            )
        assert {status for status, _ in answers} == {503}
    finally:
        stand.server.send_all(signal.SIGCONT)
    assert await stand.until(200, pair["access_token"]) <= {503}
    assert await stand.refreshed(pair["refresh_token"])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "now"])
async def test_a_postgresql_that_restarts_costs_503s(
    on_postgresql: Stand, how: signal.Signals
) -> None:
    """Under load there is nothing but 503, and no session is lost or half rotated."""
    stand = on_postgresql
    pair, ended = await stand.walker.log_in(), await stand.walker.log_in()
    await stand.walker.ask("POST", "/logout", ended["access_token"])
    stop = asyncio.Event()
    walking = [asyncio.create_task(_walk(stand, stop)) for _ in range(5)]
    await asyncio.to_thread(stand.server.stop, how)
    assert await stand.until(503, pair["access_token"]) <= {200}
    await asyncio.to_thread(stand.server.start)
    assert await stand.until(200, pair["access_token"]) <= {503}
    stop.set()
    seen = set().union(*await asyncio.gather(*walking))
    fresh = await stand.refreshed(pair["refresh_token"])

    # A logout that was refused may have happened: its token is revoked then.
    assert {one for one in seen if one[1] not in {200, 503}} <= {("logout", 401)}
    assert await stand.refreshed(fresh["refresh_token"])
    assert await stand.walker.status(ended["access_token"]) == 401


@pytest.mark.parametrize("stand", ["on_sqlite"], indirect=True)
async def test_a_locked_file_costs_503s(stand: Stand, tmp_path: Path) -> None:
    """Who only reads gets in all the same; who writes hears 503, and tries again."""
    pair = await stand.walker.log_in()
    path = tmp_path / "sessions.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        statuses = [(await stand.walker.refresh(pair["refresh_token"]))[0]]
        assert await stand.walker.status(pair["access_token"]) == 200
        other.execute("COMMIT")
    assert statuses == [503]
    # What had begun may have been done, and then it gets its successor again.
    assert await stand.refreshed(pair["refresh_token"])


async def _turns(number: int) -> None:
    """Let the event loop turn that often."""
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "stand", ["on_sqlite", "on_postgresql", "on_redis"], indirect=True
)
async def test_a_thousand_clients_that_go_away_lose_no_session(stand: Stand) -> None:
    """Whenever one hangs up, the token that it had or its one successor goes on."""
    pair = await stand.walker.log_in()
    token = pair["refresh_token"]
    for moment in range(1_000):
        headers = {"Authorization": f"Bearer {token}"}
        when = _turns(moment % 97)
        await hang_up(stand.walker.app, "/refresh", headers=headers, when=when)
        fresh, same = await stand.refreshed(token), await stand.refreshed(token)
        assert same["refresh_token"] == fresh["refresh_token"]
        await stand.settled()
        token = fresh["refresh_token"]
    (only,) = (await stand.walker.ask("GET", "/sessions", fresh["access_token"]))[1]

    assert only["session_id"] == pair["session_id"]
