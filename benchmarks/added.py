"""
What the extension adds to a request, in one process and without a server.

Whole ASGI requests with eight headers, in alternating rounds; the least of all rounds
counts, because whatever else the machine does only adds to it.
"""

import asyncio
import os
import time
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

from quart import jsonify
from quart import Quart

from benchmarks.bench import Bench
from benchmarks.plan import Plan
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager

REQUESTS = 40
"""Requests of one contender in a round."""

ROUND_S = 0.05
"""What a round takes, with all contenders."""

HEADERS = [
    (b"host", b"api.example.com"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"gzip, deflate, br"),
    (b"accept-language", b"en-GB,en;q=0.9"),
    (b"x-request-id", b"0af7651916cd43dd8448eb211c80319c"),
    (b"connection", b"keep-alive"),
]

Ask = Callable[[], Awaitable[int]]


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    return plan.added_rounds * ROUND_S


def measure_added(bench: Bench) -> dict[str, float]:
    """The least microseconds of a request, by contender; empty if left out."""
    if not bench.plan.added_rounds:
        return {}
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {bench.cores.server})
    try:
        return asyncio.run(_measure(bench))
    finally:
        os.sched_setaffinity(0, before)


async def _measure(bench: Bench) -> dict[str, float]:
    contenders = _contenders(bench.secret, bench.warm.first)
    for name, ask in contenders.items():
        if await ask() != 200:  # noqa: PLR2004 - the right answer, as everywhere
            raise RuntimeError(f"{name} did not answer")
    least = dict.fromkeys(contenders, float("inf"))
    for number in range(bench.plan.added_rounds):
        names = list(contenders)
        for name in names if number % 2 else names[::-1]:
            began = time.perf_counter()
            for _ in range(REQUESTS):
                await contenders[name]()
            spent_us = (time.perf_counter() - began) / REQUESTS * 1e6
            least[name] = min(least[name], spent_us)
    bench.progress.step(planned_s(bench.plan), str(least))
    return least


def _contenders(secret: str, token: str) -> dict[str, Ask]:
    bare, ours = Quart("bare"), Quart("ours")
    ours.config["JWT_SECRET_KEY"] = secret
    JWTManager(ours)

    async def hello() -> Any:
        return jsonify(logged_in_as="ada")

    def hello_from_a_thread() -> Any:
        return jsonify(logged_in_as="ada")

    async def identity() -> Any:
        return jsonify(logged_in_as=get_jwt_identity())

    def identity_from_a_thread() -> Any:
        return jsonify(logged_in_as=get_jwt_identity())

    for app in (bare, ours):
        app.add_url_rule("/open", "open", hello)
        app.add_url_rule("/open-def", "open-def", hello_from_a_thread)
    ours.add_url_rule("/", "protected", jwt_required()(identity))
    ours.add_url_rule("/def", "def", jwt_required()(identity_from_a_thread))
    return {
        "bare": _asking(bare, "/open", token),
        "unprotected": _asking(ours, "/open", token),
        "protected": _asking(ours, "/", token),
        "bare def": _asking(bare, "/open-def", token),
        "protected def": _asking(ours, "/def", token),
    }


def _asking(app: Quart, path: str, token: str) -> Ask:
    call: Any = app
    bearer = (b"authorization", b"Bearer " + token.encode("ascii"))
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "root_path": "",
        "client": ("127.0.0.1", 1),
        "headers": [*HEADERS, bearer],
        "raw_path": path.encode("ascii"),
        "server": ("127.0.0.1", 80),
        "extensions": {},
    }

    async def ask() -> int:
        events: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]
        never = asyncio.get_running_loop().create_future()
        sent: list[Any] = []

        async def receive() -> Any:
            return events.pop() if events else await never

        async def send(message: Any) -> None:
            sent.append(message)

        await call({**scope}, receive, send)
        status: int = sent[0]["status"]
        return status

    return ask
