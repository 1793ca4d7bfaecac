"""
The stores that the contract is tested on. A store joins by adding its factory.

A factory gives a context manager over an empty store, opened at ``START``. What it
needs (a file, a server) it asks of pytest's request.
"""

from collections.abc import AsyncIterator
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextlib import asynccontextmanager

import pytest

from clock import START
from quart_jwt.stores.base import Store
from quart_jwt.stores.memory import MemoryStore

Factory = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Store]]


@asynccontextmanager
async def memory(_request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Give a store in this process."""
    store = MemoryStore()
    await store.open(now=START)
    yield store
    await store.close()


FACTORIES: dict[str, Factory] = {"memory": memory}
"""Every store, by the name that its tests carry."""
