"""
A worker as its supervisor sees it: a process, and whether it answers.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from asyncio.subprocess import Process
from typing import TYPE_CHECKING

from quart_jwt.service.serving.heartbeat import SupervisorEnd
from quart_jwt.service.serving.worker_command import SHOW_WHERE
from quart_jwt.service.serving.worker_command import WorkerCommand

if TYPE_CHECKING:  # it stands on prometheus-client
    from quart_jwt.service.observability.worker_files import WorkerFiles

logger: logging.Logger = logging.getLogger(__name__)

SHOWING_S = 0.5
"""Seconds that a hung worker has for printing its traceback."""


class WorkerProcess:
    """
    One running worker; made by ``start``.

    Attributes:
        pid: Its process id.
        started_at: When, by the loop's clock, in seconds.
        is_retired: Whether it was asked to end, so that it is not replaced.
    """

    def __init__(
        self,
        process: Process,
        channel: socket.socket,
        silent_after_s: float,
        metrics: "WorkerFiles | None" = None,
    ) -> None:
        self._process = process
        self._metrics = metrics
        self._silent_after_s = silent_after_s
        self._end = SupervisorEnd(
            channel, silent=self._give_up, silent_after_s=silent_after_s
        )
        self.pid: int = process.pid
        self.started_at: float = asyncio.get_running_loop().time()
        self.is_retired: bool = False

    @classmethod
    async def start(
        cls, command: WorkerCommand, silent_after_s: float
    ) -> "WorkerProcess":
        """
        Start a worker in a fresh interpreter.

        Args:
            command: What it serves.
            silent_after_s: Seconds without a beat after which it is killed.
        """
        with contextlib.ExitStack() as unless_started:
            ours, theirs = socket.socketpair()
            unless_started.callback(ours.close)
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *command.arguments(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=[theirs.fileno(), *command.descriptors],
                    env=_environ(command),
                )
            unless_started.pop_all()
        return cls(process, ours, silent_after_s, command.metrics)

    @property
    def end(self) -> str:
        """How it has ended, in words."""
        status = self._process.returncode
        if status is None:
            return "takes too long"
        if status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    @property
    def was_cut_short(self) -> bool:
        """Whether it ended otherwise than by finishing, or before it had begun."""
        return self._process.returncode not in {0, -signal.SIGTERM}

    async def is_ready(self, within_s: float) -> bool:
        """Wait until it serves; False if it has ended or takes too long."""
        ready = asyncio.create_task(self._end.ready.wait())
        ended = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait(
                {ready, ended},
                timeout=within_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            return self._end.ready.is_set() and not ended.done()
        finally:
            ready.cancel()
            ended.cancel()

    async def ended(self) -> None:
        """Wait for its end."""
        await self._process.wait()

    async def end_within(self, limit_s: float) -> None:
        """Wait for its end; kill it when the time has passed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self.ended()
                return
        logger.error("worker %d is still there after %g s: killed", self.pid, limit_s)
        self.kill()
        await self.ended()

    def drain(self) -> None:
        """Have it finish, keeping idle connections as long as they may be idle."""
        self.is_retired = True
        self._end.drain()

    def stop(self) -> None:
        """Have it finish what is in flight, and no more."""
        self.is_retired = True
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of its channel, and of what it measured; for after its end."""
        self._end.close()
        if self._metrics is not None:
            self._metrics.ended(self.pid)

    def _give_up(self) -> None:
        if self.is_retired:  # its end has a limit of its own
            return
        logger.error(
            "worker %d has not answered for %g s: killed",
            self.pid,
            self._silent_after_s,
        )
        self._signal(SHOW_WHERE)
        asyncio.get_running_loop().call_later(SHOWING_S, self.kill)

    def _signal(self, number: signal.Signals) -> None:
        # Not Process.send_signal: it reaps a worker that has just died, and asyncio
        # then waits for its status in vain and calls it 255.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(self.pid, number)


def _environ(command: WorkerCommand) -> dict[str, str]:
    shared = {} if command.metrics is None else command.metrics.environ()
    return {**os.environ, **shared}
