"""
An open websocket, which ends with the first of the tokens that have opened it.

It does not matter where they were verified: in a ``before_websocket`` function of the
app or of a blueprint, by the decorator of the route, or in the middle of its handler.
"""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from time import monotonic
from typing import TypeVar

from quart import Websocket
from quart import websocket

from quart_jwt.extension.hooks.colour import on_the_loop
from quart_jwt.extension.request.current import verified_of
from quart_jwt.extension.request.lifetime import Lifetime
from quart_jwt.extension.request.subject import current_subject
from quart_jwt.extension.request.subject import note
from quart_jwt.extension.request.subject import note_of
from quart_jwt.extension.request.subject import Subject

T = TypeVar("T")

POLICY_VIOLATION = 1008
"""RFC 6455 §7.4.1; browsers get no better code for "not any more"."""

_NOTE = "open_socket"


class OpenSocket:
    """
    What may end the handler of a websocket.
    """

    def __init__(self) -> None:
        self._found: list[tuple[float | None, Lifetime]] = []
        self._deadline: asyncio.Timeout | None = None
        self._closing: asyncio.Task[None] | None = None
        self._stops: list[Callable[[], None]] = []

    def end_with(self, lifetime: Lifetime) -> None:
        """Let one more token end it; in any thread."""
        left_s = lifetime.left_s
        ends_at = None if left_s is None else monotonic() + left_s
        if self._deadline is None:
            self._found.append((ends_at, lifetime))  # the handler has not begun
        elif on_the_loop():
            self._watch(ends_at, lifetime)
        else:
            self._loop.call_soon_threadsafe(self._watch, ends_at, lifetime)

    async def run(self, handler: Awaitable[T]) -> T | None:
        """
        Run the handler until it returns, or a token expires or is revoked.

        The websocket is closed whether or not the handler lets itself be cancelled.

        Args:
            handler: The handler, called; cancelled when a token is over.
        """
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()  # a revocation arrives in another context
        self._deadline = deadline = asyncio.timeout(None)
        try:
            async with deadline:
                for found in self._found:
                    self._watch(*found)
                return await handler
        except TimeoutError:
            if not deadline.expired():
                raise
            return None
        finally:
            await self._settle(has_expired=deadline.expired())

    def _watch(self, ends_at: float | None, lifetime: Lifetime) -> None:
        if self._deadline is None:
            return  # the handler has returned meanwhile
        self._stops.append(lifetime.watch(partial(self._end_in, 0, lifetime)))
        if ends_at is not None:
            self._end_in(max(0, ends_at - monotonic()), lifetime)

    def _end_in(self, seconds: float, lifetime: Lifetime) -> None:
        """End the handler then, unless it ends earlier anyway."""
        deadline, ends_at = self._deadline, self._loop.time() + seconds
        if deadline is None or deadline.expired():
            return
        until = deadline.when()
        if until is not None and until <= ends_at:
            return
        deadline.reschedule(ends_at)
        if self._closing is not None:
            self._closing.cancel()
        closing = _close_in(seconds, lifetime)
        self._closing = self._loop.create_task(closing, context=self._context)

    async def _settle(self, *, has_expired: bool) -> None:
        self._deadline = None
        for stop in self._stops:
            stop()
        if self._closing is None:
            return
        if has_expired:
            await self._closing  # also for a handler that was cancelled and returned
        else:
            self._closing.cancel()


async def _close_in(seconds: float, lifetime: Lifetime) -> None:
    await asyncio.sleep(seconds)
    await websocket.close(POLICY_VIOLATION, lifetime.reason)


def close_with_tokens(handling: Callable[[], Awaitable[T]]) -> Awaitable[T | None]:
    """
    Handle the current websocket until a token that has opened it is over.

    Args:
        handling: Calls the handler.
    """
    return _socket_of(current_subject()).run(handling())


def bind(subject: Websocket) -> None:
    """Let a websocket end with the token that was just verified for it."""
    verified = verified_of(subject)
    if verified is not None and verified.location is not None:
        _socket_of(subject).end_with(Lifetime(verified))


def _socket_of(subject: Subject) -> OpenSocket:
    socket: OpenSocket | None = note_of(subject, _NOTE)
    if socket is None:
        socket = OpenSocket()
        note(subject, _NOTE, socket)
    return socket
