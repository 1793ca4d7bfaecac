"""The names that the tests of the extension share."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

from quart import Quart
from quart.typing import TestClientProtocol

SECRET = "a secret that is long enough for HS512: 0123456789abcdef0123456789ab"

MakeApp = Callable[..., Quart]
Mint = Callable[..., Awaitable[dict[str, str]]]
Client = TestClientProtocol


def closing_code(app: Quart) -> asyncio.Future[int]:
    """Give the code with which an app is going to close a websocket."""
    code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    asgi_app = app.asgi_app

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def watching(event: Any) -> None:
            if event["type"] == "websocket.close" and not code.done():
                code.set_result(event["code"])
            await send(event)

        await asgi_app(scope, receive, watching)

    app.asgi_app = watched  # type: ignore[method-assign] # as Quart's docs do
    return code
