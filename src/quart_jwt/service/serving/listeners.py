"""
Listening sockets that can be left without a failed request.

A ``Listener`` knows which of its connections are still open, and it lets go of
its address while they go on. Hypercorn offers neither.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping
from typing import Any
from typing import cast
from weakref import WeakSet

from hypercorn.config import Config

from quart_jwt.service.serving.hypercorn_seams import Sockets

UNREAD_MS = 30_000
"""How long an answer may wait, in milliseconds, for a client that reads nothing."""


class Listener(socket.socket):
    """
    A listening socket that remembers the connections which it has given out.

    Args:
        bound: A bound stream socket; its descriptor moves into this object.
    """

    def __init__(self, bound: socket.socket) -> None:
        super().__init__(bound.family, bound.type, bound.proto, fileno=bound.detach())
        self._given: WeakSet[socket.socket] = WeakSet()

    def accept(self) -> tuple[socket.socket, Any]:
        """Same as a socket's, but the connection is remembered, and has an end."""
        connection, address = super().accept()
        self._given.add(connection)
        if hasattr(socket, "TCP_USER_TIMEOUT") and self.family != socket.AF_UNIX:
            # The kernel's own limit (tcp(7)): Hypercorn waits for a reader for ever.
            connection.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS
            )
        return connection, address

    @property
    def open_connections(self) -> list[socket.socket]:
        """The connections that nobody has closed yet."""
        return [one for one in self._given if one.fileno() >= 0]

    async def let_go(self) -> None:
        """
        Accept what has connected already, and nothing from then on.

        This process keeps no hold on the address: once every process has let
        go, clients are refused instead of left waiting. asyncio's server owns
        the descriptor and will close it, so something has to stand there.
        """
        for _ in range(2):  # one turn of the loop finds them, the next accepts
            await asyncio.sleep(0)
        asyncio.get_running_loop().remove_reader(self.fileno())
        with socket.socket(self.family, self.type) as unbound:
            os.dup2(unbound.fileno(), self.fileno(), inheritable=False)


class ListeningConfig(Config):
    """
    Hypercorn's configuration, with listeners of ours.

    Attributes:
        listening: Set when the application has started and connections are
            about to be taken: only then does Hypercorn ask for its sockets.
    """

    def __init__(self) -> None:
        super().__init__()
        self.listening: asyncio.Event = asyncio.Event()
        self._listeners: list[Listener] = []

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "ListeningConfig":
        """Make one of Hypercorn's settings by their names."""
        return cast("ListeningConfig", cls.from_mapping(values))

    def create_sockets(self) -> Sockets:
        """Same as Hypercorn's, but with listeners."""
        sockets = super().create_sockets()
        secure = [Listener(one) for one in sockets.secure_sockets]
        plain = [Listener(one) for one in sockets.insecure_sockets]
        self._listeners = [*secure, *plain]
        self.listening.set()
        return Sockets([*secure], [*plain], sockets.quic_sockets)

    @property
    def open_connections(self) -> list[socket.socket]:
        """The connections that nobody here has closed yet."""
        return [one for each in self._listeners for one in each.open_connections]

    @property
    def has_clients(self) -> bool:
        """
        Whether somebody may still send a request.

        Hypercorn keeps a connection until its idle time is over, although the
        client has closed it long ago.
        """
        return any(_may_send(one) for one in self.open_connections)

    async def let_go(self) -> None:
        """Accept nothing from now on."""
        for listener in self._listeners:
            await listener.let_go()

    def cut_off(self) -> int:
        """Shut what is still open, and return how many those were."""
        late = self.open_connections
        for connection in late:
            with contextlib.suppress(OSError):  # closed by the client meanwhile
                connection.shutdown(socket.SHUT_RDWR)
        return len(late)


def _may_send(connection: socket.socket) -> bool:
    """Say whether a connection's client has not closed its side."""
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
