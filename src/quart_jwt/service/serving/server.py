"""
Serving: Hypercorn in this process, from the bound socket to the last answer.

The socket is bound before anything else is done, so that a port in use is one
sentence and not a half-made service. SIGTERM and SIGINT end the service
gracefully; a second one ends it at once.
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import ExitStack

import hypercorn.asyncio

from quart_jwt.service.accounts.demo import DemoAccount
from quart_jwt.service.accounts.demo import ensure_demo
from quart_jwt.service.accounts.opened import opened_accounts
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.keys.signing_keys import prepare_keys
from quart_jwt.service.serving import http1
from quart_jwt.service.serving.binding import address_of
from quart_jwt.service.serving.binding import bound_sockets
from quart_jwt.service.serving.binding import hand_over
from quart_jwt.service.serving.draining import Deadline
from quart_jwt.service.serving.draining import Drain
from quart_jwt.service.serving.hypercorn_seams import LifespanFailureError
from quart_jwt.service.serving.lifespan import start_failure
from quart_jwt.service.serving.listeners import ListeningConfig
from quart_jwt.service.settings.settings import Settings

logger: logging.Logger = logging.getLogger(__name__)

Announce = Callable[[str, DemoAccount], None]

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def serve(
    settings: Settings,
    config: ListeningConfig,
    *,
    announce: Announce,
    stop: asyncio.Event | None = None,
    deadline: Deadline | None = None,
) -> None:
    """
    Serve until a signal, or ``stop``, says that it is enough.

    Args:
        settings: What the operator wants.
        config: How to serve; its binds are replaced by the bound sockets.
        announce: Called with the address once connections are taken.
        stop: Ends the service when set.
        deadline: See ``Drain``.

    Raises:
        StartError: The address cannot be bound or the database not opened.
    """
    stop = stop or asyncio.Event()
    drain = Drain(config, deadline)

    async def stopped() -> None:
        await stop.wait()
        drain.begin()
        await drain.lingered()

    with ExitStack() as cleanup:
        sockets = bound_sockets(config, cleanup)
        _begin_logging(config)
        cleanup.callback(_follow_signals(stop))
        demo = await first_start(settings)
        app = drain.wrap(create_app(settings))
        address = address_of(sockets)
        hand_over(sockets, config)
        http1.install()
        announce(address, demo)
        try:
            await hypercorn.asyncio.serve(app, config, shutdown_trigger=stopped)
        except LifespanFailureError as error:
            raise StartError(
                f"the service could not start: {start_failure(error)}"
            ) from error
    logger.info("stopped")


async def first_start(settings: Settings) -> DemoAccount:
    """Open the database before anything serves; make what is to be there."""
    await prepare_keys(settings)
    url = settings.storage.database_url
    async with opened_accounts(url, settings.hash_cost) as (accounts, passwords):
        if settings.accounts.directory is not None:
            return DemoAccount(users=0, exists=False, elsewhere=True)
        return await ensure_demo(accounts, passwords, settings.storage.mode)


def _begin_logging(config: ListeningConfig) -> None:
    """Let Hypercorn configure logging now, for what the start itself logs."""
    _ = config.log


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
