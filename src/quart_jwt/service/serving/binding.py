"""
Binding: the first thing that a start does, before anything is made.

A port in use is then one sentence and not a half-made service. Bound sockets are
handed on by their descriptors, to Hypercorn in this process or to workers.
"""

import errno
import socket
from contextlib import ExitStack

from hypercorn.config import Config

from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.serving.hypercorn_seams import Sockets

ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to show, not to bind


def bound_sockets(config: Config, cleanup: ExitStack) -> Sockets:
    """
    Bind and listen, so that a client that reads the address can connect.

    Args:
        config: Says where.
        cleanup: Closes the sockets that are not handed on.

    Raises:
        StartError: An address is taken, not ours, or no address at all.
    """
    try:
        sockets = Config.create_sockets(config)
        for bound in streams(sockets):
            bound.listen(config.backlog)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        in_use = getattr(error, "errno", None) == errno.EADDRINUSE
        raise StartError(
            f"cannot listen on {', '.join(config.bind)}: {reason}"
            + ("; --port takes another one" if in_use else "")
        ) from error
    for bound in [*streams(sockets), *sockets.quic_sockets]:
        cleanup.callback(bound.close)
    return sockets


def streams(sockets: Sockets) -> list[socket.socket]:
    """Return the TCP and Unix sockets, those with TLS first."""
    return [*sockets.secure_sockets, *sockets.insecure_sockets]


def hand_over(sockets: Sockets, config: Config) -> None:
    """Let Hypercorn take the bound sockets by their descriptors."""
    plain = [f"fd://{bound.detach()}" for bound in sockets.insecure_sockets]
    if config.ssl_enabled:
        config.bind = [f"fd://{bound.detach()}" for bound in sockets.secure_sockets]
        config.insecure_bind = plain
        config.quic_bind = [f"fd://{bound.detach()}" for bound in sockets.quic_sockets]
    else:
        config.bind = plain


def address_of(sockets: Sockets) -> str:
    """Return the URL of the first bound socket, or ``unix:`` and its path."""
    bound = streams(sockets)[0]
    if bound.family not in {socket.AF_INET, socket.AF_INET6}:
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    host = ANY_HOST.get(host, host)
    scheme = "https" if sockets.secure_sockets else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
