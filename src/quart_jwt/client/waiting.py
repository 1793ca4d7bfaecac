"""
The two ways in which a client waits: blocking its thread, or awaiting.

Everything that decides is written once, as coroutines that are told how to wait.
With ``Blocking`` none of them ever suspends, so ``run`` can finish them by hand.
"""

import ssl
import threading
import time
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from contextlib import asynccontextmanager
from contextlib import nullcontext
from functools import cache
from typing import Any
from typing import Protocol
from typing import TypeVar

import anyio
import anyio.to_thread
import httpx
from anyio.lowlevel import RunVar

OTHER_LOOP_S = 0.01
"""How often a loop looks whether another one has finished renewing."""

T = TypeVar("T")

AnyClient = httpx.Client | httpx.AsyncClient

Build = Callable[[AnyClient], httpx.Request]
"""Makes a request with a client's own settings: its timeout, its headers."""


class Waiting(Protocol):
    """How to wait for the network, a store, a while, and each other."""

    @property
    def is_locked(self) -> bool:
        """Whether the lock is taken."""

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Only one at a time."""

    async def send(self, build: Build) -> httpx.Response:
        """Send a request for tokens, and read the answer."""

    async def read(self, response: httpx.Response) -> None:
        """Read the body of an answer."""

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Call a function that may block."""

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""


class Blocking:
    """
    For ``httpx.Client``, in any number of threads.

    Args:
        client: Sends the requests; None makes one for each.
        lock: Held during a renewal; every way of waiting shares it.
    """

    def __init__(self, client: AnyClient | None, lock: threading.Lock) -> None:
        self._client = client
        self._lock = lock

    @property
    def is_locked(self) -> bool:
        """Whether the lock is taken."""
        return self._lock.locked()

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Only one thread at a time."""
        with self._lock:
            yield

    async def send(self, build: Build) -> httpx.Response:
        """Send a request for tokens; no redirect takes them elsewhere."""
        if isinstance(self._client, httpx.AsyncClient):
            raise TypeError(
                "To use JWTAuth in an httpx.Client, pass it an httpx.Client"
            )
        own = self._client or httpx.Client(verify=trust())
        with nullcontext(own) if self._client else own as client:
            return client.send(build(client), auth=None, follow_redirects=False)

    async def read(self, response: httpx.Response) -> None:
        """Read the body of an answer."""
        response.read()

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Call it, right here."""
        return function(*args)

    async def sleep(self, seconds: float) -> None:
        """Block this thread for a while."""
        time.sleep(seconds)  # noqa: ASYNC251 - no loop runs this, `run` does


class Awaiting:
    """
    For ``httpx.AsyncClient``, in any number of tasks, and of event loops in threads.

    Args:
        client: Sends the requests; None makes one for each. A client of one's own
            belongs to one event loop.
        lock: Held during a renewal; every way of waiting shares it.
    """

    def __init__(self, client: AnyClient | None, lock: threading.Lock) -> None:
        self._client = client
        self._lock = lock
        self._of_this_loop: RunVar[anyio.Lock] = RunVar("quart_jwt.client.lock")

    @property
    def is_locked(self) -> bool:
        """Whether the lock is taken."""
        return self._lock.locked()

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Only one task at a time, of all event loops."""
        async with self._queue():
            # Only another loop or a thread can have it now, and neither can wake this
            # one; waiting in a thread instead could not be cancelled.
            while not self._lock.acquire(blocking=False):  # noqa: ASYNC110 - see above
                await anyio.sleep(OTHER_LOOP_S)
            try:
                yield
            finally:
                self._lock.release()

    def _queue(self) -> anyio.Lock:
        """The lock in which the tasks of this event loop wait for each other."""
        try:
            return self._of_this_loop.get()
        except LookupError:
            queue = anyio.Lock()
            self._of_this_loop.set(queue)
            return queue

    async def send(self, build: Build) -> httpx.Response:
        """Send a request for tokens; no redirect takes them elsewhere."""
        if isinstance(self._client, httpx.Client):
            raise TypeError(
                "To use JWTAuth in an httpx.AsyncClient, pass it an httpx.AsyncClient"
            )
        trusted = await self.call(trust)
        own = self._client or httpx.AsyncClient(verify=trusted)
        async with nullcontext(own) if self._client else own as client:
            return await client.send(build(client), auth=None, follow_redirects=False)

    async def read(self, response: httpx.Response) -> None:
        """Read the body of an answer."""
        await response.aread()

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Call it in a worker thread."""
        return await anyio.to_thread.run_sync(function, *args)

    async def sleep(self, seconds: float) -> None:
        """Wait for a while."""
        await anyio.sleep(seconds)


@cache
def trust() -> ssl.SSLContext:
    """The certificates that httpx trusts, read once: it takes long."""
    return httpx.create_ssl_context()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine that never suspends.

    Raises:
        RuntimeError: It did.
    """
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("A blocking client had to await")
