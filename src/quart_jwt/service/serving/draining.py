"""
The end of serving: from the wish to stop to the last answer.

1. The address is let go, and every HTTP/1 answer says ``Connection: close``
   (RFC 9112 §9.6), so that clients open their next connection elsewhere.
2. Connections without a request are kept for a moment longer: a request that is
   on its way at this moment is answered, not reset.
3. Hypercorn stops: idle connections are closed, requests in flight are waited
   for. What is left after the grace time is cancelled here, because Hypercorn
   waits for it without end on Python 3.12 and newer.
4. A process that has not ended ``CLOSING_S`` later shows where it stands and is
   ended by force.
"""

import asyncio
import faulthandler
import logging
import math
from collections.abc import Callable
from typing import cast

from hypercorn.typing import ASGIFramework
from hypercorn.typing import ASGIReceiveCallable
from hypercorn.typing import ASGISendCallable
from hypercorn.typing import ASGISendEvent
from hypercorn.typing import Scope

from quart_jwt.service.serving.limits import CLOSING_S
from quart_jwt.service.serving.limits import LINGER_S
from quart_jwt.service.serving.listeners import ListeningConfig

logger: logging.Logger = logging.getLogger(__name__)

LOOK_AGAIN_S = 0.05

Deadline = Callable[[float], None]
"""Is told after how many seconds the process has to be gone."""


def end_by_force(within_s: float) -> None:
    """
    Print a traceback of every thread and exit with 1 when the time has passed.

    A thread of the interpreter does it, whatever Python code is stuck in.
    """
    faulthandler.dump_traceback_later(within_s, exit=True)


class Drain:
    """
    The end of one served application.

    Args:
        config: Its listeners and its grace time.
        deadline: How the process makes sure of its end; None leaves it to
            others, as tests must that stop a server and go on.
    """

    def __init__(self, config: ListeningConfig, deadline: Deadline | None) -> None:
        self._config = config
        self._deadline = deadline
        self._wanted = asyncio.Event()
        self._idle_until = math.inf
        self._requests: set[asyncio.Task[object]] = set()

    def begin(self, *, idle_s: float = LINGER_S) -> None:
        """
        Begin to end; called again, hurry up.

        Args:
            idle_s: Seconds for which connections without a request are kept.
        """
        until = asyncio.get_running_loop().time() + idle_s
        if until >= self._idle_until:
            return
        self._idle_until = until
        self._wanted.set()
        if self._deadline is not None:
            patience_s = max(idle_s - LINGER_S, 0)
            limit_s = self._config.graceful_timeout + LINGER_S + CLOSING_S
            self._deadline(patience_s + limit_s)

    async def lingered(self) -> None:
        """Return when it is time for Hypercorn to stop: its shutdown trigger."""
        await self._wanted.wait()
        await self._config.let_go()
        loop = asyncio.get_running_loop()
        while (  # noqa: ASYNC110 - no event tells that a client has closed
            self._config.has_clients and loop.time() < self._idle_until
        ):
            await asyncio.sleep(LOOK_AGAIN_S)
        loop.call_later(self._config.graceful_timeout, self._cut_off)

    def _cut_off(self) -> None:
        if self._requests:
            logger.warning(
                "the grace period is over: %d requests were aborted",
                len(self._requests),
            )
        for request in self._requests:
            request.cancel()
        loop = asyncio.get_running_loop()
        loop.call_later(LINGER_S, self._config.cut_off)  # who does not read, either
        # Hypercorn on Python 3.12 begins to count now, when they are gone.
        self._config.graceful_timeout = LINGER_S

    def wrap(self, app: ASGIFramework) -> ASGIFramework:
        """Return the application whose requests can be seen and told of the end."""

        async def wrapped(
            scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
        ) -> None:
            if scope["type"] == "lifespan":
                await app(scope, receive, send)
                return
            if scope["type"] == "http" and scope["http_version"].startswith("1."):
                # RFC 9113 §8.2.2: HTTP/2 has no such header
                send = self._closing(send)
            task = cast("asyncio.Task[object]", asyncio.current_task())
            self._requests.add(task)
            try:
                await app(scope, receive, send)
            finally:
                self._requests.discard(task)

        return wrapped

    def _closing(self, send: ASGISendCallable) -> ASGISendCallable:
        async def closing(event: ASGISendEvent) -> None:
            if event["type"] == "http.response.start" and self._wanted.is_set():
                event["headers"] = [*event["headers"], (b"connection", b"close")]
            await send(event)

        return closing
