"""
Assertions about an app's routes: one by asking it, all by reading what protects them.
"""

from collections.abc import Iterable
from typing import Any

from quart import Quart
from quart.testing import WebsocketResponseError

from quart_jwt.extension.protection import open_routes
from quart_jwt.extension.protection import WEBSOCKET
from quart_jwt.testing.sign_in import auth_headers
from quart_jwt.testing.sign_in import Fault

ALWAYS_REFUSED: tuple[Fault, ...] = ("expired", "wrong_type", "wrong_key")
"""Faults that no app accepts; whether a token was revoked is for its hook to say."""

REFUSALS = frozenset({400, 401, 403, 422})

SWITCHED = 101
"""RFC 6455 §4.2.2: the handshake was accepted."""


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
    app: Quart, *, allow: Iterable[str] = (), trust: Iterable[str] = ()
) -> None:
    """
    Assert what ``quart-jwt routes --fail-open`` asserts.

    Args:
        app: The app.
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
        raise AssertionError(f"Open, and not allowed to be: {names}")


async def _status(app: Quart, method: str, path: str, headers: dict[str, str]) -> int:
    client: Any = app.test_client()  # its protocol knows fewer ways to call it
    if method != WEBSOCKET:
        response = await client.open(path, method=method, headers=headers)
        return int(response.status_code)
    try:
        async with client.websocket(path, headers=headers) as socket:
            await socket.receive()
    except WebsocketResponseError as refusal:
        return refusal.response.status_code
    return SWITCHED
