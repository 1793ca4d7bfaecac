"""The counters under test: each of them, one after the other."""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Callable

import pytest

from quart_jwt.service.throttling.attempts import Attempts
from quart_jwt.service.throttling.rule import ThrottleLimits
from real_servers import PostgreSQL
from service.throttling.counters import Counters
from service.throttling.counters import FACTORIES
from service.throttling.counters import SLOW

Made = Callable[[ThrottleLimits], Attempts]


@pytest.fixture(name="counting_postgresql", scope="session")
def _counting_postgresql(postgresql: PostgreSQL) -> PostgreSQL:
    postgresql.create("counts")
    return postgresql


_PARAMS = [
    pytest.param(factory, id=name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name, factory in FACTORIES.items()
]


@pytest.fixture(name="counters", params=_PARAMS)
async def _counters(request: pytest.FixtureRequest) -> AsyncIterator[Counters]:
    async with request.param(request) as counters:
        yield counters


@pytest.fixture(name="made")
async def _made(counters: Counters) -> AsyncIterator[Made]:
    """Make counters that are closed afterwards."""
    open_ones: list[Attempts] = []

    def make(limits: ThrottleLimits) -> Attempts:
        open_ones.append(counters.make(limits))
        return open_ones[-1]

    yield make
    await asyncio.gather(*(one.close() for one in open_ones))
