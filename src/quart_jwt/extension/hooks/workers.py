"""
Worker threads: for the plain code of requests, and for signatures.

A request's plain code runs in one thread, as under Flask, because a database session
or a connection may belong to its thread. So a request borrows a worker for as long as
it lives. A borrowed worker that is idle costs memory only; the limit counts the
workers that run something. A worker that waits for the event loop serves its own queue
meanwhile and does not count, so that requests cannot wait for each other in a circle.
"""

import asyncio
import itertools
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from functools import partial
from queue import SimpleQueue
from typing import Any

from quart_jwt.extension.hooks.colour import on_the_loop

RUNNING_WORKERS = 32
"""How many requests may run plain code before another one has to wait for a thread;
asyncio's default executor has as many threads on a large machine."""

IDLE_WORKERS = 32
"""How many threads are kept while no request needs them."""

SIGNING_THREADS = os.cpu_count() or 1
"""Signing keeps a core busy: more threads than cores would gain nothing."""

_here = threading.local()
_numbers = itertools.count(1)


class Jobs:
    """
    A queue of calls that one thread makes; any thread may add to it.

    Serving may be nested: a call that waits for a future serves the same queue.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], object] | None] = SimpleQueue()

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Add a call; the future gets what it returns or raises."""
        future: Future[Any] = Future()
        self._jobs.put(partial(_fulfil, future, work))
        return future

    def post(self, job: Callable[[], object] | None) -> None:
        """Add a call of which nobody awaits the result; None only wakes the thread."""
        self._jobs.put(job)

    def serve_until(self, done: Callable[[], bool]) -> None:
        """Make calls in the current thread until ``done()``, asked after each."""
        while not done():
            job = self._jobs.get()
            if job is not None:
                job()
            del job  # it holds the context of a request, and the next one may be late

    def serve_while_waiting(self, future: Future[Any]) -> Any:
        """Make calls in the current thread until a future is done; give its result."""
        # The wake-up of an outer wait may be taken by an inner one; each looks at its
        # own future before it waits again, so none is lost.
        future.add_done_callback(lambda _: self.post(None))
        self.serve_until(future.done)
        return future.result()


class Worker(Jobs):
    """
    A thread that makes the calls of one request after another.

    Attributes:
        unfinished: How many of its calls have not returned; kept by the pool.
    """

    def __init__(self, pool: "WorkerPool") -> None:
        super().__init__()
        self.unfinished = 0
        self._pool = pool
        self._stopped = False
        name = f"quart-jwt-{next(_numbers)}"
        # A daemon: an idle one must not keep the interpreter from ending.
        threading.Thread(target=self._live, name=name, daemon=True).start()

    def serve_while_waiting(self, future: Future[Any]) -> Any:
        """Same as for any queue, but a worker that waits leaves its place to others."""
        self._pool.leave()
        try:
            return super().serve_while_waiting(future)
        finally:
            self._pool.enter()

    def stop(self) -> None:
        """End the thread; to be called in it."""
        self._stopped = True

    def _live(self) -> None:
        _here.jobs = self
        self.serve_until(lambda: self._stopped)


class WorkerPool:
    """
    Workers, and a limit on how many of them start something new.

    It belongs to no event loop: every loop of the process borrows from it.

    Args:
        running: How many workers may be running before a new request has to wait.
        idle: How many are kept while they are not needed.
    """

    def __init__(self, running: int, idle: int) -> None:
        self._most_running = running
        self._most_idle = idle
        self._lock = threading.Lock()
        self._running = 0
        self._waiting: deque[Future[None]] = deque()
        self._idle: list[Worker] = []

    async def admit(self) -> None:
        """Wait until fewer workers than the limit are running, and count one more."""
        with self._lock:
            if self._running < self._most_running:
                self._running += 1
                return
            place: Future[None] = Future()
            self._waiting.append(place)
        try:
            await asyncio.wrap_future(place)
        except asyncio.CancelledError:
            if not place.cancelled():
                self.leave()  # it had been admitted already
            raise

    def enter(self) -> None:
        """Count one more running worker, of a request that was admitted before."""
        with self._lock:
            self._running += 1

    def leave(self) -> None:
        """Count one running worker less, and admit whoever waits longest."""
        with self._lock:
            self._running -= 1
            self._admit_waiting()

    def borrow(self) -> Worker:
        """Give a worker that no other request has: the one that was idle last."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return Worker(self)

    def give_back(self, worker: Worker) -> None:
        """Take a worker back, as soon as calls of a cancelled request have returned."""
        with self._lock:
            if not worker.unfinished and len(self._idle) < self._most_idle:
                self._idle.append(worker)
                return
        worker.post(partial(self._keep_or_stop, worker))

    async def run(self, worker: Worker, function: Callable[[], Any]) -> Any:
        """
        Run a function in a worker, with the context of the caller.

        The caller has counted the worker as running; when the function has returned,
        it does not count any more.
        """
        work = partial(copy_context().run, _without_stop_iteration, function)
        with self._lock:
            worker.unfinished += 1
        future = worker.submit(work)
        # Also if it was cancelled, and before the one who awaits it goes on.
        future.add_done_callback(lambda _: self._finished(worker))
        return await asyncio.wrap_future(future)

    def _finished(self, worker: Worker) -> None:
        with self._lock:
            worker.unfinished -= 1
            self._running -= 1
            self._admit_waiting()

    def _admit_waiting(self) -> None:
        while self._waiting and self._running < self._most_running:
            place = self._waiting.popleft()
            if place.set_running_or_notify_cancel():
                self._running += 1
                place.set_result(None)

    def _keep_or_stop(self, worker: Worker) -> None:
        with self._lock:
            if len(self._idle) < self._most_idle:
                self._idle.append(worker)
                return
        worker.stop()


def jobs_here() -> Jobs | None:
    """The queue that the current thread serves, or None for a thread of others."""
    jobs: Jobs | None = getattr(_here, "jobs", None)
    return jobs


async def compute(function: Callable[..., Any], *args: Any) -> Any:
    """
    Run a function that keeps a core busy in a worker thread, with this context.

    A caller that is in a thread already runs it there.
    """
    if not on_the_loop():
        return function(*args)
    work = partial(
        copy_context().run, _without_stop_iteration, partial(function, *args)
    )
    return await asyncio.get_running_loop().run_in_executor(_signing_threads(), work)


def _fulfil(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as exc:  # noqa: BLE001 - for those who wait
        future.set_exception(exc)
    else:
        future.set_result(result)


def _without_stop_iteration(function: Callable[[], Any]) -> Any:
    """A future cannot carry StopIteration: whoever awaits it would wait forever."""
    try:
        return function()
    except StopIteration as exc:
        raise RuntimeError("A function in a worker thread ran out of items") from exc


@cache
def request_workers() -> WorkerPool:
    """The workers of this process."""
    return WorkerPool(RUNNING_WORKERS, IDLE_WORKERS)


@cache
def _signing_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(SIGNING_THREADS, thread_name_prefix="quart-jwt-sign")
