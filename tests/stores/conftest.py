"""The store under test: each of them, one after the other."""

from collections.abc import AsyncIterator

import pytest

from quart_jwt.stores.base import Store
from stores.factories import FACTORIES
from stores.factories import SLOW

_PARAMS = [
    pytest.param(factory, id=name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name, factory in FACTORIES.items()
]


@pytest.fixture(name="store", params=_PARAMS)
async def _store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with request.param(request) as store:
        yield store
