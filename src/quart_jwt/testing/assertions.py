"""
Assertions about an app's routes: one by asking it, all by reading what protects them.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from quart import Quart

from quart_jwt.extension.protection import open_routes
from quart_jwt.extension.protection import WEBSOCKET
from quart_jwt.testing.sign_in import auth_headers
from quart_jwt.testing.sign_in import Fault

ALWAYS_REFUSED: tuple[Fault, ...] = ("expired", "wrong_type", "wrong_key")
"""Faults that no app accepts; whether a token was revoked is for its hook to say."""

REFUSALS = frozenset({400, 401, 403, 422})

SWITCHED = 101
"""RFC 6455 §4.2.2: the handshake was accepted."""

FORBIDDEN = 403


async def assert_protected(
    app: Quart,
    path: str,
    *,
    method: str = "GET",
    refresh: bool = False,
    fresh: bool = False,
) -> None:
    """
    Assert that a route refuses who has no token, and whose token does not count.

    Each request is sent to the app: a view that is not protected does run.

    Args:
        app: The app.
        path: The path of the route.
        method: The request method; ``"WEBSOCKET"`` for a handshake.
        refresh: Whether it takes refresh tokens.
        fresh: Whether it takes fresh tokens only.

    Raises:
        AssertionError: It answered one of them with something else than a refusal.
    """
    presented: dict[str, dict[str, str]] = {"no token": {}}
    for fault in ALWAYS_REFUSED:
        headers = await auth_headers(app, refresh=refresh, fresh=True, fault=fault)
        presented[f"a token with the fault {fault!r}"] = headers
    if fresh:
        presented["a token that is not fresh"] = await auth_headers(app)
    for what, headers in presented.items():
        status = await _status(app, method, path, headers)
        if status not in REFUSALS:
            raise AssertionError(f"{method} {path} answered {status} to {what}")


def assert_no_open_routes(
    app: Any, *, allow: Iterable[str] = (), trust: Iterable[str] = ()
) -> None:
    """
    Assert what ``quart-jwt routes --fail-on-open`` asserts.

    Args:
        app: The app: Quart's, or a Flask app of ``quart_jwt.flask``.
        allow: Shell patterns of what may be open: paths, methods with paths, or
            endpoints.
        trust: Functions that call ``verify_jwt_in_request`` and refuse requests
            without a token, by module and name.

    Raises:
        AssertionError: Other routes are open, too; names them.
    """
    found = open_routes(app, allow=allow, trust=frozenset(trust))
    if found:
        names = ", ".join(f"{route.method} {route.path}" for route in found)
        raise AssertionError(f"Open routes that are not allowed: {names}")


async def _status(app: Quart, method: str, path: str, headers: dict[str, str]) -> int:
    client: Any = app.test_client()  # its protocol knows fewer ways to call it
    if method != WEBSOCKET:
        response = await client.open(path, method=method, headers=headers)
        return int(response.status_code)
    client.websocket_connection_class = _Handshake
    handshake: _Handshake = client.websocket(path, headers=headers)
    return await handshake.status()


class _Handshake:
    """A websocket client that leaves as soon as its handshake has been answered."""

    def __init__(self, app: Quart, scope: Any) -> None:
        self._app = app
        self._scope = scope
        self._status = FORBIDDEN  # ASGI: what a close before accept means
        self._answered = asyncio.Event()
        self._events = iter(("websocket.connect",))

    async def status(self) -> int:
        await self._app(self._scope, self._receive, self._send)
        return self._status

    async def _receive(self) -> Any:
        for event in self._events:
            return {"type": event}
        await self._answered.wait()
        return {"type": "websocket.disconnect"}

    async def _send(self, event: Any) -> None:
        if self._answered.is_set():
            return
        if event["type"] == "websocket.accept":
            self._status = SWITCHED
        elif event["type"] == "websocket.http.response.start":
            self._status = event["status"]
        self._answered.set()
