"""Redis over TLS, as a user who may run only what the documentation grants."""

import asyncio
import re
from collections.abc import AsyncIterator
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.exceptions import AuthenticationError
from redis.exceptions import NoPermissionError

import real_servers
from clock import START
from quart_jwt.exceptions import StoreError
from quart_jwt.service.throttling.attempts import Change
from quart_jwt.service.throttling.redis import RedisRecords
from quart_jwt.stores.redis.store import client_from_url
from quart_jwt.stores.redis.store import from_url
from quart_jwt.stores.redis.store import RedisStore
from quart_jwt.tokens.rotation import Outcome
from stores.families import family
from stores.families import GRACE_S
from stores.families import presented
from stores.families import revoked_token
from stores.families import successor
from stores.families import token
from topology import certificates

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs" / "api" / "stores.md"
PASSWORD = "p%40ss"


def _documented() -> str:
    found = re.search("^user quart-jwt on .*$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return found[0].replace(">PASSWORD", ">p@ss")


@pytest.fixture(name="server")
def _server(tmp_path: Path) -> Iterator[real_servers.Redis]:
    certificates.issue(tmp_path)
    with real_servers.redis_over_tls(tmp_path, [_documented()]) as running:
        yield running


def _url(server: real_servers.Redis, ca: Path, password: str = PASSWORD) -> str:
    where = f"quart-jwt:{password}@127.0.0.1:{server.port}/0"
    return f"rediss://{where}?ssl_ca_certs={ca}"


@pytest.fixture(name="url")
def _its_url(server: real_servers.Redis, tmp_path: Path) -> str:
    return _url(server, tmp_path / "ca.pem")


@pytest.fixture(name="store")
async def _store(url: str) -> AsyncIterator[RedisStore]:
    store = from_url(url)
    await store.open(now=START)
    yield store
    await store.close()


async def test_the_documented_rights_are_all_that_is_needed(
    store: RedisStore, url: str, server: real_servers.Redis
) -> None:
    """Every verb of the store and of the throttle works, and each right is used."""
    await _every_verb(store)
    await _throttled(url)
    statistics = await asyncio.to_thread(server.run, "INFO", "commandstats")
    used = set(re.findall("^cmdstat_([^:]+):", statistics, re.MULTILINE))
    granted = set(re.findall(r"\+(\S+)", _documented()))

    assert granted - used == set()
    refused = re.findall(
        "^cmdstat_(.+):.*rejected_calls=[1-9]", statistics, re.MULTILINE
    )
    assert {name for name in refused if not name.startswith("client")} == set()


async def _every_verb(store: RedisStore) -> None:
    await store.start(family(), limit=None, now=START)
    position = (await store.changes(None, limit=9, wait_s=0, now=START)).position
    rotation = await store.rotate(presented(), successor(), grace_s=GRACE_S, now=START)
    assert rotation.outcome is Outcome.ROTATED
    assert await store.end("f", subject="ada", now=START)
    news = await store.changes(position, limit=9, wait_s=1, now=START)
    assert [one.name for one in news.revocations] == ["f"]
    later = await store.changes(news.position, limit=9, wait_s=0.01, now=START)
    assert not later.revocations
    assert await store.is_revoked(token(family_id="f"), now=START)
    await store.start(family("g"), limit=None, now=START)
    assert [one.family_id for one in await store.live("ada", now=START)] == ["g"]
    assert await store.end_all("ada", spare=None, started_by=None, now=START)
    await store.start(family("h", keep_until=None), limit=None, now=START)
    await store.revoke(revoked_token(until=START + 100), now=START)
    await store.ping()
    await store.try_writing()
    assert await store.purge(limit=100, now=START + 10**6)


async def _throttled(url: str) -> None:
    records = RedisRecords(client_from_url(url), 1, timeout_s=real_servers.PATIENCE_S)
    for key in ("a", "b"):
        change = Change(
            key=key, old=None, new="1", pool="address", expires_at_ms=10_000
        )
        assert await records.swap([change], now_ms=0)
    assert await records.read(["a", "b"]) == {"b": "1"}
    await records.close()


async def test_a_certificate_of_another_authority_is_refused(
    server: real_servers.Redis, tmp_path: Path
) -> None:
    """Nothing is sent to a server that cannot prove who it is."""
    other = tmp_path / "other"
    other.mkdir()
    certificates.issue(other)
    cause = await _refused(_url(server, other / "ca.pem"))
    assert "CERTIFICATE_VERIFY_FAILED" in str(cause)


async def test_a_wrong_password_is_refused(
    server: real_servers.Redis, tmp_path: Path
) -> None:
    """The store is unavailable; the error does not show the password."""
    cause = await _refused(_url(server, tmp_path / "ca.pem", "hunter2"))
    assert isinstance(cause, AuthenticationError)


async def _refused(url: str) -> BaseException | None:
    store = from_url(url)
    with pytest.raises(StoreError) as caught:
        await store.open(now=START)
    await store.close()
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"
    return caught.value.__cause__


async def test_the_user_cannot_touch_other_keys(url: str) -> None:
    """An application beside it keeps its data to itself."""
    client = client_from_url(url)
    store = RedisStore(client, prefix="another")
    with pytest.raises(StoreError) as caught:
        await store.open(now=START)
    await store.close()
    assert isinstance(caught.value.__cause__, NoPermissionError)
