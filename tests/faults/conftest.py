"""An app on a real store, with something between them that breaks."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from quart import Quart

import real_servers
from clock import Clock
from event_loops import EACH
from event_loops import Factories
from event_loops import slow_on_asyncio
from extension.session_apps import session_app
from extension.session_apps import Walker
from quart_jwt.extension.request.current import settings_of
from quart_jwt.stores.sql.store import SQLStore
from quart_jwt.stores.urls import store_from_url
from stores.proxy import Proxy


def pytest_asyncio_loop_factories() -> Factories:
    """Run the tests on each event loop."""
    return EACH


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the runs on asyncio's loop to the slow tail."""
    slow_on_asyncio(items, Path(__file__).parent)


@dataclass
class Stand:
    """
    An app, its store, the server of that and the proxy in front of it.

    Attributes:
        walker: Walks through the sessions of the app.
        server: The server; None for a file.
        proxy: What stands before the server; None for a file.
    """

    walker: Walker
    server: Any
    proxy: Any

    async def until(self, status: int, token: str) -> set[int]:
        """Ask until a status comes; gives what came before."""
        seen = set()
        while (answer := await self.walker.status(token)) != status:
            seen.add(answer)
            # The breaker lets one through in a second.
            await asyncio.sleep(0.05)
        return seen

    async def settled(self) -> None:
        """
        Wait for what a client that hung up has left under way.

        Its exchange, come late and after two others, would rightly be reuse; no
        client exchanges twice within the time that one exchange takes.
        """
        sessions = settings_of(self.walker.app).sessions
        assert sessions is not None
        await asyncio.gather(*sessions.in_use._unfinished, return_exceptions=True)

    async def refreshed(self, token: str) -> Any:
        """Exchange a refresh token, as often as it takes; 503 is no answer."""
        while True:
            status, pair = await self.walker.refresh(token)
            if status == 200:
                return pair
            assert status == 503
            await asyncio.sleep(0.05)


def _app(clock: Clock, url: str) -> Quart:
    # A second is long enough for a loaded machine, and short enough to wait for.
    return session_app(clock, store_from_url(url), JWT_STORE_TIMEOUT=1)


@pytest.fixture(name="own_redis")
def _own_redis() -> Iterator[real_servers.Redis]:
    """Give a Redis that a test may kill."""
    with real_servers.redis() as running:
        yield running


@pytest.fixture(name="own_postgresql", scope="module")
def _own_postgresql() -> Iterator[real_servers.PostgreSQL]:
    """Give a PostgreSQL that a test may stop."""
    with real_servers.postgresql() as running:
        running.create("sessions")
        yield running


@pytest.fixture(name="on_redis")
async def _on_redis(
    clock: Clock, own_redis: real_servers.Redis
) -> AsyncIterator[Stand]:
    path = own_redis.folder / "proxy.sock"
    async with Proxy(path, own_redis.socket) as proxy:
        app = _app(clock, f"unix://{path}")
        async with app.test_app():
            yield Stand(Walker(app), own_redis, proxy)


@pytest.fixture(name="on_postgresql")
async def _on_postgresql(
    clock: Clock, own_postgresql: real_servers.PostgreSQL
) -> AsyncIterator[Stand]:
    store = SQLStore(own_postgresql.url("sessions"))
    await store.upgrade()
    await store.close()
    await asyncio.to_thread(own_postgresql.empty, "sessions")
    path = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=own_postgresql.folder))
    name = ".s.PGSQL.5432"
    async with Proxy(path / name, own_postgresql.folder / name) as proxy:
        url = own_postgresql.url("sessions").replace(
            f"host={own_postgresql.folder}", f"host={path}"
        )
        app = _app(clock, url)
        async with app.test_app():
            yield Stand(Walker(app), own_postgresql, proxy)


@pytest.fixture(name="on_sqlite")
async def _on_sqlite(clock: Clock, tmp_path: Path) -> AsyncIterator[Stand]:
    app = _app(clock, f"sqlite+aiosqlite:///{tmp_path}/sessions.db")
    async with app.test_app():
        yield Stand(Walker(app), None, None)


@pytest.fixture(name="stand")
def _stand(request: pytest.FixtureRequest) -> Stand:
    """Give the stand that a test's parameter names."""
    stand: Stand = request.getfixturevalue(request.param)
    return stand
