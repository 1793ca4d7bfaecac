"""
HTTP/1.1 on a connection: Hypercorn's, without what a stranger can hold open.

HTTP/2 is spoken only where ``alpn_protocols`` says so, on clear text as well: Hypercorn
switches to it for any client, and then a stream whose response is not read has no time
limit, and one bad ``:path`` ends all streams of its connection.
"""

from http import HTTPStatus

import h11

from quart_jwt.service.serving.hypercorn_seams import check_hypercorn
from quart_jwt.service.serving.hypercorn_seams import Closed
from quart_jwt.service.serving.hypercorn_seams import Event
from quart_jwt.service.serving.hypercorn_seams import H11Protocol
from quart_jwt.service.serving.hypercorn_seams import serve_connections_with
from quart_jwt.service.serving.hypercorn_seams import serve_http1_with
from quart_jwt.service.serving.hypercorn_seams import StreamEvent
from quart_jwt.service.serving.hypercorn_seams import WSStream
from quart_jwt.service.serving.listeners import Connection

HTTP_2 = "h2"

IN_A_HANDSHAKE = frozenset(
    {b"connection", b"sec-websocket-extensions", b"sec-websocket-protocol"}
)
"""Headers that Hypercorn reads as ASCII; it ends with a traceback if they are not."""


class BadHandshakeError(Exception):
    """Raised when a handshake cannot be read."""


class Http1(H11Protocol):
    """Same as Hypercorn's, but it keeps to the settings and ends what is over."""

    async def handle(self, event: Event) -> None:
        """
        Same as Hypercorn's, but a handshake that it has refused ends the connection.

        It would stay open, without a time limit, until the client closes it.
        """
        try:
            await super().handle(event)
        except BadHandshakeError:
            await self._send_error_response(HTTPStatus.BAD_REQUEST)
            await self.send(Closed())
        if isinstance(self.stream, WSStream) and self.stream.closed:
            await self.send(Closed())

    async def stream_send(self, event: StreamEvent) -> None:
        """Same as Hypercorn's, but a client that has read nothing for long is gone."""
        try:
            await super().stream_send(event)
        except TimeoutError:  # of the socket; see listeners.UNREAD_MS
            await self.handle(Closed())

    async def _check_protocol(self, event: h11.Request) -> None:
        """Let a client switch to HTTP/2 only where it is allowed (RFC 9110 §7.8), and
        refuse a handshake that is not ASCII (RFC 6455 §4.1).
        """
        names = {name for name, value in event.headers if not value.isascii()}
        if names & IN_A_HANDSHAKE:
            raise BadHandshakeError
        if HTTP_2 in self.config.alpn_protocols:
            await super()._check_protocol(event)


def install() -> None:
    """
    Let this process's Hypercorn serve its connections so.

    Raises:
        IncompatibleDependencyError: This Hypercorn has no place for it.
    """
    check_hypercorn()
    serve_http1_with(Http1)
    serve_connections_with(Connection)
