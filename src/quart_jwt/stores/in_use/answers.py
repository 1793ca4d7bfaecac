"""
Whether a token is revoked: from memory, or with one query that concurrent requests
share.

A process that is overloaded reads the feed late. If each request then asked the store
by itself, the overload would grow. So all requests share one reading of the feed, and
what that does not answer is asked once for each token.
"""

import asyncio
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Hashable
from typing import Any

from quart_jwt.stores.in_use.follower import Follower
from quart_jwt.tokens.revocation import TokenRef

Question = Callable[[], Coroutine[Any, Any, bool]]

_FEED = "the feed"


class SingleFlight:
    """
    Lets callers who ask the same share one call (single-flight).

    A caller joins a call only if it began within the bound: what it answers is then
    no staler than the bound allows.

    Args:
        monotonic: Gives seconds that only go forward.
        bound_s: Gives the most seconds by which an answer may be stale.
    """

    def __init__(
        self, monotonic: Callable[[], float], bound_s: Callable[[], float]
    ) -> None:
        self._monotonic = monotonic
        self._bound_s = bound_s
        self._calls: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}

    async def ask(
        self, key: Hashable, call: Callable[[], Coroutine[Any, Any, Any]]
    ) -> Any:
        """
        Join the call of this key, or make it.

        Args:
            key: What is asked.
            call: Asks it.

        Raises:
            Exception: What the call raised.
        """
        now = self._monotonic()
        began_at, task = self._calls.get(key, (now, None))
        if task is None or now - began_at > self._bound_s() or not _is_usable(task):
            task = asyncio.create_task(call())
            self._calls[key] = (now, task)
            task.add_done_callback(lambda done: self._forget(key, done))
        # One caller that goes away must not take the answer from the others.
        return await asyncio.shield(task)

    def _forget(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if self._calls.get(key, (0, None))[1] is task:
            del self._calls[key]
        if not task.cancelled():
            task.exception()  # callers may all have gone


def _is_usable(task: asyncio.Task[Any]) -> bool:
    """Whether it is of this event loop: an app may be served by one after another."""
    return task.get_loop() is asyncio.get_running_loop() and not task.done()


class Answers:
    """
    Answers from what a follower knows, and asks the store about the rest.

    Args:
        follower: The follower.
        monotonic: Gives seconds that only go forward.
        bound_s: Gives the most seconds by which an answer may be stale.
    """

    def __init__(
        self,
        follower: Follower,
        *,
        monotonic: Callable[[], float],
        bound_s: Callable[[], float],
    ) -> None:
        self._follower = follower
        self._shared = SingleFlight(monotonic, bound_s)

    async def is_revoked(self, token: TokenRef, ask: Question) -> bool:
        """Whether a token is revoked.

        Args:
            token: The token.
            ask: Asks the store about it.

        Raises:
            StoreError: The feed cannot tell, and the store does not answer.
        """
        follower = self._follower
        if follower.refuses(token):
            return True
        if follower.can_tell(token):
            return False
        if follower.is_late and await self._shared.ask(_FEED, follower.catch_up):
            if follower.refuses(token):
                return True
            if follower.knows(token):
                return False
        reading = follower.reading
        if await self._shared.ask(token, ask) or follower.refuses(token):
            return True
        follower.remember(token, reading)
        return False
