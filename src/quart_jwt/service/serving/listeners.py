"""
Listening sockets that can be left without a failed request, and their connections.

A ``ListeningConfig`` knows which of its connections are still open, and it lets go of
its address while they go on. Hypercorn offers neither. Both work through asyncio's
streams and servers alone, and so on every event loop.
"""

import asyncio
import select
import socket
from asyncio import AbstractServer
from asyncio import StreamReader
from asyncio import StreamWriter
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from contextlib import suppress
from typing import Any
from typing import cast

from hypercorn.config import Config

from quart_jwt.service.serving.hypercorn_seams import Sockets
from quart_jwt.service.serving.hypercorn_seams import TCPServer

UNREAD_MS = 30_000
"""How long an answer may wait, in milliseconds, for a client that reads nothing."""

TURNS = 8
"""Turns of the event loop from the accept of a connection to the task that serves it:
its transport is made, its protocol, the task."""


class ListeningConfig(Config):
    """
    Hypercorn's configuration, with servers that can be closed early.

    Attributes:
        listening: Set when the application has started and connections are
            about to be taken: only then does Hypercorn ask for its sockets.
    """

    def __init__(self) -> None:
        super().__init__()
        self.listening: asyncio.Event = asyncio.Event()
        self._sockets = Sockets([], [], [])
        self._servers: list[AbstractServer] = []
        self._open: dict[StreamWriter, StreamReader] = {}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "ListeningConfig":
        """Make one of Hypercorn's settings by their names."""
        return cast("ListeningConfig", cls.from_mapping(values))

    def create_sockets(self) -> Sockets:
        """Same as Hypercorn's, but the servers made from now on are remembered."""
        self._sockets = super().create_sockets()
        self._remember_servers(asyncio.get_running_loop())
        self.listening.set()
        return self._sockets

    def _remember_servers(self, loop: asyncio.AbstractEventLoop) -> None:
        # Hypercorn keeps its servers to itself, and ends only with all connections.
        create = loop.create_server

        async def create_server(*args: Any, **named: Any) -> AbstractServer:
            server: AbstractServer = await create(*args, **named)
            self._servers.append(server)
            return server

        loop.create_server = create_server  # type: ignore[method-assign, assignment] # for this loop alone

    @contextmanager
    def connected(self, reader: StreamReader, writer: StreamWriter) -> Iterator[None]:
        """Count a connection as open meanwhile, and give it an end."""
        connection = writer.get_extra_info("socket")
        if hasattr(socket, "TCP_USER_TIMEOUT") and connection.family != socket.AF_UNIX:
            # The kernel's own limit (tcp(7)): Hypercorn waits for a reader for ever.
            with suppress(OSError):  # it has just been reset
                connection.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS
                )
        self._open[writer] = reader
        try:
            yield
        finally:
            del self._open[writer]

    @property
    def open_connections(self) -> int:
        """How many connections are still open."""
        return len(self._open)

    @property
    def has_clients(self) -> bool:
        """
        Whether a client can still send a request.

        Hypercorn keeps a connection until its idle time is over, although the
        client has closed it long ago.
        """
        return any(
            not (reader.at_eof() or reader.exception() or writer.is_closing())
            for writer, reader in self._open.items()
        )

    async def let_go(self) -> None:
        """
        Accept what has connected already, and nothing from then on.

        This process keeps no hold on the address: once every process has let
        go, clients are refused instead of left waiting.
        """
        for _ in range(self.backlog):
            await asyncio.sleep(0)
            if not self._is_awaited():
                break
        loop = asyncio.get_running_loop()
        for bound in self._bound:
            # asyncio fails on what it accepts in the turn before its server is closed.
            loop.remove_reader(bound)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        for server in self._servers:
            server.close()
        # uvloop has accepted until now: let the last of those connections count.
        for _ in range(TURNS):
            await asyncio.sleep(0)

    @property
    def _bound(self) -> list[socket.socket]:
        return [*self._sockets.secure_sockets, *self._sockets.insecure_sockets]

    def _is_awaited(self) -> bool:
        """Whether a connection waits to be accepted."""
        # uvloop accepts one connection in each turn, asyncio as many as there are.
        waiting = select.poll()
        for bound in self._bound:
            waiting.register(bound, select.POLLIN)
        return waiting.poll(0) != []

    def cut_off(self) -> int:
        """Abort what is still open, and return how many those were."""
        for writer in self._open:
            writer.transport.abort()
        return len(self._open)


class Connection(TCPServer):
    """Same as Hypercorn's, but its configuration knows that it is open."""

    async def run(self) -> None:
        """Serve the connection to its end."""
        if not isinstance(self.config, ListeningConfig):  # plain Hypercorn's
            await super().run()
            return
        with self.config.connected(self.reader, self.writer):
            await super().run()
