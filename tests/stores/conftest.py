"""The store under test: each of them, one after the other."""

from collections.abc import AsyncIterator
from collections.abc import Iterator

import pytest

import real_servers
from quart_jwt.stores.base import Store
from stores.factories import FACTORIES
from stores.factories import SLOW


@pytest.fixture(name="postgresql", scope="session")
def _postgresql() -> Iterator[real_servers.PostgreSQL]:
    with real_servers.postgresql() as running:
        running.create("sessions")
        yield running


@pytest.fixture(name="redis", scope="session")
def _redis() -> Iterator[real_servers.Redis]:
    with real_servers.redis() as running:
        yield running


@pytest.fixture(name="redis_cluster", scope="session")
def _redis_cluster() -> Iterator[real_servers.Redis]:
    with real_servers.redis_cluster() as running:
        yield running


_PARAMS = [
    pytest.param(factory, id=name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name, factory in FACTORIES.items()
]


@pytest.fixture(name="store", params=_PARAMS)
async def _store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with request.param(request) as store:
        yield store
