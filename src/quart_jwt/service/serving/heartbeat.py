"""
The channel between a supervisor and one worker: a socket pair, a byte at a time.

A worker sends a beat from its event loop: the first says that it is ready, a
missing one that its loop hangs. The supervisor sends ``DRAIN`` to have a worker
replaced. Each notices the other's death at once, because its end is closed then.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

BEAT = b"."
BEAT_S = 0.5
"""Seconds between two beats."""

DRAIN = b"d"


class WorkerEnd:
    """
    What a worker does with its end.

    Args:
        channel: The worker's socket; closed by ``close``.
        drain: Called when the supervisor wants the worker replaced.
        orphaned: Called once when the supervisor has gone.
    """

    def __init__(
        self,
        channel: socket.socket,
        *,
        drain: Callable[[], None],
        orphaned: Callable[[], None],
    ) -> None:
        self._channel = channel
        self._drain = drain
        self._orphaned = orphaned
        channel.settimeout(0)
        asyncio.get_running_loop().add_reader(channel, self._listen)

    async def beat(self) -> None:
        """Send beats until cancelled, or until the supervisor has gone."""
        with contextlib.suppress(ConnectionError):
            while True:
                # A supervisor that does not listen just now is none of our trouble.
                with contextlib.suppress(BlockingIOError):
                    self._channel.send(BEAT)
                await asyncio.sleep(BEAT_S)

    def close(self) -> None:
        """Let go of the channel."""
        _close(self._channel)

    def _listen(self) -> None:
        if _received(self._channel):
            self._drain()
        else:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._orphaned()


class SupervisorEnd:
    """
    What the supervisor does with the other end.

    Args:
        channel: The supervisor's socket; closed by ``close``.
        silent: Called when beats are missing.
        silent_after_s: Seconds without a beat that are one too many.

    Attributes:
        ready: Set by the first beat.
    """

    def __init__(
        self,
        channel: socket.socket,
        *,
        silent: Callable[[], None],
        silent_after_s: float,
    ) -> None:
        self._channel = channel
        self._silent = silent
        self._silent_after_s = silent_after_s
        self._alarm: asyncio.TimerHandle | None = None
        self.ready: asyncio.Event = asyncio.Event()
        channel.settimeout(0)
        asyncio.get_running_loop().add_reader(channel, self._listen)

    def drain(self) -> None:
        """Ask the worker to finish what it has and to take nothing new."""
        with contextlib.suppress(OSError):  # it has just ended by itself
            self._channel.send(DRAIN)

    def close(self) -> None:
        """Let go of the channel; doing it twice is fine."""
        self._set_alarm(None)
        _close(self._channel)

    def _listen(self) -> None:
        if not _received(self._channel):
            asyncio.get_running_loop().remove_reader(self._channel)
            return
        self.ready.set()
        self._set_alarm(self._silent_after_s)

    def _set_alarm(self, after_s: float | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        if after_s is not None:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(after_s, self._silent)


def _received(channel: socket.socket) -> bytes:
    """Return what has come, or nothing when the other side has closed."""
    try:
        return channel.recv(4096)
    except ConnectionError:
        return b""


def _close(channel: socket.socket) -> None:
    if channel.fileno() >= 0:
        asyncio.get_running_loop().remove_reader(channel)
        channel.close()
