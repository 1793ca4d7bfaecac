"""
One thread for all plain code of a request: hooks, ``def`` views, teardown functions.

The thread is borrowed when the request first needs one, and given back when its
context is popped, after its teardown functions. So whatever a hook has opened for its
thread is there for the view, and is cleaned up where it was opened.
"""

import asyncio
import inspect
import weakref
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from contextvars import copy_context
from functools import partial
from functools import wraps
from itertools import chain
from typing import Any
from weakref import WeakSet

from quart import globals as quart_globals
from quart import has_websocket_context
from quart import Quart
from quart import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.exceptions import ServiceUnavailable

from quart_jwt.extension.hooks.colour import is_async
from quart_jwt.extension.hooks.colour import remember_loop
from quart_jwt.extension.hooks.jobs import Pump
from quart_jwt.extension.hooks.jobs import Worker
from quart_jwt.extension.hooks.workers import request_workers
from quart_jwt.extension.hooks.workers import spare_workers
from quart_jwt.extension.hooks.workers import without_stop_iteration
from quart_jwt.extension.hooks.workers import WorkerPool
from quart_jwt.extension.request.quart_seams import run_sync_iterable
from quart_jwt.extension.request.subject import find_subject
from quart_jwt.extension.request.subject import note_of

_KEY = "_quart_jwt_thread"

_CONTEXTS = tuple(
    getattr(quart_globals, name)
    for name in ("request_ctx", "websocket_ctx", "app_ctx")
    if hasattr(quart_globals, name)  # Quart 0.23 has one context for all
)
"""The contexts, from the inside out; the last one is the app's."""

_ENDING_THREADS: WeakSet[Quart] = WeakSet()
"""The apps that have run plain code; others pay nothing for the end of a thread."""


class RequestThread:
    """
    The thread of one request, websocket, or app context without either.

    Attributes:
        worker: The borrowed worker; None before the first use and at the end.
        ended: Whether it was given back.
    """

    def __init__(self, pool: WorkerPool | None = None) -> None:
        self.worker: Worker | None = None
        self.ended: bool = False
        self._pool = pool or request_workers()  # of the worker, or to borrow it from

    async def run(self, function: Callable[[], Any], *, keep: bool) -> Any:
        """
        Run a function in this thread.

        Args:
            function: The function, with its arguments.
            keep: Whether the thread is needed afterwards.
        """
        pool = self._pool
        worker, borrowed = self.worker, None
        if worker is not None:
            pool.enter()
        else:
            worker = borrowed = await self._borrow()
            if self.worker is not None:  # another task of the request was faster
                pool.leave()
                pool.give_back(borrowed)
                pool, worker, borrowed = self._pool, self.worker, None
                pool.enter()
            elif keep and not self.ended:
                self._pool, self.worker, borrowed = pool, borrowed, None
        try:
            return await pool.run(worker, function)
        finally:
            # Only what this call has borrowed for itself: `end` gives back the rest,
            # perhaps before a call returns, and then another request may have it.
            if borrowed is not None:
                pool.give_back(borrowed)

    async def _borrow(self) -> Worker:
        if self._pool.is_crowded:
            await _whole_request()
        try:
            return await self._pool.borrow()
        except ServiceUnavailable:
            if self.worker is None:  # what answers and cleans up still has to run
                self._pool = spare_workers()
            raise

    def end(self) -> None:
        """Give the thread back."""
        self.ended = True
        if self.worker is not None:
            self._pool.give_back(self.worker)
            self.worker = None

    def __del__(self) -> None:
        # A context that was popped before, or never.
        if self.worker is not None:
            self.worker.give_back_later()
            self.worker = None


HOST: ContextVar[RequestThread | Pump] = ContextVar("quart_jwt.host")
"""The thread in which a sync pipeline, such as Flask's, handles the current request."""


async def _whole_request() -> None:
    """
    Wait for the body of the current request, which has not begun to be answered.

    Slow clients could hold every thread otherwise, each for as long as
    ``BODY_TIMEOUT``. While few threads are borrowed, a body that no view asks for is
    not waited for.

    Raises:
        RequestTimeout: It has not come in time.
    """
    subject = find_subject()
    if isinstance(subject, Request) and not note_of(subject, "answered"):
        with suppress(RequestEntityTooLarge):  # the view will find that out
            await subject.get_data()


async def offload(function: Callable[..., Any], *args: Any) -> Any:
    """
    Run a function that may block in the thread of the current request.

    It gets a copy of the caller's context variables. Without any context of Quart's,
    it runs in a thread that is borrowed for this call.
    """
    work = partial(function, *args)
    host = HOST.get(None)
    if host is not None:
        return await _in_host(host, work)
    context = next(_contexts(), None)
    if context is None:
        return await RequestThread().run(work, keep=False)
    return await _thread_of(context).run(work, keep=_keeps_thread(context))


async def _in_host(host: RequestThread | Pump, work: Callable[[], Any]) -> Any:
    if isinstance(host, RequestThread):
        return await host.run(work, keep=True)
    future = host.submit_if_open(
        partial(copy_context().run, without_stop_iteration, work)
    )
    if future is None:  # a task that goes on when its request has ended
        return await RequestThread().run(work, keep=False)
    return await asyncio.wrap_future(future)


def plain_code_in_one_thread(app: Quart) -> None:
    """
    Let an app run all plain functions of a request in the request's thread.

    ``sync_to_async`` is Quart's place to say how plain functions are run. An app that
    has replaced it keeps its own way.
    """
    run = app.sync_to_async
    is_quarts = getattr(run, "__func__", None) is Quart.sync_to_async
    app.sync_to_async = _to_async if is_quarts else _remembering_loop(run)  # type: ignore[method-assign, assignment]


def _to_async(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    @wraps(function)
    async def run(*args: Any, **kwargs: Any) -> Any:
        remember_loop()
        result = await offload(partial(function, *args, **kwargs))
        if inspect.isgenerator(result):  # it blocks, too; so does Quart
            return run_sync_iterable(result)
        # Of a plain decorator that returns the coroutine of an async view.
        return await result if inspect.isawaitable(result) else result

    run._quart_async_wrapper = True  # type: ignore[attr-defined] # noqa: SLF001 - Quart marks what it has made async
    return run


def _remembering_loop(
    to_async: Callable[..., Callable[..., Awaitable[Any]]],
) -> Callable[..., Callable[..., Awaitable[Any]]]:
    @wraps(to_async)
    def remembering(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        run = to_async(function)

        @wraps(run)
        async def run_remembering(*args: Any, **kwargs: Any) -> Any:
            remember_loop()
            return await run(*args, **kwargs)

        return run_remembering

    return remembering


def _contexts() -> Iterator[Any]:
    """The contexts of the current task: of the request or websocket, then the app's."""
    for proxy in _CONTEXTS:
        try:
            yield proxy._get_current_object()  # noqa: SLF001 - werkzeug's way to the object
        except RuntimeError:
            continue


def _thread_of(context: Any) -> RequestThread:
    thread: RequestThread | None = vars(context).get(_KEY)
    if thread is None or thread.ended:
        thread = RequestThread()
        vars(context)[_KEY] = thread
        # Quart 0.22 runs `teardown_appcontext` functions when the request's context
        # is gone. An app context that several requests share belongs to the first.
        for outer in _contexts():
            if vars(outer).get(_KEY, thread).ended:
                del vars(outer)[_KEY]
            vars(outer).setdefault(_KEY, thread)
        _end_with(context, thread)
    return thread


def _end_with(context: Any, thread: RequestThread) -> None:
    """
    Give the thread back when the context has been popped for the last time.

    If a teardown function is the first plain code of a request, the context is being
    popped already. The app ends the thread then, from its first request with plain
    code on. The context of that one takes its thread with it, for nothing here refers
    to the context.
    """
    if not inspect.iscoroutinefunction(context.pop):
        return  # of `quart_jwt.flask`, whose requests have a thread of their own
    _end_after_teardown(context.app)
    pop, weakly = type(context).pop, weakref.ref(context)

    async def pop_and_end(*args: Any, **kwargs: Any) -> None:
        popped = weakly()
        try:
            await pop(popped, *args, **kwargs)
        finally:
            if not any(one is popped for one in _contexts()):
                thread.end()
                vars(popped).pop("pop", None)

    vars(context)["pop"] = pop_and_end


def _end_after_teardown(app: Quart) -> None:
    """Let an app give a request's thread back after the last teardown function."""
    if app in _ENDING_THREADS:
        return
    _ENDING_THREADS.add(app)
    tear_down = app.do_teardown_appcontext

    @wraps(tear_down)
    async def tear_down_and_end(*args: Any, **kwargs: Any) -> None:
        try:
            await tear_down(*args, **kwargs)
        finally:
            context = _CONTEXTS[-1]._get_current_object()  # noqa: SLF001 - werkzeug's way to the object
            thread: RequestThread | None = vars(context).get(_KEY)
            if thread is not None:
                thread.end()

    setattr(app, tear_down.__name__, tear_down_and_end)


def _keeps_thread(context: Any) -> bool:
    """
    Whether a thread is kept until the context is popped.

    A websocket may stay open for days: it keeps a thread only if the app has plain
    teardown functions, which have to run where the hooks ran.
    """
    if not has_websocket_context():
        return True
    app: Quart = context.app
    functions = chain(
        app.teardown_appcontext_funcs,
        *app.teardown_websocket_funcs.values(),
    )
    return not all(map(is_async, functions))
