"""With ``?pgbouncer=true``, a process asks where the feed ends and does not listen."""

import asyncio
from collections.abc import AsyncIterator

import pytest

import real_servers
from clock import START
from quart_jwt.stores.sql.news import news_of
from quart_jwt.stores.sql.news import PolledNews
from quart_jwt.stores.sql.store import SQLStore
from stores.families import family


@pytest.fixture(name="store")
async def _store(postgresql: real_servers.PostgreSQL) -> AsyncIterator[SQLStore]:
    store = SQLStore(f"{postgresql.url('sessions')}&pgbouncer=true")
    await store.upgrade()
    await asyncio.to_thread(postgresql.empty, "sessions")
    await store.open(now=START)
    yield store
    await store.close()


async def test_an_end_is_seen_at_the_next_look(store: SQLStore) -> None:
    """A reader that waits has it without a notification."""
    await store.start(family(), limit=None, now=START)
    begun = await store.changes(None, limit=9, wait_s=0, now=START)
    waiting = asyncio.create_task(
        store.changes(
            begun.position, limit=9, wait_s=real_servers.PATIENCE_S, now=START
        )
    )
    await store.end("f", subject="ada", now=START)

    assert [one.name for one in (await waiting).revocations] == ["f"]


async def test_news_are_polled(store: SQLStore) -> None:
    """Nothing listens; a shorter wait than the interval ends without a new look."""
    news = news_of(store._connections)

    assert isinstance(news, PolledNews)
    assert await news.mark() == await news.mark()
    assert await news.wait(object(), 0) is False
    await news.close()
