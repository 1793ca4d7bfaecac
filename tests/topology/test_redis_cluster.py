"""A Redis Cluster of three nodes, of which one is killed while users are active."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.crc import key_slot

import real_servers
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.in_use.store import StoreInUse
from quart_jwt.stores.partitioned import PartitionedStore
from quart_jwt.stores.redis.cluster import from_url
from quart_jwt.tokens.revocation import TokenRef
from quart_jwt.tokens.rotation import Outcome
from service.kit import PASSWORD
from service.wire import Answer
from service.wire import exchange
from service.wire import JSON
from service.wire import request
from service.wire import serving
from stores.families import family
from stores.families import GRACE_S
from stores.families import presented
from stores.families import successor
from stores.families import token

pytestmark = pytest.mark.slow

NODES = 3
LOST = 0
"""The node that is killed: the one that the URL names first."""
USERS = 12
"""On each node."""
ROUNDS = 20
PATIENCE_S = 120

Users = list[list[str]]


@pytest.fixture(name="nodes")
def _nodes() -> Iterator[list[real_servers.Redis]]:
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    with real_servers.redis_nodes(NODES, *durable) as running:
        yield running


@pytest.fixture(name="url")
def _url(nodes: list[real_servers.Redis]) -> str:
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    return f"redis+cluster://{hosts}"


def _process(url: str) -> StoreInUse:
    """What one worker has; its deadline is long, because the machine may be slow."""
    return StoreInUse(
        from_url(url),
        clock=time.time,
        monotonic=time.monotonic,
        timeout_s=lambda: 30.0,
        bound_s=lambda: 1.0,
        max_entries=10_000,
    )


@pytest.fixture(name="one")
async def _one(url: str) -> AsyncIterator[StoreInUse]:
    one = _process(url)
    await one.open()
    yield one
    await one.close()


@pytest.fixture(name="other")
async def _other(url: str) -> AsyncIterator[StoreInUse]:
    other = _process(url)
    await other.open()
    yield other
    await other.close()


def _node_of(store: PartitionedStore, subject: str) -> int:
    slot = int(key_slot(f"quart-jwt:{store.number_of(subject):x}".encode()))
    return slot * NODES // real_servers.SLOTS


def _users(url: str) -> Users:
    """As many users on each node."""
    users: Users = [[] for _ in range(NODES)]
    store = from_url(url)
    for number in range(10_000):
        at = _node_of(store, f"user-{number}")
        if len(users[at]) < USERS:
            users[at].append(f"user-{number}")
    return users


def _token(subject: str) -> TokenRef:
    return token(subject, family_id=subject, subject=subject, issued_at=time.time() + 1)


async def _sign_in(process: StoreInUse, subject: str) -> None:
    now = time.time()
    first = successor(f"{subject}-1", now)
    new = family(subject, subject, current=first.stamp, created_at=now, keep_until=None)
    await process.store.start(new, limit=None, now=now)


async def _refresh(process: StoreInUse, subject: str, number: int) -> None:
    now = time.time()
    rotation = await process.store.rotate(
        presented(f"{subject}-{number}", family_id=subject, subject=subject),
        successor(f"{subject}-{number + 1}", now),
        grace_s=GRACE_S,
        now=now,
    )
    assert rotation.outcome is Outcome.ROTATED


async def _until(process: StoreInUse, subject: str, *, is_revoked: bool | None) -> None:
    """Wait for an answer about a user's token; None for none, which is a refusal."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                answer = await process.store.is_revoked(
                    _token(subject), now=time.time()
                )
            except StoreError:
                answer = None
            if answer is is_revoked:
                return
            await asyncio.sleep(0.05)


async def test_a_lost_node_concerns_its_own_users_only(
    nodes: list[real_servers.Redis],
    url: str,
    one: StoreInUse,
    other: StoreInUse,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of the others, each call succeeds; nothing that was acknowledged is lost."""
    users = _users(url)
    lost, there = users[LOST], [*users[1], *users[2]]
    for name in (*lost, *there):
        await _sign_in(one, name)
    await one.store.end(lost[0], subject=None, now=time.time())
    await _until(other, lost[0], is_revoked=True)

    await asyncio.to_thread(nodes[LOST].stop)
    for name in lost[1:]:
        await _until(other, name, is_revoked=None)
    for number in range(1, ROUNDS):
        for name in there:
            await _refresh(one, name, number)
            assert not await other.store.is_revoked(_token(name), now=time.time())
    await one.store.end(there[0], subject=None, now=time.time())
    await _until(other, there[0], is_revoked=True)
    assert "of the session store keeps failing" in caplog.text

    new = _process(url)  # a worker that begins now
    await new.open()
    await _until(new, there[1], is_revoked=False)
    await _until(new, lost[1], is_revoked=None)

    await asyncio.to_thread(nodes[LOST].start)
    for process in (one, other, new):
        await _until(process, lost[0], is_revoked=True)
        for name in lost[1:]:
            await _until(process, name, is_revoked=False)
    for name in lost[1:]:
        await _refresh(one, name, 1)
    await new.close()


async def _ask(port: int, method: str, path: str, token: str) -> Answer:
    return await exchange(port, request(method, path, f"Authorization: Bearer {token}"))


async def _signed_up(port: int, name: str) -> dict[str, str]:
    body = json.dumps({"username": name, "password": PASSWORD}).encode()
    for path, status in (("/register", 202), ("/login", 200)):
        answer = await exchange(port, request("POST", path, JSON, body=body))
        assert answer.status == status, answer.raw
    tokens: dict[str, str] = answer.json
    return tokens


async def test_the_service_goes_on_for_the_users_of_the_other_nodes(
    nodes: list[real_servers.Redis], url: str, tmp_path: Path
) -> None:
    """As it is served: two workers, which look at their store through its metrics."""
    users = [names[:2] for names in _users(url)]
    lost, there = users[LOST], [*users[1], *users[2]]
    environ = {"QUART_JWT_STORE_URL": url, "QUART_JWT_REGISTRATION": "true"}
    with serving(tmp_path, workers=2, **environ) as fleet:
        port = fleet.port
        tokens = {name: await _signed_up(port, name) for name in (*lost, *there)}
        await asyncio.to_thread(nodes[LOST].stop)
        for name in lost:
            access = tokens[name]["access_token"]
            async with asyncio.timeout(PATIENCE_S):
                in_a_row = 0
                while in_a_row < ROUNDS:  # both workers know
                    status = (await _ask(port, "GET", "/protected", access)).status
                    in_a_row = in_a_row + 1 if status == 503 else 0
        for _ in range(ROUNDS):
            for name in there:
                for method, path, kind in (
                    ("GET", "/protected", "access_token"),
                    ("GET", "/auth/verify", "access_token"),
                    ("POST", "/refresh", "refresh_token"),
                ):
                    answer = await _ask(port, method, path, tokens[name][kind])
                    assert answer.status == 200, (name, path, answer.raw)
                tokens[name] = answer.json
        assert "of the session store keeps failing" in fleet.text
        assert "Traceback" not in fleet.text
