"""
The outermost layer: what must hold for every response.

It stands outside Quart because Quart cannot do these five: refuse a request
target that Quart itself fails on, or a request with two lengths, stop buffering a
body that is too long, put headers on answers to websocket handshakes, and give a
JSON 500 when everything else has failed.
"""

import asyncio
import json
import logging
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from hypercorn.typing import ASGIFramework
from hypercorn.typing import ASGIReceiveCallable
from hypercorn.typing import ASGIReceiveEvent
from hypercorn.typing import ASGISendCallable
from hypercorn.typing import ASGISendEvent
from hypercorn.typing import Scope

from quart_jwt.building_blocks import answer_unread

logger: logging.Logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024
"""A login needs some 1.5 KiB at most."""

SECURITY_HEADERS = [
    # RFC 6749 §5.1: answers with tokens are stored by no cache
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
    (b"vary", b"Authorization, Cookie"),
    (b"x-content-type-options", b"nosniff"),
]
_BY_ORIGIN = [
    (name, value + b", Origin" if name == b"vary" else value)
    for name, value in SECURITY_HEADERS
]
FOR_EVERYBODY = "/.well-known/"
"""RFC 8615; what stands there is the same for all, and may say that it is public."""

_HOST = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]{2,45}\]|[\w-]{1,63}(?:\.[\w-]{1,63}){0,126}\.?|)(?::[0-9]{0,5})?",
    re.ASCII,
)
_OURS = {name for name, _ in SECURITY_HEADERS}
_STARTS = {"http.response.start", "websocket.http.response.start"}


class AsgiGuard:
    """
    Wraps an ASGI application.

    Args:
        app: The application.
        by_origin: Whether answers also differ by the origin of the page that asks.
    """

    def __init__(self, app: ASGIFramework, *, by_origin: bool = False) -> None:
        self._app = app
        self._headers = _BY_ORIGIN if by_origin else SECURITY_HEADERS

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        started = False
        answered = asyncio.Event()
        is_for_everybody = scope["path"].startswith(FOR_EVERYBODY)

        async def guarded_send(event: ASGISendEvent) -> None:
            nonlocal started
            if event["type"] in _STARTS:
                started = True
                _add_headers(event, self._headers, for_everybody=is_for_everybody)
            await send(event)
            if event["type"] == "websocket.http.response.body":
                answered.set()

        if not _is_request(scope["path"], scope["headers"]):
            refusing = _refuse(scope, guarded_send, 400, "bad_request", "Bad Request")
            await answer_unread(scope, receive, refusing)
            return
        if scope["type"] == "http":
            receive = _cut_off(receive)
        else:
            receive = _leaving(receive, answered)
        try:
            await self._app(scope, receive, guarded_send)
        except Exception:
            # No handler is left; the client must still get the usual error format.
            logger.exception("a request failed outside of its handlers")
            if started:
                raise
            refusing = _refuse(
                scope, guarded_send, 500, "internal_error", "Internal Server Error"
            )
            await answer_unread(scope, receive, refusing)


def _is_request(path: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """
    Say whether a request can be routed, in one pass over its headers.

    Werkzeug encodes the Host header (RFC 9110 §7.2) by IDNA, which raises for empty and
    for long labels. With two lengths, one server's body is another one's next request
    (RFC 9112 §6.3).
    """
    if not path.startswith("/") and not is_target(path):
        return False
    has_length = has_encoding = False
    for name, value in headers:
        if name == b"host":
            if _HOST.fullmatch(value) is None:
                return False
        elif name == b"content-length":
            has_length = True
        elif name == b"transfer-encoding":
            has_encoding = True
    return not (has_length and has_encoding)


def is_target(path: str) -> bool:
    """
    Say whether a request target can be routed.

    RFC 9112 §3.2: origin form, or absolute form as proxies send it; ``*`` and
    authority form mean nothing here.
    """
    if path.startswith("/"):
        return True
    try:
        parts = urlsplit(path)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.path.startswith("/")


def _cut_off(receive: ASGIReceiveCallable) -> ASGIReceiveCallable:
    """
    End a body at the event with which it is too long, and drop the rest.

    Quart sees that it is too long and answers 413. From 0.23 on, Quart looks only when
    the whole body is there, and keeps all of it in memory until then.
    """
    left = MAX_BODY_BYTES

    async def receive_cut_off() -> ASGIReceiveEvent:
        nonlocal left
        event = await receive()
        while left < 0 and event["type"] == "http.request":
            event = await receive()
        if event["type"] == "http.request":
            left -= len(event.get("body", b""))
            if left < 0:
                event["more_body"] = False
        return event

    return receive_cut_off


def _leaving(
    receive: ASGIReceiveCallable, answered: asyncio.Event
) -> ASGIReceiveCallable:
    """
    Let the client of a handshake leave when it is answered: no route takes websockets.

    From 0.23 on, Quart returns only when the client has left, and Hypercorn closes
    the connection of a refused handshake only when Quart has returned.
    """
    connected = False

    async def receive_leaving() -> ASGIReceiveEvent:
        nonlocal connected
        if not connected:
            connected = True
            return await receive()
        await answered.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    return receive_leaving


def _add_headers(
    event: ASGISendEvent, ours: list[tuple[bytes, bytes]], *, for_everybody: bool
) -> None:
    headers = event["headers"]  # type: ignore[typeddict-item] # the two in _STARTS have it
    if for_everybody and _may_be_kept(headers):
        event["headers"] = [*headers, SECURITY_HEADERS[-1]]  # type: ignore[typeddict-unknown-key]
        return
    kept = [pair for pair in headers if pair[0].lower() not in _OURS]
    event["headers"] = [*kept, *ours]  # type: ignore[typeddict-unknown-key]


def _may_be_kept(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an answer says itself that caches may keep it: our public keys do."""
    return any(
        bytes(name).lower() == b"cache-control" and bytes(value).startswith(b"public")
        for name, value in headers
    )


async def _refuse(
    scope: Scope, send: ASGISendCallable, status: int, code: str, message: str
) -> None:
    prefix = "websocket.http" if scope["type"] == "websocket" else "http"
    body = json.dumps({"msg": message, "code": code}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if scope.get("http_version") == "1.1":
        headers.append((b"connection", b"close"))  # what follows is not to be trusted
    start = {
        "type": f"{prefix}.response.start",
        "status": status,
        "headers": headers,
    }
    end = {"type": f"{prefix}.response.body", "body": body, "more_body": False}
    await send(start)  # type: ignore[arg-type] # the type is one of two literals
    await send(end)  # type: ignore[arg-type] # the same
