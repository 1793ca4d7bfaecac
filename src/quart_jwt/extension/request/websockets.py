"""
A websocket lives as long as its token.

The handshake is verified like a request; after that nobody looks at the token
again, so its end has to end the connection.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from quart import websocket

from quart_jwt.extension.request.current import current_manager
from quart_jwt.extension.request.current import get_jwt

T = TypeVar("T")

POLICY_VIOLATION = 1008
"""RFC 6455 §7.4.1; browsers get no better code for "not any more"."""


async def close_at_expiry(handler: Awaitable[T]) -> T | None:
    """
    Run a websocket handler until it returns or its token expires.

    The socket is closed whether or not the handler lets itself be cancelled.

    Args:
        handler: The handler, called; cancelled at the token's expiry.
    """
    left_s = _seconds_left()
    if left_s is None:
        return await handler
    closing = asyncio.create_task(_close_in(left_s))
    deadline = asyncio.timeout(left_s)
    try:
        async with deadline:
            return await handler
    except TimeoutError:
        if not deadline.expired():
            raise
        return None
    finally:
        if deadline.expired():
            await closing  # also for a handler that was cancelled and just returned
        else:
            closing.cancel()


async def _close_in(seconds: float) -> None:
    await asyncio.sleep(seconds)
    await websocket.close(POLICY_VIOLATION, "Token has expired")


def _seconds_left() -> float | None:
    expires = get_jwt().get("exp")
    if expires is None:
        return None
    jwt = current_manager()
    return max(0.0, int(expires) + jwt.settings.leeway - jwt.clock())
