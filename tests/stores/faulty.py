"""A store that does what a test tells it to: fail, hang, lose its data."""

import asyncio
from collections.abc import Callable
from typing import Any

from quart_jwt.exceptions import StoreError
from quart_jwt.stores.base import Store
from quart_jwt.stores.memory import MemoryStore

PATIENCE_S = 60
"""What takes longer will never come, even on a loaded machine."""


class FaultyStore:
    """
    A memory store behind a fault.

    Attributes:
        fault: Called before every verb; raises, hangs, or lets it pass.
        after: Called after every verb, before its answer goes out.
        calls: The verbs that were asked for.
        answers: The verbs that were answered or failed, for a test to wait for.
    """

    def __init__(self) -> None:
        self.inner = MemoryStore()
        self.fault: Callable[[], Any] = _nothing
        self.after: Callable[[], Any] = _nothing
        self.calls: list[str] = []
        self.answers: asyncio.Queue[str] = asyncio.Queue()

    def __getattr__(self, verb: str) -> Any:
        async def faulty(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(verb)
            try:
                await self.fault()
                answer = await getattr(self.inner, verb)(*args, **kwargs)
                await self.after()
            finally:
                self.answers.put_nowait(verb)
            return answer

        return faulty

    async def answered(self, verb: str) -> None:
        """Wait until a verb was answered or has failed."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.answers.get() != verb:
                pass

    def lose_everything(self) -> None:
        """Be a new, empty store from now on."""
        self.inner = MemoryStore()


def faulty_store() -> Any:
    """A faulty store; any type, for it stands for every store."""
    store: Store | Any = FaultyStore()
    return store


async def _nothing() -> None:
    """No fault."""


async def away() -> None:
    """The store says that it is away."""
    raise StoreError("away")


async def foreign() -> None:
    """A driver fails in its own words, a secret among them."""
    raise ConnectionResetError("redis://:hunter2@localhost")


async def hanging() -> None:
    """The store hangs, and takes no notice of being cancelled the first time."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()


async def slow() -> None:
    """The store takes a few turns of the loop."""
    for _ in range(5):
        await asyncio.sleep(0)
