"""The store under test: each of them, one after the other."""

from collections.abc import AsyncIterator

import pytest

from quart_jwt.stores.base import Store
from stores.factories import FACTORIES


@pytest.fixture(name="store", params=[*FACTORIES.values()], ids=[*FACTORIES])
async def _store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with request.param(request) as store:
        yield store
