"""
Keeping workers: as many as wanted, each replaced when it ends, one after another.

The supervisor never touches a connection. It holds the listening sockets, starts
workers that inherit them, and listens to their heartbeats. Should it be killed,
the workers notice and end by themselves.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable
from collections.abc import Callable

from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.errors import StopError
from quart_jwt.service.serving.limits import WorkerLimits
from quart_jwt.service.serving.worker_process import WorkerProcess

logger: logging.Logger = logging.getLogger(__name__)

Launch = Callable[[], Awaitable[WorkerProcess]]
"""Starts one more worker."""

LONG_LIFE_S = 10.0
"""A worker that has lived so long did not die of its start."""

MAX_PAUSE_S = 30.0


def pause_s(quick_deaths: int) -> float:
    """
    Return how long to wait before the next start: 0, 1, 2, 4 ... 30 seconds.

    Args:
        quick_deaths: How many workers in a row have died young.
    """
    if quick_deaths <= 1:
        return 0.0
    return min(2.0 ** min(quick_deaths - 2, 10), MAX_PAUSE_S)


class Supervisor:
    """
    Keeps workers until it is told to stop.

    Args:
        launch: Starts a worker.
        count: How many to keep.
        limits: How long things may take.
    """

    def __init__(self, launch: Launch, *, count: int, limits: WorkerLimits) -> None:
        self._launch = launch
        self._count = count
        self._limits = limits
        self._workers: set[WorkerProcess] = set()
        self._quick_deaths = 0
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()

    async def run(
        self, *, started: Callable[[], None], ending: Callable[[], None]
    ) -> None:
        """
        Keep workers from the first start to the last end.

        Args:
            started: Called when the first worker serves.
            ending: Called when shutdown begins, before the workers are told to stop.

        Raises:
            StartError: The first worker did not come to serve.
            StopError: Workers had to be killed at the stop.
        """
        first = await self._first()
        if first is None:
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep(first))
            started()
            for _ in range(self._count - 1):
                tasks.create_task(self._keep(None))
            reloading = tasks.create_task(self._follow_reloads(tasks))
            await self._stop.wait()
            reloading.cancel()
            ending()
            cut_short = await self._end_all()
        if cut_short:
            raise StopError(cut_short)

    def stop(self) -> None:
        """Have every worker finish; the second call kills them."""
        if self._stop.is_set():
            for worker in self._workers:
                worker.kill()
        self._stop.set()

    def reload(self) -> None:
        """Replace one worker after another by a fresh one."""
        self._reload.set()

    async def _first(self) -> WorkerProcess | None:
        """Start the worker whose failure means that none can start."""
        try:
            worker = await self._add()
        except OSError as error:
            raise StartError(f"no worker can be started: {error.strerror}") from error
        if await worker.is_ready(self._limits.start_s):
            return worker
        end = worker.end
        await self._discard(worker)
        if self._stop.is_set():
            return None
        raise StartError(f"the first worker cannot serve: it {end}")

    async def _keep(self, worker: WorkerProcess | None) -> None:
        """Keep one place filled until its worker is retired, or until the stop."""
        while worker := worker or await self._successor():
            if await worker.is_ready(self._limits.start_s):
                logger.info("worker %d serves", worker.pid)
                await worker.ended()
            await self._discard(worker)
            if worker.is_retired:
                logger.info("worker %d is finished", worker.pid)
                return
            logger.error("worker %d %s", worker.pid, worker.end)
            lived_s = asyncio.get_running_loop().time() - worker.started_at
            await self._rest(after_quick_death=lived_s < LONG_LIFE_S)
            worker = None

    async def _successor(self) -> WorkerProcess | None:
        """Start another worker, once that is possible; None when it is too late."""
        while not self._stop.is_set():
            try:
                return await self._add()
            except OSError as error:  # the system is short of something
                logger.error("no worker can be started: %s", error.strerror)  # noqa: TRY400 - the sentence says it
                await self._rest(after_quick_death=True)
        return None

    async def _rest(self, *, after_quick_death: bool) -> None:
        """Wait before the next start, if workers die as soon as they live."""
        self._quick_deaths = self._quick_deaths + 1 if after_quick_death else 0
        seconds = pause_s(self._quick_deaths)
        if seconds:
            logger.warning("the next worker is started in %g s", seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()

    async def _follow_reloads(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            logger.info("replacing %d workers", len(self._workers))
            for old in list(self._workers):
                if not await self._replace(old, tasks):
                    break

    async def _replace(self, old: WorkerProcess, tasks: asyncio.TaskGroup) -> bool:
        """Put a fresh worker in the place of one; False if it cannot serve."""
        fresh = await self._successor()
        if fresh is None:
            return False
        if not await fresh.is_ready(self._limits.start_s):
            logger.error(
                "a fresh worker cannot serve: it %s; the others stay", fresh.end
            )
            await self._discard(fresh)
            return False
        tasks.create_task(self._keep(fresh))
        leaving = old if old in self._workers else fresh  # it died, and was replaced
        leaving.drain()
        await leaving.end_within(self._limits.drain_s)
        return True

    async def _add(self) -> WorkerProcess:
        worker = await self._launch()
        self._workers.add(worker)
        if self._stop.is_set():  # it came while the others were told
            worker.stop()
        return worker

    async def _discard(self, worker: WorkerProcess) -> None:
        """Forget a worker; it is killed if it is still there."""
        worker.kill()
        await worker.ended()
        worker.close()
        self._workers.discard(worker)

    async def _end_all(self) -> int:
        """Have all workers finish; return how many had to be killed."""
        workers = list(self._workers)
        for worker in workers:
            worker.stop()
        limit_s = self._limits.stop_s
        await asyncio.gather(*(worker.end_within(limit_s) for worker in workers))
        for worker in workers:
            await self._discard(worker)
        return sum(worker.was_cut_short for worker in workers)
