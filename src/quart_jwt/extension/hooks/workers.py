"""
Worker threads: for the plain code of requests, and for signatures.

A request's plain code runs in one thread, as under Flask, because a database session
or a connection may belong to its thread. So a request borrows a worker for as long as
it lives. A borrowed worker that is idle costs memory only; the limit counts the
workers that run something. A worker that waits for the event loop serves its own queue
meanwhile and does not count, so that requests that wait for each other go on. All
borrowed workers have a limit of their own, for clients decide how long a request waits.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from functools import partial
from typing import Any

from werkzeug.exceptions import ServiceUnavailable

from quart_jwt.extension.hooks.colour import on_the_loop
from quart_jwt.extension.hooks.jobs import Call
from quart_jwt.extension.hooks.jobs import Worker

RUNNING_WORKERS = 32
"""How many requests may run plain code before another one has to wait for a thread;
asyncio's default executor has as many threads on a large machine."""

BORROWED_WORKERS = 8 * RUNNING_WORKERS
"""How many requests may have a thread, those that wait for the event loop included. A
client that sends half a body makes one wait; unbounded, it could use up the memory."""

PATIENCE_S = 30
"""How many seconds a request waits for a thread before it is answered with 503."""

IDLE_WORKERS = 32
"""How many threads are kept while no request needs them."""

SIGNING_THREADS = os.cpu_count() or 1
"""Signing keeps a core busy: more threads than cores would gain nothing."""


class WorkerPool:
    """
    Workers, and limits on how many of them run something and on how many there are.

    It belongs to no event loop: every loop of the process borrows from it.

    Args:
        running: How many workers may be running before a new request has to wait.
        idle: How many are kept while they are not needed.
        borrowed: How many requests may have one, running or not, before a new request
            has to wait.
        patience_s: How many seconds a request waits for one.
    """

    def __init__(
        self, running: int, idle: int, *, borrowed: int, patience_s: float
    ) -> None:
        self.most_running: int = running
        self._most_idle = idle
        self._most_borrowed = borrowed
        self._patience_s = patience_s
        # Reentrant: where the collector closes a coroutine that was never finished,
        # its worker is given back in the middle of anything.
        self._lock = threading.RLock()
        self._running = 0
        self._borrowed = 0
        self._waiting: deque[Future[None]] = deque()
        self.waits: int = 0  # requests that had to wait for a thread
        self._idle: list[Worker] = []

    @property
    def is_crowded(self) -> bool:
        """Whether requests that have or await a worker are half of those that may."""
        return (self._borrowed + len(self._waiting)) * 2 >= self._most_borrowed

    async def borrow(self) -> Worker:
        """
        Give a worker that no other request has, counted as running: the one that was
        idle last, or a new one. If the limits are reached, wait.

        Raises:
            ServiceUnavailable: None became free in time. The requests that have one
                may all be waiting for requests that have none: this one has to yield.
        """
        place: Future[None] = Future()
        with self._lock:
            self._waiting.append(place)
            self._admit_waiting()
        try:
            if not place.done():
                self.note_wait()
                async with asyncio.timeout(self._patience_s):
                    await asyncio.wrap_future(place)
            with self._lock:
                idle = self._idle.pop() if self._idle else None
            # A thread is started without the lock, for which it could wait.
            return idle or Worker(self)
        except BaseException as exc:
            if not place.cancel():  # it had been admitted already
                self._count_back()
            if isinstance(exc, TimeoutError):
                raise ServiceUnavailable from None
            raise

    def note_wait(self) -> None:
        """Count a request that has to wait for a thread."""
        with self._lock:
            self.waits += 1

    def numbers(self) -> tuple[int, int, int]:
        """How many workers are running, how many are borrowed, and how many requests
        are waiting for one.
        """
        with self._lock:
            return self._running, self._borrowed, len(self._waiting)

    def enter(self) -> None:
        """Count one more running worker, which was borrowed before."""
        with self._lock:
            self._running += 1

    def leave(self) -> None:
        """Count one running worker fewer, and admit the longest-waiting request."""
        with self._lock:
            self._running -= 1
            self._admit_waiting()

    def give_back(self, worker: Worker) -> None:
        """
        Take a worker back when its request has ended.

        If a call of the request was not awaited to its end, the worker is stopped as
        soon as all have returned: the call was interrupted, or went on after the
        teardown functions. What it left in its thread, no other request may find.
        """
        with self._lock:
            if worker.unfinished:
                worker.given_back = True
                return
            self._borrowed -= 1
            if not worker.given_up and len(self._idle) < self._most_idle:
                self._idle.append(worker)
            else:
                worker.stop()
            self._admit_waiting()

    async def run(self, worker: Worker, function: Callable[[], Any]) -> Any:
        """
        Run a function in a worker, with the context of the caller.

        The caller has counted the worker as running; when the function has returned,
        it does not count any more.
        """
        call = Call()
        work = partial(copy_context().run, without_stop_iteration, function)
        with self._lock:
            worker.unfinished += 1
        future = worker.submit(partial(worker.make, call, work))
        # Also if it was cancelled, and before the one who awaits it goes on.
        future.add_done_callback(lambda _: self._finished(worker))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            worker.given_up = True
            call.give_up()
            raise

    def _finished(self, worker: Worker) -> None:
        with self._lock:
            worker.unfinished -= 1
            self._running -= 1
            if worker.given_back and not worker.unfinished:
                self._borrowed -= 1
                worker.stop()
            self._admit_waiting()

    def _admit_waiting(self) -> None:
        while (
            self._waiting
            and self._running < self.most_running
            and self._borrowed < self._most_borrowed
        ):
            place = self._waiting.popleft()
            if place.set_running_or_notify_cancel():
                self._running += 1
                self._borrowed += 1
                place.set_result(None)

    def _count_back(self) -> None:
        with self._lock:
            self._running -= 1
            self._borrowed -= 1
            self._admit_waiting()


async def compute(function: Callable[..., Any], *args: Any) -> Any:
    """
    Run a function that keeps a core busy in a worker thread, with this context.

    A caller that is in a thread already runs it there.
    """
    if not on_the_loop():
        return function(*args)
    work = partial(copy_context().run, without_stop_iteration, partial(function, *args))
    return await asyncio.get_running_loop().run_in_executor(_signing_threads(), work)


def without_stop_iteration(function: Callable[[], Any]) -> Any:
    """A future cannot carry StopIteration: awaiting it would never return."""
    try:
        return function()
    except StopIteration as exc:
        raise RuntimeError("A function in a worker thread ran out of items") from exc


@cache
def request_workers() -> WorkerPool:
    """The workers of this process."""
    return WorkerPool(
        RUNNING_WORKERS,
        IDLE_WORKERS,
        borrowed=BORROWED_WORKERS,
        patience_s=PATIENCE_S,
    )


@cache
def spare_workers() -> WorkerPool:
    """Workers for error handlers and teardown functions of requests that got none."""
    return WorkerPool(
        RUNNING_WORKERS, 0, borrowed=RUNNING_WORKERS, patience_s=PATIENCE_S
    )


@cache
def _signing_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(SIGNING_THREADS, thread_name_prefix="quart-jwt-sign")


def _forget_threads() -> None:
    for pool in (request_workers, spare_workers, _signing_threads):
        pool.cache_clear()


# A forked process has none of its parent's threads.
os.register_at_fork(after_in_child=_forget_threads)
