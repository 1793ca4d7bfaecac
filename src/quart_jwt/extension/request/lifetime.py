"""
How long a token may keep something open, and streamed responses, which end with it.

A token is verified when a request begins. After that its expiry is a timer, and its
revocation comes from the session store's feed, without polling. Websockets are in
``open_socket``.
"""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any
from typing import Self

from quart import Response

from quart_jwt.extension.request.current import current_binding
from quart_jwt.extension.request.current import Verified
from quart_jwt.extension.request.current import verified_of
from quart_jwt.extension.request.subject import Subject
from quart_jwt.extension.sessions.claims import token_ref


class Lifetime:
    """
    How long the token of a request may keep something open.

    Args:
        verified: What the request relies on; its token has passed just now.

    Attributes:
        left_s: Seconds until it expires; None for never.
        reason: Why it is over, once it is.
    """

    def __init__(self, verified: Verified) -> None:
        jwt, self._settings = current_binding()
        self._claims = verified.claims
        self._is_used_up = verified.is_used_up
        self.reason: str = "Token has expired"
        expires = self._claims.get("exp")
        leeway_s = self._settings.expectation_of(self._claims).leeway_s
        self.left_s: float | None = None
        if expires is not None:
            self.left_s = max(0.0, int(expires) + leeway_s - jwt.clock())

    def watch(self, revoked: Callable[[], object]) -> Callable[[], None]:
        """
        Have a function called when the token is revoked in the session store.

        Returns:
            What stops watching.
        """

        def is_over() -> None:
            self.reason = "Token has been revoked"
            revoked()

        sessions = self._settings.sessions
        if sessions is None:
            return lambda: None
        token = token_ref(self._claims, self._settings)
        if self._is_used_up:  # its use was its revocation; its user's still counts
            token = replace(token, jti=None)
        return sessions.watch(token, is_over)


def end_with_token(subject: Subject, response: Any) -> Any:
    """
    Let a streamed response end with the token that has opened it.

    Files and whole bodies are sent to their end; ``JWT_END_STREAMS_WITH_TOKEN = False``
    does the same for streams.
    """
    if not isinstance(response, Response):
        return response
    body = response.response
    if not isinstance(body, response.iterable_body_class):
        return response
    verified = verified_of(subject)
    if verified is None or verified.location is None:
        return response
    if current_binding()[1].end_streams_with_token:
        response.response = EndingBody(body, Lifetime(verified))  # type: ignore[assignment] # Quart says what it asks of a body
    return response


class EndingBody:
    """
    A streamed body that ends when its token does.

    Args:
        body: The stream.
        lifetime: How long it may go on.
    """

    def __init__(self, body: Any, lifetime: Lifetime) -> None:
        self._body = body
        self._lifetime = lifetime
        self._waiting: asyncio.Timeout | None = None
        self._ends_at: float | None = None
        self._stop_watching: Callable[[], None] = lambda: None
        if lifetime.left_s is not None:
            self._ends_at = asyncio.get_running_loop().time() + lifetime.left_s

    async def __aenter__(self) -> Self:
        self._pieces: AsyncIterator[Any] = aiter(await self._body.__aenter__())
        self._stop_watching = self._lifetime.watch(self._end_now)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop_watching()
        await self._body.__aexit__(kind, error, traceback)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        if self._is_over():
            raise StopAsyncIteration
        # Around one piece only: while it is sent, a cancellation would be the server's.
        deadline = asyncio.timeout_at(self._ends_at)
        try:
            async with deadline:
                self._waiting = deadline
                return await anext(self._pieces)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise StopAsyncIteration from None
        finally:
            self._waiting = None

    def _is_over(self) -> bool:
        now = asyncio.get_running_loop().time()
        return self._ends_at is not None and self._ends_at <= now

    def _end_now(self) -> None:
        self._ends_at = asyncio.get_running_loop().time()
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(self._ends_at)
