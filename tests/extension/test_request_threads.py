"""One thread for the plain code of a request, and what that keeps from leaking."""

import asyncio
import contextvars
import gc
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from quart import appcontext_tearing_down
from quart import jsonify
from quart import Quart
from quart import request
from quart import websocket
from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import scoped_session
from sqlalchemy.orm import Session
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool

from extension.apps import MakeApp
from extension.apps import Mint
from extension.asgi import scope_of
from held import DEADLINE_S
from quart_jwt import create_access_token_async
from quart_jwt import current_user
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import revoke_token
from quart_jwt import verify_jwt_in_request
from quart_jwt.extension.hooks import request_thread
from quart_jwt.extension.hooks import workers
from quart_jwt.extension.hooks.request_thread import offload
from quart_jwt.extension.hooks.waiting import run_from_sync
from quart_jwt.extension.hooks.workers import WorkerPool
from quart_jwt.stores.memory import MemoryStore

REQUESTS = 300
LATENCY_S = 0.02
TURNS = 200
"""Of the event loop, until a request without input or output cannot go on."""


@pytest.fixture(name="pool")
def _pool(monkeypatch: pytest.MonkeyPatch) -> WorkerPool:
    """A pool of four, so that exhausting it takes few requests."""
    pool = WorkerPool(running=4, idle=4, borrowed=32, patience_s=DEADLINE_S)
    monkeypatch.setattr(request_thread, "request_workers", lambda: pool)
    return pool


@pytest.fixture(name="seen")
def _seen() -> dict[str, set[int]]:
    """Which threads each function ran in."""
    return {}


class Base(DeclarativeBase):
    """The tables of these tests."""


class User(Base):
    """A user with something to change."""

    __tablename__ = "users"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    mail: Mapped[str] = mapped_column(String(50))


@pytest.fixture(name="engine")
def _engine(tmp_path: Path) -> Iterator[Engine]:
    """A database of one user behind the usual pool, which gives up after a minute."""
    engine = create_engine(
        f"sqlite:///{tmp_path / 'users.db'}",
        poolclass=QueuePool,
        pool_size=5,
        max_overflow=10,
        pool_timeout=60,
    )
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(User(name="joe", mail="old"))
        session.commit()
    yield engine
    engine.dispose()


def _checked_out(engine: Engine) -> int:
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


def _scoped(app: Quart, engine: Engine) -> scoped_session[Session]:
    """The set-up of SQLAlchemy's documentation: one session a thread, and remove()."""
    session = scoped_session(sessionmaker(engine))

    @app.teardown_appcontext
    def remove(_error: BaseException | None) -> None:
        session.remove()

    jwt: JWTManager = app.extensions["quart-jwt"]

    @jwt.user_lookup_loader
    def find_user(_header: Any, claims: Any) -> Any:
        return session.get(User, claims["sub"])

    return session


async def test_changes_to_the_current_user_are_saved(
    app: Quart, engine: Engine, bearer: Mint
) -> None:
    """A def view commits what it changed on the user that the hook has loaded."""
    session = _scoped(app, engine)

    @app.post("/mail/<address>")
    @jwt_required()
    def mail(address: str) -> Any:
        current_user.mail = address
        session.commit()
        return jsonify(mail=current_user.mail)

    headers, client = await bearer(), app.test_client()
    for number in range(20):
        address = f"joe@{number}"
        response = await client.post(f"/mail/{address}", headers=headers)
        assert response.status_code == 200
        with Session(engine) as other:
            user = other.get(User, "joe")
            assert user is not None
            assert user.mail == address
    assert _checked_out(engine) == 0


@pytest.mark.parametrize("path", ["/async", "/sync"])
async def test_no_connection_stays_checked_out(
    app: Quart, engine: Engine, bearer: Mint, path: str
) -> None:
    """A hook's session is removed where the hook ran, under load as well."""
    _scoped(app, engine)
    network = threading.Event()

    @event.listens_for(engine, "before_cursor_execute")
    def a_network_away(*_: Any) -> None:
        network.wait(LATENCY_S)

    @app.get("/async")
    @jwt_required()
    async def async_view() -> str:
        await asyncio.sleep(0)
        return str(current_user.name)

    @app.get("/sync")
    @jwt_required()
    def sync_view() -> str:
        return str(current_user.name)

    headers, client = await bearer(), app.test_client()
    responses = await asyncio.gather(
        *(client.get(path, headers=headers) for _ in range(REQUESTS))
    )
    statuses = Counter(response.status_code for response in responses)
    assert statuses == {200: REQUESTS}
    assert _checked_out(engine) == 0


def _note(seen: dict[str, set[int]], name: str, result: Any = None) -> Any:
    def noting(*_: Any) -> Any:
        seen.setdefault(name, set()).add(threading.get_ident())
        return result

    return noting


@pytest.mark.parametrize("path", ["/async", "/sync"])
async def test_all_plain_code_of_a_request_runs_in_one_thread(
    app: Quart, jwt: JWTManager, bearer: Mint, seen: dict[str, set[int]], path: str
) -> None:
    """Before-request functions, hooks, a def view and teardown share their thread."""
    headers = await bearer()
    app.before_request(_note(seen, "before"))
    jwt.token_in_blocklist_loader(_note(seen, "blocklist", result=False))
    jwt.user_lookup_loader(_note(seen, "user", result="joe"))
    app.teardown_request(_note(seen, "request"))
    app.teardown_appcontext(_note(seen, "context"))

    @app.get("/async")
    @jwt_required()
    async def async_view() -> str:
        return "async"

    @app.get("/sync")
    @jwt_required()
    def sync_view() -> str:
        _note(seen, "view")()
        return "sync"

    response = await app.test_client().get(path, headers=headers)
    assert response.status_code == 200
    assert len(set.union(*seen.values())) == 1
    assert threading.get_ident() not in seen["user"]


async def test_tasks_that_ask_for_the_thread_at_once_share_it(
    app: Quart, pool: WorkerPool
) -> None:
    """Both wait for a worker; the slower one gives back what it does not need."""
    others = [await pool.borrow() for _ in range(4)]
    async with app.app_context():
        asking = [asyncio.ensure_future(offload(threading.get_ident)) for _ in range(2)]
        await asyncio.sleep(0)
        for other in others:
            pool.leave()
            pool.give_back(other)
        threads = await asyncio.gather(*asking)
        assert len(set(threads)) == 1
        assert pool._borrowed == 1
    assert (pool._borrowed, pool._running) == (0, 0)


async def test_an_async_hook_of_a_sync_view_runs_on_the_loop(
    app: Quart, jwt: JWTManager, bearer: Mint, seen: dict[str, set[int]]
) -> None:
    """What has to be awaited is awaited on the loop; the view's thread waits."""

    @jwt.user_lookup_loader
    async def find(_header: Any, claims: Any) -> Any:
        await asyncio.sleep(0)
        _note(seen, "hook")()
        return claims["sub"]

    @app.get("/sync")
    @jwt_required()
    def sync_view() -> str:
        _note(seen, "view")()
        return str(current_user)

    response = await app.test_client().get("/sync", headers=await bearer())
    assert await response.get_data(as_text=True) == "joe"
    assert seen["hook"] == {threading.get_ident()}
    assert seen["view"] != seen["hook"]


async def test_plain_code_under_an_async_hook_runs_in_the_waiting_thread(
    app: Quart, jwt: JWTManager, bearer: Mint, seen: dict[str, set[int]]
) -> None:
    """The thread that waits for the loop runs what the loop wants done in a thread."""

    @jwt.user_lookup_loader
    async def find(_header: Any, claims: Any) -> Any:
        await app.ensure_async(_note(seen, "inner"))()
        return claims["sub"]

    @app.get("/sync")
    @jwt_required()
    def sync_view() -> str:
        _note(seen, "view")()
        return str(current_user)

    response = await app.test_client().get("/sync", headers=await bearer())
    assert response.status_code == 200
    assert seen["inner"] == seen["view"]


@pytest.mark.usefixtures("pool")
async def test_an_exhausted_pool_does_not_deadlock(
    app: Quart, jwt: JWTManager, bearer: Mint
) -> None:
    """Four times the pool's size wait in threads for hooks that need threads."""
    many = 16
    everybody = asyncio.Barrier(many)

    @jwt.token_in_blocklist_loader
    async def is_revoked(_header: Any, _claims: Any) -> bool:
        await everybody.wait()  # in a thread each
        return bool(await app.ensure_async(inner)())

    def inner() -> bool:
        return bool(run_from_sync(innermost()))

    async def innermost() -> bool:
        return bool(await app.ensure_async(lambda: False)())

    @jwt.user_lookup_loader
    def find(_header: Any, claims: Any) -> Any:
        return claims["sub"]

    @app.get("/sync")
    @jwt_required()
    def sync_view() -> str:
        return str(current_user)

    headers, client = await bearer(), app.test_client()
    async with asyncio.timeout(DEADLINE_S):
        responses = await asyncio.gather(
            *(client.get("/sync", headers=headers) for _ in range(many))
        )
    assert {response.status_code for response in responses} == {200}


@pytest.mark.usefixtures("pool")
async def test_requests_inside_requests_do_not_deadlock(
    app: Quart, jwt: JWTManager, bearer: Mint
) -> None:
    """An async view that keeps a thread and asks its own app leaves room for that."""
    jwt.user_lookup_loader(lambda _header, claims: claims["sub"])
    app.teardown_appcontext(lambda _error: None)
    headers, client = await bearer(), app.test_client()
    everybody = asyncio.Barrier(16)

    @app.get("/outer")
    @jwt_required()
    async def outer_view() -> str:
        await everybody.wait()  # with a thread each
        response = await client.get("/inner", headers=headers)
        return await response.get_data(as_text=True)

    @app.get("/inner")
    @jwt_required()
    def inner_view() -> str:
        return str(get_jwt_identity())

    async with asyncio.timeout(DEADLINE_S):
        responses = await asyncio.gather(
            *(client.get("/outer", headers=headers) for _ in range(16))
        )
    assert [await one.get_data(as_text=True) for one in responses] == ["joe"] * 16


async def test_a_pool_starts_no_more_than_its_limit() -> None:
    """Four functions may run at once; a fifth waits until one has returned."""
    pool = WorkerPool(running=4, idle=0, borrowed=32, patience_s=DEADLINE_S)
    together, held = threading.Barrier(4 + 1), threading.Event()

    def stop() -> None:
        together.wait(DEADLINE_S)
        held.wait(DEADLINE_S)

    async def run(function: Callable[[], Any]) -> Any:
        worker = await pool.borrow()
        try:
            return await pool.run(worker, function)
        finally:
            pool.give_back(worker)

    four = [asyncio.ensure_future(run(stop)) for _ in range(4)]
    fifth = asyncio.ensure_future(run(lambda: "fifth"))
    await asyncio.to_thread(together.wait, DEADLINE_S)  # raises if they never meet
    assert not fifth.done()
    held.set()
    await asyncio.gather(*four)
    assert await fifth == "fifth"


async def test_who_gives_up_waiting_takes_no_place() -> None:
    """A cancelled wait is passed over, before and after its turn has come."""
    pool = WorkerPool(running=1, idle=0, borrowed=8, patience_s=DEADLINE_S)
    await pool.borrow()
    early, late = (asyncio.ensure_future(pool.borrow()) for _ in range(2))
    await asyncio.sleep(0)
    early.cancel()
    await asyncio.gather(early, return_exceptions=True)
    pool.leave()  # the turn of `late`
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)
    async with asyncio.timeout(DEADLINE_S):
        await pool.borrow()


async def test_a_cancelled_call_does_not_count() -> None:
    """A call that is cancelled before it begins leaves its place all the same."""
    pool = WorkerPool(running=1, idle=0, borrowed=8, patience_s=DEADLINE_S)
    worker, held = await pool.borrow(), threading.Event()
    first = asyncio.ensure_future(pool.run(worker, partial(held.wait, DEADLINE_S)))
    pool.enter()
    second = asyncio.ensure_future(pool.run(worker, lambda: None))
    await asyncio.sleep(0)
    second.cancel()
    held.set()
    await asyncio.gather(first, second, return_exceptions=True)
    async with asyncio.timeout(DEADLINE_S):
        await pool.borrow()
    pool.give_back(worker)


async def test_a_thread_is_free_again_after_its_request(
    app: Quart, jwt: JWTManager, bearer: Mint, pool: WorkerPool
) -> None:
    """Requests one after another use one and the same thread."""
    threads: set[int] = set()

    @jwt.user_lookup_loader
    def find(_header: Any, claims: Any) -> Any:
        threads.add(threading.get_ident())
        return claims["sub"]

    headers, client = await bearer(), app.test_client()
    for _ in range(20):
        assert (await client.get("/protected", headers=headers)).status_code == 200
    assert len(threads) == 1
    assert len(pool._idle) == 1


async def test_more_threads_than_are_kept_are_ended(pool: WorkerPool) -> None:
    """A peak leaves no more idle threads than the pool keeps."""
    workers_ = []
    for _ in range(6):
        workers_.append(await pool.borrow())
        pool.leave()
    ended = [worker.submit(threading.current_thread) for worker in workers_]
    threads = [await asyncio.wrap_future(future) for future in ended]
    for worker in workers_:
        pool.give_back(worker)
    for thread in threads[4:]:
        await asyncio.to_thread(thread.join, DEADLINE_S)
    assert sum(thread.is_alive() for thread in threads) == 4


@pytest.mark.parametrize("cleans_up", [True, False])
async def test_a_websocket_keeps_a_thread_only_to_clean_up(
    app: Quart, jwt: JWTManager, bearer: Mint, pool: WorkerPool, cleans_up: bool
) -> None:
    """An open websocket without plain teardown functions has no thread of its own."""
    jwt.user_lookup_loader(lambda _header, claims: claims["sub"])
    headers = await bearer()
    if cleans_up:
        app.teardown_websocket(lambda _error: None)

    @app.websocket("/ws")
    @jwt_required()
    async def ws() -> None:
        await websocket.send(str(current_user))
        await websocket.receive()

    async with app.test_client().websocket("/ws", headers=headers) as one:
        assert await one.receive() == "joe"
        assert len(pool._idle) == (0 if cleans_up else 1)


async def test_a_context_that_is_never_popped_gives_its_thread_back(
    app: Quart, pool: WorkerPool
) -> None:
    """A forgotten context does not hold a thread for ever."""

    async def forget() -> weakref.ref[Any]:
        context = app.app_context()
        await context.push()
        await offload(lambda: None)
        return weakref.ref(context)

    forgotten = await asyncio.create_task(forget(), context=contextvars.copy_context())
    async with asyncio.timeout(DEADLINE_S):
        while forgotten() is not None or not pool._idle:  # its worker gives itself back
            await asyncio.sleep(0)
            gc.collect()
    assert len(pool._idle) == 1


async def test_hooks_outside_of_requests_share_the_thread_of_their_context(
    app: Quart, jwt: JWTManager, seen: dict[str, set[int]]
) -> None:
    """Also in scripts, what a hook opened is cleaned up where it was opened."""
    jwt.additional_claims_loader(_note(seen, "hook", result={}))
    app.teardown_appcontext(_note(seen, "teardown"))
    async with app.app_context():
        await create_access_token_async("joe")
    assert seen["hook"] == seen["teardown"]


async def test_an_app_with_its_own_threads_keeps_them(
    clock: Callable[[], float],
) -> None:
    """Overriding sync_to_async, Quart's place to say so, still counts."""

    class OwnThreads(Quart):
        def sync_to_async(self, func: Callable[..., Any]) -> Any:
            async def run(*args: Any, **kwargs: Any) -> Any:
                return await asyncio.to_thread(func, *args, **kwargs), "own"

            return run

    app = OwnThreads(__name__)
    app.config["JWT_SECRET_KEY"] = "x" * 64
    JWTManager(app, clock=clock)
    ran: Any = await app.ensure_async(lambda: "ran")()
    assert ran == ("ran", "own")


async def test_a_generator_of_a_sync_view_is_streamed(app: Quart) -> None:
    """A def view may return a generator, as under Quart alone."""

    @app.get("/stream")
    def stream() -> Any:
        yield "one "
        yield "two"

    response = await app.test_client().get("/stream")
    assert await response.get_data(as_text=True) == "one two"


async def test_running_out_of_items_in_a_hook_is_an_error(
    app: Quart, jwt: JWTManager, bearer: Mint
) -> None:
    """StopIteration in a worker thread is a 500 and not a request without an end."""
    jwt.user_lookup_loader(lambda *_: next(iter(())))
    response = await app.test_client().get("/protected", headers=await bearer())
    assert response.status_code == 500


@pytest.mark.parametrize("location", ["json", "cookies"])
async def test_a_sync_view_waits_for_the_request_body(
    make_app: MakeApp, location: str
) -> None:
    """The body is read on the loop, for a token in JSON and for a CSRF field."""
    app = make_app(JWT_TOKEN_LOCATION=[location], JWT_CSRF_CHECK_FORM=True)

    @app.post("/sync")
    @jwt_required()
    def sync_view() -> str:
        return str(get_jwt_identity())

    async with app.app_context():
        token = await create_access_token_async("joe", additional_claims={"csrf": "c"})
    request: dict[str, Any] = {"json": {"access_token": token}}
    if location == "cookies":
        cookie = {"Cookie": f"access_token_cookie={token}"}
        request = {"headers": cookie, "form": {"csrf_token": "c"}}
    response = await app.test_client().post("/sync", **request)
    assert await response.get_data(as_text=True) == "joe"


async def test_a_sync_view_waits_for_the_store(clock: Callable[[], float]) -> None:
    """A store is asked on the loop, and its answer counts."""
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = "x" * 64
    JWTManager(app, clock=clock, store=MemoryStore())

    @app.get("/sync")
    def sync_view() -> str:
        verify_jwt_in_request()
        return str(get_jwt_identity())

    async with app.test_app():
        async with app.app_context():
            token = await create_access_token_async("joe")
        headers = {"Authorization": f"Bearer {token}"}
        client = app.test_client()
        assert (await client.get("/sync", headers=headers)).status_code == 200
        async with app.app_context():
            await revoke_token(token)
        assert (await client.get("/sync", headers=headers)).status_code == 401


def test_signatures_and_requests_have_threads_of_their_own() -> None:
    """Hooks that wait for a database do not keep signatures waiting."""
    assert workers.request_workers() is workers.request_workers()
    assert workers._signing_threads()._max_workers == workers.SIGNING_THREADS


@pytest.mark.parametrize("scope", ["appcontext", "request", "signal"])
async def test_a_thread_that_only_a_teardown_needs_is_given_back(
    app: Quart, pool: WorkerPool, bearer: Mint, scope: str
) -> None:
    """It is first needed when the context is being popped already."""
    torn_down: list[int] = []

    def tear_down(*_: Any, **__: Any) -> None:
        torn_down.append(threading.get_ident())

    if scope == "signal":
        appcontext_tearing_down.connect(tear_down, app)
    else:
        getattr(app, f"teardown_{scope}")(tear_down)
    headers, client = await bearer(), app.test_client()
    before = len(torn_down)
    gc.disable()  # it would give some of them back, late
    try:
        for _ in range(REQUESTS):
            response = await client.get("/protected", headers=headers)
            assert response.status_code == 200
    finally:
        gc.enable()
    assert len(torn_down) - before == REQUESTS
    async with asyncio.timeout(DEADLINE_S):
        while pool._borrowed:  # noqa: ASYNC110 - each gives itself back
            await asyncio.sleep(0)


async def _send_half_a_body(app: Quart, path: str, headers: dict[str, str]) -> None:
    """Promise a body, send the half of it, and wait."""
    scope = scope_of(path, "POST", {**headers, "Content-Length": "100"})
    sent = [{"type": "http.request", "body": b'{"a": ', "more_body": True}]

    async def receive() -> Any:
        if sent:
            return sent.pop()
        return await asyncio.Event().wait()

    async def send(_message: Any) -> None:
        """Nobody reads the answer."""

    await app(scope, receive, send)  # type: ignore[arg-type]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("hook", [True, False])
@pytest.mark.parametrize("path", ["/sync", "/async"])
async def test_slow_clients_cannot_hold_all_threads(
    app: Quart, pool: WorkerPool, bearer: Mint, path: str, *, hook: bool, at_once: bool
) -> None:
    """A request waits for its body when half of the threads are taken or requested."""
    jwt: JWTManager = app.extensions["quart-jwt"]
    if hook:
        jwt.token_verification_loader(lambda _header, _claims: True)

    @app.post("/sync")
    @jwt_required()
    def sync_view() -> Any:
        return jsonify(run_from_sync(request.get_json()))

    @app.post("/async")
    @jwt_required()
    async def async_view() -> Any:
        return jsonify(await request.get_json())

    headers = {**await bearer(), "Content-Type": "application/json"}
    busy, go_on = [], threading.Event()
    if at_once:
        busy = [asyncio.create_task(offload(go_on.wait)) for _ in range(4)]
        while pool.numbers()[0] < len(busy):  # noqa: ASYNC110 - a count, no event
            await asyncio.sleep(0)
    slow = [
        asyncio.create_task(_send_half_a_body(app, path, headers)) for _ in range(100)
    ]
    for _ in range(TURNS):
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*busy)
    for _ in range(10):
        async with asyncio.timeout(DEADLINE_S):
            response = await app.test_client().post(path, headers=headers, json=[1])
        assert (response.status_code, await response.get_json()) == (200, [1])
    assert pool._borrowed <= 16
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_a_slow_client_hears_that_its_time_is_over(
    app: Quart, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch, bearer: Mint
) -> None:
    """With 408, as from a view that waits for the body itself."""
    monkeypatch.setattr(type(pool), "is_crowded", True)
    app.config["BODY_TIMEOUT"] = 0.05

    @app.post("/sync")
    @jwt_required()
    def sync_view() -> str:
        return "never"

    scope = scope_of("/sync", "POST", {**await bearer(), "Content-Length": "100"})
    reply: list[Any] = []

    async def receive() -> Any:
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        reply.append(message)

    async with asyncio.timeout(DEADLINE_S):
        answering = asyncio.create_task(app(scope, receive, send))  # type: ignore[arg-type]
        while not reply:
            await asyncio.wait([answering], timeout=0.01)
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)
    assert reply[0]["status"] == 408
