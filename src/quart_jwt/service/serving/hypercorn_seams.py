"""
Everything of Hypercorn that the service relies on and that is not documented.

* ``H11Protocol`` is extended and put in the place where Hypercorn looks for it
  (``http1``): it has no setting for either of the two.
* ``Config.create_sockets`` is called and extended (``binding``, ``listeners``), because
  sockets are bound before Hypercorn runs, and connections have to be counted.
* ``TCPServer`` is extended and put in the place where Hypercorn looks for it
  (``listeners``): connections are counted, and told to close.
* ``LifespanFailureError`` and ``LifespanTimeoutError`` say why a start has failed.

``check_hypercorn`` runs at the start of every process that serves.
"""

import hypercorn.asyncio.run
import hypercorn.protocol
import hypercorn.utils
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config
from hypercorn.config import Sockets
from hypercorn.events import Closed
from hypercorn.events import Event
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream
from hypercorn.utils import LifespanFailureError
from hypercorn.utils import LifespanTimeoutError

from quart_jwt.seams import require
from quart_jwt.seams import Seam

__all__ = [
    "Closed",
    "Event",
    "H11Protocol",
    "LifespanFailureError",
    "LifespanTimeoutError",
    "Sockets",
    "StreamEvent",
    "TCPServer",
    "WSStream",
    "check_hypercorn",
    "serve_connections_with",
    "serve_http1_with",
]

SEAMS = (
    Seam(hypercorn.protocol, "H11Protocol"),
    Seam(hypercorn.protocol.ProtocolWrapper, "__init__", names=("H11Protocol",)),
    Seam(H11Protocol, "__init__", names=("config", "send", "stream")),
    Seam(WSStream, "__init__", names=("closed",)),
    Seam(H11Protocol, "handle", ("event",)),
    Seam(H11Protocol, "stream_send", ("event",)),
    Seam(H11Protocol, "_check_protocol", ("event",)),
    Seam(H11Protocol, "_send_error_response", ("status_code",)),
    Seam(Config, "create_sockets"),
    Seam(hypercorn.asyncio.run, "TCPServer"),
    Seam(
        TCPServer,
        "__init__",
        ("app", "loop", "config", "context", "state", "reader", "writer"),
    ),
    Seam(hypercorn.utils, "LifespanFailureError"),
    Seam(hypercorn.utils, "LifespanTimeoutError"),
)


def check_hypercorn() -> None:
    """
    Check that this Hypercorn has what is relied on.

    Raises:
        IncompatibleDependencyError: It has not.
    """
    require("Hypercorn", SEAMS)


def serve_http1_with(protocol: type[H11Protocol]) -> None:
    """Let the Hypercorn of this process serve HTTP/1 connections with a protocol."""
    hypercorn.protocol.H11Protocol = protocol  # type: ignore[attr-defined] # imported there


def serve_connections_with(connection: type[TCPServer]) -> None:
    """Let the Hypercorn of this process handle its connections with a class."""
    hypercorn.asyncio.run.TCPServer = connection  # type: ignore[attr-defined] # imported there
