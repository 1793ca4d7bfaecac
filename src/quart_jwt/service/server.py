"""
Serving: Hypercorn in this process, from the bound socket to the last answer.

The socket is bound before anything else is done, so that a port in use is one
sentence and not a half-made service. SIGTERM and SIGINT end the service
gracefully; a second one ends it at once.
"""

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack

import hypercorn.asyncio
from hypercorn.config import Config
from hypercorn.config import Sockets
from hypercorn.utils import LifespanFailureError

from quart_jwt.service.app import create_app
from quart_jwt.service.demo import DemoAccount
from quart_jwt.service.demo import ensure_demo
from quart_jwt.service.errors import StartError
from quart_jwt.service.resources import opened_accounts
from quart_jwt.service.settings import Settings
from quart_jwt.service.signing_keys import prepare_keys

Announce = Callable[[str, DemoAccount], None]

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to show, not to bind


async def serve(
    settings: Settings,
    config: Config,
    *,
    announce: Announce,
    stop: asyncio.Event | None = None,
) -> None:
    """
    Serve until a signal, or ``stop``, says that it is enough.

    Args:
        settings: What the operator wants.
        config: How to serve; its binds are replaced by the bound sockets.
        announce: Called with the address once connections are taken.
        stop: Ends the service when set.

    Raises:
        StartError: The address cannot be bound or the database not opened.
    """
    stop = stop or asyncio.Event()
    with ExitStack() as cleanup:
        sockets = _bound_sockets(config)
        for bound in _all(sockets):
            cleanup.callback(bound.close)
        demo = await _first_start(settings)
        app = create_app(settings)
        address = _address(_all(sockets)[0], secure=config.ssl_enabled)
        cleanup.callback(_follow_signals(stop))
        _hand_over(sockets, config)
        announce(address, demo)
        try:
            await hypercorn.asyncio.serve(app, config, shutdown_trigger=stop.wait)
        except LifespanFailureError as error:
            raise StartError(f"the service could not start: {error}") from error


def _bound_sockets(config: Config) -> Sockets:
    """Bind and listen, so that a client that reads the address can connect."""
    try:
        sockets = config.create_sockets()
        for bound in _streams(sockets):
            bound.listen(config.backlog)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StartError(
            f"cannot listen on {', '.join(config.bind)}: {reason}"
        ) from error
    return sockets


def _streams(sockets: Sockets) -> list[socket.socket]:
    return [*sockets.secure_sockets, *sockets.insecure_sockets]


def _all(sockets: Sockets) -> list[socket.socket]:
    return [*_streams(sockets), *sockets.quic_sockets]


def _hand_over(sockets: Sockets, config: Config) -> None:
    """Let Hypercorn take the bound sockets by their descriptors."""
    plain = [f"fd://{bound.detach()}" for bound in sockets.insecure_sockets]
    if config.ssl_enabled:
        config.bind = [f"fd://{bound.detach()}" for bound in sockets.secure_sockets]
        config.insecure_bind = plain
        config.quic_bind = [f"fd://{bound.detach()}" for bound in sockets.quic_sockets]
    else:
        config.bind = plain


def _address(bound: socket.socket, *, secure: bool) -> str:
    """Return the URL of a bound socket, or ``unix:`` and its path."""
    if bound.family not in {socket.AF_INET, socket.AF_INET6}:
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    host = ANY_HOST.get(host, host)
    scheme = "https" if secure else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def _first_start(settings: Settings) -> DemoAccount:
    """Open the database once before serving; make what is to be there."""
    await prepare_keys(settings)
    path = settings.storage.database_path
    async with opened_accounts(path, settings.hash_cost) as (accounts, passwords):
        return await ensure_demo(accounts, passwords, settings.storage.mode)


def _follow_signals(stop: asyncio.Event) -> Callable[[], None]:
    """Set ``stop`` at the first signal; return what undoes the handlers."""
    loop = asyncio.get_running_loop()

    def undo() -> None:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)

    def first() -> None:
        stop.set()
        undo()  # the next one finds Python's own handler and ends at once

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, first)
    return undo
