"""Asking an ASGI application one question, without a server."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes


async def ask(
    app: Any,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    peer: tuple[str, int] | None = ("127.0.0.1", 1),
    query: str = "",
    kind: str = "http",
) -> Reply:
    """Send one request without a body; a websocket has to be answered by HTTP."""
    scope = scope_of(path, method, headers, peer, query, kind)
    sent = await asgi_call(app, scope, {"type": "http.request", "body": b""})
    start, *bodies = sent
    return Reply(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(message.get("body", b"") for message in bodies),
    )


async def asgi_call(app: Any, scope: dict[str, Any], *events: Any) -> list[Any]:
    """
    Call an ASGI application and give it events; the client leaves when it is answered.

    Args:
        app: The application.
        scope: What it is called with.
        *events: What the client sends.

    Returns:
        The events that the application sent.
    """
    sent: list[Any] = []
    left = list(events)
    answered = asyncio.Event()

    async def receive() -> Any:
        if left:
            return left.pop(0)
        await answered.wait()
        return {"type": f"{scope['type']}.disconnect"}

    async def send(event: Any) -> None:
        sent.append(event)
        if event["type"].endswith((".body", ".close")) and not event.get("more_body"):
            answered.set()

    await app(scope, receive, send)
    return sent


async def hang_up(
    app: Any, path: str, *, headers: Mapping[str, str], when: Awaitable[object]
) -> None:
    """Send one POST, and go away without an answer once ``when`` has come about."""
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await when
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        """Nobody is there to hear it."""

    await app(scope_of(path, "POST", headers), receive, send)


def scope_of(
    path: str,
    method: str,
    headers: Mapping[str, str] | None,
    peer: tuple[str, int] | None = ("127.0.0.1", 1),
    query: str = "",
    kind: str = "http",
) -> dict[str, Any]:
    """The ASGI scope of a request."""
    scope: dict[str, Any] = {
        "type": kind,
        "http_version": "1.1",
        "asgi": {"spec_version": "2.3"},
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (name.lower().encode(), value.encode("latin-1"))
            for name, value in (headers or {}).items()
        ],
        "client": peer,
        "server": ("127.0.0.1", 80),
        "extensions": {"websocket.http.response": {}},
    }
    if kind == "http":
        scope["method"] = method
    return scope
