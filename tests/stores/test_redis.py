"""What is Redis's own: scripts, expiry, lost data, servers that refuse."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis as Client

import real_servers
from clock import START
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import FeedGapError
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.redis.store import from_url
from quart_jwt.stores.redis.store import RedisStore
from quart_jwt.tokens.rotation import Outcome
from stores import factories
from stores.families import family
from stores.families import GRACE_S
from stores.families import KEPT_S
from stores.families import presented
from stores.families import revoked_subject
from stores.families import revoked_token
from stores.families import successor
from stores.families import token

MARGIN_S = 60
"""What a key lives longer than its last token."""


@pytest.fixture(name="store")
async def _store(request: pytest.FixtureRequest) -> AsyncIterator[RedisStore]:
    async with factories.redis(request) as store:
        assert isinstance(store, RedisStore)
        yield store


@pytest.fixture(name="own")
async def _own() -> AsyncIterator[real_servers.Redis]:
    with real_servers.redis("--appendonly", "no") as running:
        yield running


async def _life_s(server: real_servers.Redis) -> dict[str, int]:
    """How long each key lives, in seconds; -1 for ever."""
    keys = (await asyncio.to_thread(server.run, "KEYS", "*")).split()
    lives = [await asyncio.to_thread(server.run, "TTL", key) for key in keys]
    return {
        key.removeprefix("{quart-jwt}:"): int(life)
        for key, life in zip(keys, lives, strict=True)
    }


@pytest.mark.parametrize(
    "url", ["redis://hunter2:port/", "redis://host?socket_timeout=hunter2"]
)
def test_a_url_that_cannot_be_read_is_refused(url: str) -> None:
    """The message shows nothing of it."""
    with pytest.raises(ConfigurationError) as caught:
        from_url(url)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["redis://host:1/2", "rediss://ada:hunter2@host", "unix:///run/redis.sock"]
)
def test_a_url_makes_a_store(url: str) -> None:
    """Nothing is connected yet."""
    assert isinstance(from_url(url), RedisStore)


def test_a_client_that_gives_bytes_is_refused() -> None:
    """The store compares text."""
    with pytest.raises(ConfigurationError, match="decode_responses"):
        RedisStore(Client())


async def test_nothing_outlives_its_token(
    store: RedisStore, redis: real_servers.Redis
) -> None:
    """Each key expires by itself, a minute after the last token that needs it."""
    await store.start(family(), limit=None, now=START)
    await store.start(family("g", keep_until=START + 9.0), limit=None, now=START)
    await store.revoke(revoked_token(until=START + 100), now=START)
    await store.revoke(revoked_token("past", until=START - 100), now=START)
    await store.revoke(revoked_subject(issued_by=START, until=None), now=START)
    lives = await _life_s(redis)
    expected = {
        "family:f": KEPT_S + MARGIN_S,
        "family:g": 9 + MARGIN_S,
        "subject:ada": KEPT_S + MARGIN_S,
        "revoked:token:t": 100 + MARGIN_S,
        "revoked:token:past": MARGIN_S,
        "revoked:subject:ada": -1,
        **dict.fromkeys(("ends", "feed", "feed:ends", "feed:entries"), -1),
    }

    assert expected.keys() == lives.keys()
    for key, life in expected.items():
        assert max(life - 30, -1) <= lives[key] <= life  # a slow machine
    await store.purge(limit=100, now=START + 10**6)
    assert {"feed", "feed:entries", "revoked:subject:ada"} == (
        await _life_s(redis)
    ).keys()


async def test_a_rotation_prolongs_what_it_needs(
    store: RedisStore, redis: real_servers.Redis
) -> None:
    """The family and its subject live as long as the new token, or for ever."""
    await store.start(family(keep_until=START + 50.0), limit=None, now=START)
    await store.rotate(presented(), successor(life_s=500), grace_s=GRACE_S, now=START)
    longer = await _life_s(redis)
    new = successor("f-3", life_s=None)
    await store.rotate(presented("f-2"), new, grace_s=GRACE_S, now=START)
    for_ever = await _life_s(redis)

    for key in ("family:f", "subject:ada"):
        assert 500 < longer[key] <= 505 + MARGIN_S
        assert for_ever[key] == -1


async def test_scripts_that_are_gone_are_sent_again(
    store: RedisStore, redis: real_servers.Redis
) -> None:
    """A Redis that was restarted knows none of them."""
    await asyncio.to_thread(redis.run, "SCRIPT", "FLUSH")
    await store.start(family(), limit=None, now=START)

    assert not await store.is_revoked(token(family_id="f"), now=START)


async def test_a_redis_that_lost_everything_lets_nobody_in(
    store: RedisStore, redis: real_servers.Redis
) -> None:
    """Its feed has a gap and begins now; families that it has lost are revoked."""
    await store.start(family(), limit=None, now=START)
    position = (await store.changes(None, limit=9, wait_s=0, now=START)).position
    await asyncio.to_thread(redis.empty)
    with pytest.raises(FeedGapError):
        await store.changes(position, limit=9, wait_s=0, now=START + 7)
    feed = await store.changes(None, limit=9, wait_s=0, now=START + 9)
    rotation = await store.rotate(presented(), successor(), grace_s=GRACE_S, now=START)

    assert feed.begun_at == START + 7
    assert await store.is_revoked(token(family_id="f"), now=START + 9)
    assert Outcome.GONE is rotation.outcome


async def test_a_rotation_that_was_overtaken_begins_again(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it read does not count any more, so it gives the other's successor."""
    await store.start(family(), limit=None, now=START)
    read = store._family

    async def overtaken(family_id: str) -> Any:
        found = await read(family_id)
        monkeypatch.setattr(store, "_family", read)
        other = successor("other")
        await store.rotate(presented(), other, grace_s=GRACE_S, now=START)
        return found

    monkeypatch.setattr(store, "_family", overtaken)
    mine = await store.rotate(
        presented(), successor("mine"), grace_s=GRACE_S, now=START
    )

    assert Outcome.SAME_SUCCESSOR is mine.outcome
    assert mine.family is not None
    assert mine.family.current.jti == "other"


@pytest.mark.parametrize("key", ["feed", "feed:entries"])
async def test_a_feed_that_lost_a_part_begins_again(
    store: RedisStore, redis: real_servers.Redis, key: str
) -> None:
    """If a key was evicted or deleted, readers hear of a gap, and numbers go on."""
    for name in ("a", "b"):
        await store.revoke(revoked_token(name), now=START)
    position = (await store.changes(None, limit=9, wait_s=0, now=START)).position
    await asyncio.to_thread(redis.run, "DEL", f"{{quart-jwt}}:{key}")
    await store.revoke(revoked_token("c"), now=START + 5)
    with pytest.raises(FeedGapError):
        await store.changes(position, limit=9, wait_s=0, now=START + 6)
    feed = await store.changes(None, limit=9, wait_s=0, now=START + 6)
    kept = ["a", "b", "c"] if key == "feed" else ["c"]

    assert kept == [one.name for one in feed.revocations]
    assert (feed.begun_at, feed.position.rpartition("-")[2]) == (START + 5, "3")


async def test_a_restart_is_a_gap(own: real_servers.Redis) -> None:
    """Data came back from a snapshot: what is newer may be lost, so readers reread."""
    store = from_url(own.url)
    await store.open(now=START)
    await store.revoke(revoked_token(), now=START)
    position = (await store.changes(None, limit=9, wait_s=0, now=START)).position
    await asyncio.to_thread(own.run, "SAVE")
    await asyncio.to_thread(own.stop)
    with pytest.raises(StoreError):
        await store.ping()
    await asyncio.to_thread(own.start)
    with pytest.raises(FeedGapError):
        await store.changes(position, limit=9, wait_s=0, now=START)
    feed = await store.changes(None, limit=9, wait_s=0, now=START)
    await store.close()

    assert (feed.revocations, feed.begun_at) == ((revoked_token(),), START)


@pytest.mark.parametrize(
    ("refusing", "allowing"),
    [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    ],
    ids=["out of memory", "read only"],
)
async def test_a_redis_that_does_not_write_is_an_error(
    store: RedisStore, redis: real_servers.Redis, refusing: str, allowing: str
) -> None:
    """Nothing is half done, and then all is well again."""
    await store.start(family(), limit=None, now=START)
    await asyncio.to_thread(redis.run, *refusing.split())
    try:
        with pytest.raises(StoreError, match=r"^Redis does not answer$"):
            await store.start(family("g"), limit=None, now=START)
        with pytest.raises(StoreError):
            await store.end("f", subject=None, now=START)
        with pytest.raises(StoreError):
            await store.revoke(revoked_token(), now=START)
    finally:
        await asyncio.to_thread(redis.run, *allowing.split())
    rotation = await store.rotate(presented(), successor(), grace_s=GRACE_S, now=START)

    assert Outcome.ROTATED is rotation.outcome
    assert not await store.is_revoked(token(), now=START)
    assert await store.is_revoked(token(family_id="g"), now=START)


async def test_the_server_may_keep_its_run_to_itself(own: real_servers.Redis) -> None:
    """Where INFO is forbidden, the feed goes on without the server's run."""
    rules = ("ACL", "SETUSER", "default", "-info")
    await asyncio.to_thread(own.run, *rules)
    store = from_url(own.url)
    await store.open(now=START)
    await store.revoke(revoked_token(), now=START)
    feed = await store.changes(None, limit=9, wait_s=0, now=START)
    after = await store.changes(feed.position, limit=9, wait_s=0, now=START)
    await store.close()

    assert (revoked_token(),) == feed.revocations
    assert after.revocations == ()


async def test_two_stores_share_a_redis(redis: real_servers.Redis) -> None:
    """Under two prefixes they know nothing of each other."""
    one, other = (
        RedisStore(
            Client(unix_socket_path=str(redis.socket), decode_responses=True),
            prefix=prefix,
        )
        for prefix in ("one", "other")
    )
    await one.open(now=START)
    await other.open(now=START)
    await one.revoke(revoked_token(), now=START)

    assert await one.is_revoked(token(), now=START)
    assert not await other.is_revoked(token(), now=START)
    await one.close()
    await other.close()


async def test_a_cluster_keeps_it_in_one_slot(
    request: pytest.FixtureRequest,
) -> None:
    """A cluster refuses a step over two slots, and it refuses none of ours."""
    async with factories.redis_cluster(request) as store:
        await store.start(family(), limit=None, now=START)
        await store.rotate(presented(), successor(), grace_s=GRACE_S, now=START)
        await store.revoke(revoked_token(), now=START)
        assert await store.is_revoked(token(family_id="f"), now=START)
        assert len(await store.live("ada", now=START)) == 1
        await store.end_all("ada", spare=None, started_by=None, now=START)
        feed = await store.changes(None, limit=9, wait_s=0.01, now=START)
        assert len(feed.revocations) == 2
        assert await store.purge(limit=9, now=START + 10**6) == 2


class Refusing:
    """A server that answers each command with one error."""

    def __init__(self, error: str) -> None:
        self._error = f"-{error}\r\n".encode()

    async def __call__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one connection."""
        while line := await reader.readline():
            if line.startswith(b"*"):  # each command is an array
                writer.write(self._error)
                await writer.drain()
        writer.close()


@pytest.mark.parametrize(
    "error",
    [
        "LOADING Redis is loading the dataset in memory",
        "MOVED 3999 127.0.0.1:1",
        "CLUSTERDOWN The cluster is down",
        "READONLY You can't write against a read only replica.",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "MASTERDOWN Link with MASTER is down",
        "NOAUTH Authentication required.",
        "ERR hunter2",
    ],
    ids=lambda error: error.split()[0],
)
async def test_a_redis_that_refuses_everything_is_away(
    tmp_path: Path, error: str
) -> None:
    """Whatever it says, and whatever is asked: one error, without its words."""
    path = tmp_path / "r.sock"
    async with await asyncio.start_unix_server(Refusing(error), path):
        store = from_url(f"unix://{path}")
        for asking in (
            store.ping(),
            store.start(family(), limit=None, now=START),
            store.rotate(presented(), successor(), grace_s=GRACE_S, now=START),
            store.is_revoked(token(), now=START),
        ):
            with pytest.raises(StoreError, match=r"^Redis does not answer$"):
                await asking
        await store.close()
