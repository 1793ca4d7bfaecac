"""
A thread that makes the calls of a request, also while one of them waits.

A call that waits for the event loop serves the queue of its thread meanwhile, because
what it waits for may need that thread. So calls of one request may be nested.
"""

import asyncio
import itertools
import threading
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import CancelledError
from concurrent.futures import Future
from contextlib import contextmanager
from contextlib import nullcontext
from functools import partial
from queue import SimpleQueue
from typing import Any
from typing import Protocol

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
        """Add a call whose result is not awaited; None only wakes the thread."""
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


class Pump(Jobs):
    """
    The queue of a thread that is not ours while it waits for the event loop: of a WSGI
    server, a test, a command.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._is_open = True

    def submit_if_open(self, work: Callable[[], Any]) -> Future[Any] | None:
        """Add a call, unless the thread has stopped waiting."""
        with self._lock:
            return self.submit(work) if self._is_open else None

    def serve_while_waiting(self, future: Future[Any]) -> Any:
        """Same as for any queue; afterwards it is closed."""
        outer, _here.jobs = jobs_here(), self
        try:
            return super().serve_while_waiting(future)
        finally:
            _here.jobs = outer
            with self._lock:
                self._is_open = False
            self._serve_rest()

    def _serve_rest(self) -> None:
        """Make the calls that were added while the queue was open."""
        self.post(None)
        while (job := self._jobs.get()) is not None:
            job()


class Call:
    """
    One call in a worker, and the future for which it waits.

    Its caller may give it up. As in asyncio, that ends one wait: the present one, or
    the next if there is none, so that what cleans up afterwards may wait again.
    """

    def __init__(self) -> None:
        self._given_up = False
        self._waits_for: Future[Any] | None = None

    def give_up(self) -> None:
        """Stop the call early: its result is no longer awaited. Thread-safe."""
        self._given_up = True
        if (future := self._waits_for) is not None:
            future.cancel()

    @contextmanager
    def waiting_for(self, future: Future[Any]) -> Iterator[None]:
        """Cancel the future if the call is given up, earlier or meanwhile."""
        self._waits_for = future  # before the look, so that one of both sees the other
        if self._given_up:
            future.cancel()
        try:
            yield
        finally:
            self._waits_for = None
            if future.cancelled():
                self._given_up = False


class Lender(Protocol):
    """What a worker needs of the pool that lends it."""

    def enter(self) -> None:
        """Count one more running worker."""

    def leave(self) -> None:
        """Count one running worker less."""

    def give_back(self, worker: "Worker", /) -> None:
        """Take a worker back when its request has ended."""


class Worker(Jobs):
    """
    A thread that makes the calls of one request after another.

    Attributes:
        unfinished: How many of its calls have not returned; kept by the pool.
        given_back: Whether its request has ended; kept by the pool.
        given_up: Whether a call of its request was given up; kept by the pool.
    """

    def __init__(self, pool: Lender) -> None:
        super().__init__()
        self.unfinished = 0
        self.given_back = False
        self.given_up = False
        self._pool = pool
        self._call: Call | None = None
        self._stopped = False
        name = f"quart-jwt-{next(_numbers)}"
        # A daemon: an idle one must not keep the interpreter from ending.
        threading.Thread(target=self._live, name=name, daemon=True).start()

    def make(self, call: Call, function: Callable[[], Any]) -> Any:
        """Make a call; to be called in the thread."""
        outer, self._call = self._call, call
        try:
            return function()
        finally:
            self._call = outer

    def serve_while_waiting(self, future: Future[Any]) -> Any:
        """
        Same as for any queue, but a worker that waits leaves its place to others.

        Raises:
            asyncio.CancelledError: The future was cancelled, or the call given up.
                Unlike the exception of futures, ``except Exception`` lets it pass.
        """
        self._pool.leave()
        try:
            with self._call.waiting_for(future) if self._call else nullcontext():
                return super().serve_while_waiting(future)
        except CancelledError:
            raise asyncio.CancelledError from None
        finally:
            self._pool.enter()

    def give_back_later(self) -> None:
        """Give it back from its own thread: the caller may hold the pool's lock."""
        self.post(partial(self._pool.give_back, self))

    def stop(self) -> None:
        """End the thread, when it has nothing else to do any more."""
        self.post(self._stop)

    def _stop(self) -> None:
        self._stopped = True

    def _live(self) -> None:
        _here.jobs = self
        self.serve_until(lambda: self._stopped)


def jobs_here() -> Jobs | None:
    """The queue that the current thread serves, or None for a thread of others."""
    jobs: Jobs | None = getattr(_here, "jobs", None)
    return jobs


def _fulfil(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as exc:  # noqa: BLE001 - for those who wait
        future.set_exception(exc)
    else:
        future.set_result(result)
