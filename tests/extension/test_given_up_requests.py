"""Threads of requests that wait, or that their clients have given up."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from quart import Quart
from werkzeug.exceptions import ServiceUnavailable

from extension.apps import MakeApp
from held import DEADLINE_S
from quart_jwt import create_access_token_async
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt.extension.hooks import request_thread
from quart_jwt.extension.hooks import workers
from quart_jwt.extension.hooks.colour import remember_loop
from quart_jwt.extension.hooks.jobs import Worker
from quart_jwt.extension.hooks.request_thread import RequestThread
from quart_jwt.extension.hooks.waiting import run_from_sync
from quart_jwt.extension.hooks.workers import WorkerPool

MANY = 60
BORROWED = 8

MakePool = Callable[..., WorkerPool]


@pytest.fixture(name="make_pool")
def _make_pool(monkeypatch: pytest.MonkeyPatch) -> MakePool:
    """Make the pool from which all requests borrow."""

    def make(*, patience_s: float = DEADLINE_S) -> WorkerPool:
        pool = WorkerPool(running=4, idle=4, borrowed=BORROWED, patience_s=patience_s)
        monkeypatch.setattr(request_thread, "request_workers", lambda: pool)
        remember_loop()
        return pool

    return make


@pytest.fixture(name="reader")
def _reader(make_app: MakeApp) -> Quart:
    """An app whose def view looks for a token in the JSON body first."""
    app = make_app(JWT_TOKEN_LOCATION=["json", "headers"])

    @app.post("/sync")
    @jwt_required()
    def sync_view() -> str:
        return str(get_jwt_identity())

    return app


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not done():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)


async def _waits(pool: WorkerPool, threads: int = 1) -> None:
    """Return when so many requests have a thread and none of them runs anything."""
    await _until(lambda: (pool._borrowed, pool._running) == (threads, 0))


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class HalfBody:
    """A client that sends headers, and of the body nothing."""

    def __init__(self, app: Quart) -> None:
        self._messages: asyncio.Queue[Any] = asyncio.Queue()
        scope = {
            "type": "http",
            "asgi": {"spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "root_path": "",
            "path": "/sync",
            "raw_path": b"/sync",
            "query_string": b"",
            "client": ("192.0.2.1", 1),
            "server": ("test", 80),
            "headers": [
                (b"host", b"test"),
                (b"content-type", b"application/json"),
                (b"content-length", b"50"),
            ],
        }
        asgi: Any = app
        self._request: asyncio.Future[None] = asyncio.ensure_future(
            asgi(scope, self._messages.get, self._ignore)
        )

    async def _ignore(self, _message: Any) -> None:
        pass

    async def hang_up(self) -> None:
        """Close the connection, and wait until the app has seen it."""
        self._messages.put_nowait({"type": "http.disconnect"})
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.wait([self._request])


async def _honest(app: Quart, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
    async with asyncio.timeout(DEADLINE_S):
        response = await app.test_client().post("/sync", headers=headers)
    return response.status_code


async def _token(app: Quart) -> str:
    async with app.app_context():
        return await create_access_token_async("joe")


async def test_clients_that_hang_up_leave_no_busy_thread(
    reader: Quart, make_pool: MakePool
) -> None:
    """However many have hung up while a def view read their body, others are served."""
    pool, token = make_pool(), await _token(reader)
    for _ in range(MANY):
        client = HalfBody(reader)
        await _waits(pool)
        await client.hang_up()
        await _until(lambda: pool._borrowed == 0)
        assert [worker.unfinished for worker in pool._idle] == [0] * len(pool._idle)
    assert await _honest(reader, token) == 200


async def test_an_occupied_thread_goes_to_no_other_request(make_pool: MakePool) -> None:
    """A call that outlives its cancelled request keeps its thread, and ends with it."""
    pool, gate, local = make_pool(), asyncio.Event(), threading.local()
    cancelled, other = RequestThread(), RequestThread()
    threads: list[threading.Thread] = []

    def stubborn() -> None:
        threads.append(threading.current_thread())
        local.owner = "cancelled"
        try:
            run_from_sync(gate.wait())
        finally:
            run_from_sync(gate.wait())

    def what_is_here() -> tuple[threading.Thread, str | None]:
        return threading.current_thread(), getattr(local, "owner", None)

    task = asyncio.create_task(cancelled.run(stubborn, keep=True))
    await _waits(pool)
    await _cancel(task)
    cancelled.end()
    await _waits(pool)  # for the second time
    async with asyncio.timeout(DEADLINE_S):
        thread, owner = await other.run(what_is_here, keep=True)
    assert thread is not threads[0]
    assert owner is None
    gate.set()
    await asyncio.to_thread(threads[0].join, DEADLINE_S)
    assert not threads[0].is_alive()
    assert await other.run(what_is_here, keep=True) == (thread, None)
    other.end()
    assert [worker.unfinished for worker in pool._idle] == [0]
    assert pool._borrowed == 0


async def test_what_an_interrupted_call_left_is_found_by_nobody(
    make_pool: MakePool,
) -> None:
    """The thread of a call that was cancelled while it waited ends with its request."""
    pool, local, left = make_pool(), threading.local(), threading.Event()
    thread = RequestThread()

    def call() -> None:
        local.owner = "cancelled"
        try:
            run_from_sync(asyncio.Event().wait())
        finally:
            left.set()

    task = asyncio.create_task(thread.run(call, keep=True))
    await _waits(pool)
    await _cancel(task)
    assert await asyncio.to_thread(left.wait, DEADLINE_S)
    worker = thread.worker
    await _until(lambda: worker is not None and not worker.unfinished)
    thread.end()
    found = await RequestThread().run(lambda: vars(local), keep=False)
    assert found == {}
    assert pool._borrowed == 0


@pytest.mark.parametrize("early", [True, False])
async def test_what_a_cancelled_call_waits_for_is_cancelled(
    make_pool: MakePool, *, early: bool
) -> None:
    """The call ends, whether it was given up before it waited or meanwhile."""
    pool, held, begun = make_pool(), threading.Event(), threading.Event()
    ends: list[BaseException] = []
    started, never = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        started.set()
        try:
            await never.wait()
        except asyncio.CancelledError as exc:
            ends.append(exc)
            raise

    def call() -> None:
        begun.set()
        held.wait(DEADLINE_S)
        try:
            run_from_sync(wait())
        except BaseException as exc:
            ends.append(exc)
            raise

    thread = RequestThread()
    task = asyncio.create_task(thread.run(call, keep=True))
    await asyncio.to_thread(begun.wait, DEADLINE_S)
    if not early:
        held.set()
        await started.wait()
        await _waits(pool)
    await _cancel(task)
    held.set()
    thread.end()
    await _until(lambda: pool._borrowed == 0)
    await _until(lambda: len(ends) == 2)
    assert {type(exc) for exc in ends} == {asyncio.CancelledError}


async def test_teardown_follows_the_cancelled_view(
    reader: Quart, make_pool: MakePool
) -> None:
    """What a cancelled view leaves in its thread is cleaned up by its own request."""
    pool, token, local = make_pool(), await _token(reader), threading.local()
    left: list[str | None] = []

    def look() -> None:
        left.append(getattr(local, "session", None))

    def clean_up(_error: BaseException | None) -> None:
        local.session = None

    reader.before_request(look)
    reader.teardown_appcontext(clean_up)
    view = reader.view_functions["sync_view"]

    def leaving() -> Any:
        try:
            return view()
        finally:
            local.session = "of the view"

    reader.view_functions["sync_view"] = leaving
    for _ in range(3):
        client = HalfBody(reader)
        await _waits(pool)
        await client.hang_up()
        await _until(lambda: pool._borrowed == 0)
    assert await _honest(reader, token) == 200
    assert left == [None] * 4


async def test_half_bodies_take_no_more_than_half_of_the_threads(
    reader: Quart, make_pool: MakePool
) -> None:
    """The others are for requests that are there as a whole."""
    pool, token = make_pool(patience_s=0), await _token(reader)
    before = threading.active_count()
    clients = []
    for number in range(2 * BORROWED):
        clients.append(HalfBody(reader))
        await _waits(pool, min(number + 1, BORROWED // 2))
        assert await _honest(reader, token) == 200
    assert threading.active_count() - before <= BORROWED // 2 + 1
    for client in clients:
        await client.hang_up()
    await _until(lambda: pool._borrowed == 0)


async def test_waiting_requests_have_no_more_threads_than_the_limit(
    reader: Quart, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they wait for; one more is answered with 503."""
    monkeypatch.setattr(WorkerPool, "is_crowded", False)  # half a body is easy to send
    pool, token = make_pool(patience_s=0), await _token(reader)
    before = threading.active_count()
    clients = []
    for number in range(2 * BORROWED):
        clients.append(HalfBody(reader))
        await _waits(pool, min(number + 1, BORROWED))
    assert threading.active_count() - before <= BORROWED
    assert await _honest(reader, token) == 503
    for client in clients:
        await client.hang_up()
    await _until(lambda: pool._borrowed == 0)
    assert await _honest(reader, token) == 200


async def test_a_request_beyond_the_limit_waits_for_its_turn(
    reader: Quart, make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that comes back goes to who has waited longest."""
    monkeypatch.setattr(WorkerPool, "is_crowded", False)
    pool, token = make_pool(), await _token(reader)
    clients = [HalfBody(reader) for _ in range(BORROWED)]
    await _waits(pool, BORROWED)
    honest = asyncio.ensure_future(_honest(reader, token))
    await _until(lambda: len(pool._waiting) == 1)
    await clients.pop().hang_up()
    assert await honest == 200
    for client in clients:
        await client.hang_up()
    await _until(lambda: pool._borrowed == 0)


async def test_a_refused_request_is_answered_and_cleaned_up(
    reader: Quart, make_pool: MakePool
) -> None:
    """Plain functions after a request and at its end run also if it got no thread."""
    pool, token = make_pool(patience_s=0), await _token(reader)
    ran: list[str] = []

    def after(response: Any) -> Any:
        ran.append("after")
        return response

    reader.after_request(after)
    reader.teardown_appcontext(lambda _error: ran.append("teardown"))
    kept = [await pool.borrow() for _ in range(4)]
    assert await _honest(reader, token) == 503
    assert ran == ["after", "teardown"]
    for worker in kept:
        pool.leave()
        pool.give_back(worker)
    assert await _honest(reader, token) == 200
    assert workers.spare_workers()._borrowed == 0


async def test_requests_that_wait_for_each_other_end(make_pool: MakePool) -> None:
    """All threads wait for a call that has none: that call is refused, they go on."""
    pool = make_pool(patience_s=0)
    everybody = asyncio.Barrier(BORROWED)

    async def inner() -> None:
        await everybody.wait()
        with pytest.raises(ServiceUnavailable):
            await RequestThread().run(lambda: None, keep=False)
        await everybody.wait()

    async def outer() -> None:
        await RequestThread().run(lambda: run_from_sync(inner()), keep=False)

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        for number in range(BORROWED):
            group.create_task(outer())
            # One after another, for as many may not start at once without waiting.
            await _waits(pool, number + 1) if number + 1 < BORROWED else None
    assert pool._borrowed == 0


async def test_a_call_that_outlives_its_request_gives_nothing_back_twice(
    make_pool: MakePool,
) -> None:
    """A thread that ended with its request is not given back by a late call as well."""
    pool, held = make_pool(), threading.Event()
    thread = RequestThread()
    late = asyncio.create_task(thread.run(partial(held.wait, DEADLINE_S), keep=True))
    await _until(lambda: thread.worker is not None)
    thread.end()
    held.set()
    assert await late
    assert pool._borrowed == 0
    assert pool._idle == []


@pytest.mark.parametrize("collected", ["context", "coroutine"])
async def test_the_collector_may_come_while_the_pool_is_locked(
    make_pool: MakePool, collected: str
) -> None:
    """A forgotten thread is given back, even in the middle of the pool's own work."""
    pool = make_pool()
    thread, worker = RequestThread(), await pool.borrow()
    pool.leave()
    await thread.run(lambda: None, keep=True)

    def collect() -> None:
        with pool._lock:
            if collected == "context":
                thread.__del__()
            else:
                pool.give_back(worker)

    collecting = threading.Thread(target=collect, daemon=True)
    collecting.start()
    await asyncio.to_thread(collecting.join, DEADLINE_S)
    assert not collecting.is_alive()
    await _until(lambda: pool._borrowed == 1)


async def test_a_thread_that_cannot_be_started_takes_no_place(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the machine's limit of threads requests fail, and later they do not."""
    make_pool()

    def no_thread(_pool: WorkerPool) -> Worker:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(workers, "Worker", no_thread)
        for _ in range(BORROWED + 1):
            with pytest.raises(RuntimeError, match="new thread"):
                await RequestThread().run(lambda: None, keep=False)
    assert await RequestThread().run(lambda: "served", keep=False) == "served"
