"""The threads for requests: nested waits, exhaustion, and a fork."""

import asyncio
import logging
import os
import signal
import threading
from typing import Any

import pytest
from werkzeug.exceptions import ServiceUnavailable

from flask_apps import bearer
from flask_apps import make_app
from flask_apps import manager_of
from quart_jwt import verify_token
from quart_jwt.flask import current_user
from quart_jwt.flask import jwt_required
from quart_jwt.flask.threads import RequestThreads
from quart_jwt.flask.threads import ThreadUsage
from through_asgi import Call
from through_asgi import client_of
from through_asgi import on_the_loop
from through_asgi import scope_of

THREADS = 3


async def at_once(app: Any, count: int, path: str = "/", headers: Any = ()) -> Any:
    """Make that many requests at the same time; give the calls."""
    calls = [Call() for _ in range(count)]
    async with asyncio.timeout(60):
        await asyncio.gather(
            *(
                app.asgi_app(scope_of(path, headers=headers), call.receive, call.send)
                for call in calls
            )
        )
    return calls


def test_nested_waits_of_four_times_the_threads_do_not_deadlock() -> None:
    """A thread that waits for the loop makes the sync calls that the loop waits for."""
    app = make_app(QUART_JWT_THREADS=THREADS)
    count, arrived = 4 * THREADS, list[int]()
    everybody = asyncio.Event()

    @manager_of(app).user_lookup_loader
    def find(_header: Any, claims: Any) -> Any:
        return app.async_to_sync(nested)(claims["sub"])

    async def nested(name: str) -> str:
        await asyncio.sleep(0)
        return name

    @app.before_request
    def before() -> None:
        app.async_to_sync(nested)("before")

    @app.get("/")
    @jwt_required()
    async def view() -> Any:
        arrived.append(1)
        if len(arrived) == count:
            everybody.set()
        await everybody.wait()  # every request holds a thread now
        return {"user": str(current_user)}

    token = bearer(app)["Authorization"].encode()
    calls = on_the_loop(
        at_once(app, count, headers=[(b"authorization", token)]),
    )

    assert [call.body for call in calls] == [b'{"user":"ada"}\n'] * count


def test_blocked_threads_are_reported_once_and_others_wait(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The size is configured; the usage and one warning say that it was too small."""
    app, go = make_app(QUART_JWT_THREADS=THREADS), threading.Event()
    usages, running = list[ThreadUsage](), threading.Semaphore(0)

    @app.get("/")
    def view() -> str:
        running.release()
        assert go.wait(60)
        return "done"

    async def scenario() -> Any:
        asked = asyncio.create_task(at_once(app, 2 * THREADS))
        for _ in range(THREADS):
            await asyncio.to_thread(running.acquire)
        while app.threads.usage().waiting < THREADS:  # noqa: ASYNC110 - others wait
            await asyncio.sleep(0)
        usages.append(app.threads.usage())
        go.set()
        return await asked

    with caplog.at_level(logging.WARNING, logger="quart_jwt"):
        calls = on_the_loop(scenario())

    assert {call.status for call in calls} == {200}
    assert usages == [ThreadUsage(THREADS, THREADS, THREADS, THREADS, THREADS)]
    assert app.threads.usage() == ThreadUsage(THREADS, 0, 0, 0, THREADS)
    warnings = [one.getMessage() for one in caplog.records if one.name == "quart_jwt"]
    assert len(warnings) == 1
    assert "QUART_JWT_THREADS" in warnings[0]


def test_a_request_that_gets_no_thread_in_time_is_a_503() -> None:
    """Its patience ends; the app goes on."""

    async def scenario() -> None:
        threads = RequestThreads(1, patience_s=0)
        worker = await threads.borrow()
        with pytest.raises(ServiceUnavailable):
            await threads.borrow()
        threads.leave()
        threads.give_back(worker)
        again = await threads.borrow()
        threads.leave()
        threads.give_back(again)

    on_the_loop(scenario())


def test_a_task_that_outlives_its_request_still_makes_sync_calls() -> None:
    """The thread of the request has gone on to others."""
    app, finish = make_app(), threading.Event()
    users = list[Any]()

    @manager_of(app).user_lookup_loader
    def find(_header: Any, claims: Any) -> Any:
        return claims["sub"]

    tasks = set[Any]()

    @app.get("/")
    @jwt_required()
    async def view() -> str:
        async def later() -> None:
            await asyncio.to_thread(finish.wait, 60)
            users.append((await verify_token(token)).user)

        tasks.add(asyncio.create_task(later()))
        return "done"

    token = bearer(app)["Authorization"].removeprefix("Bearer ")
    headers = {"Authorization": f"Bearer {token}"}

    for client in (client_of(app), app.test_client()):
        assert client.get("/", headers=headers).text == "done"
    finish.set()
    for task in tasks:
        loop = task.get_loop()
        asyncio.run_coroutine_threadsafe(_ended(task), loop).result(60)

    assert users == ["ada", "ada"]


async def _ended(task: Any) -> None:
    await asyncio.wait([task], timeout=60)
    task.result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """A server that forks after the first request (gunicorn's preload) goes on."""
    app = make_app()
    app.before_request(lambda: None)  # keeps the view in a thread

    @app.get("/")
    @jwt_required()
    async def view() -> str:
        await asyncio.sleep(0)
        return "done"

    headers = bearer(app)
    assert client_of(app).get("/", headers=headers).text == "done"
    assert app.test_client().get("/", headers=headers).text == "done"

    child = os.fork()
    if not child:
        signal.alarm(60)  # a lost thread would be waited for
        os._exit(_answers(app, headers))
    _pid, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0


def _answers(app: Any, headers: dict[str, str]) -> int:
    """In the child: 0 if both sides still answer."""
    if app.test_client().get("/", headers=headers).text != "done":
        return 1
    token = headers["Authorization"].encode()
    asked = at_once(app, 1, headers=[(b"authorization", token)])
    return 0 if asyncio.run(asked)[0].body == b"done" else 2
