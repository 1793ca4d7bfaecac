"""
The service as it is served, in alternating rounds with what stands beside it.

What a gateway and a client ask for is put under wrk; sign-ins and refreshes run in a
closed loop of clients with a session each. The CPU time is that of all processes of
the service, the keeper and all workers.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import answers
from benchmarks import refreshes
from benchmarks import serving
from benchmarks.bench import Bench
from benchmarks.bench import describe
from benchmarks.bench import Sample
from benchmarks.load import LoadError
from benchmarks.plan import Plan
from benchmarks.refreshes import LOGIN
from benchmarks.servers import Running
from benchmarks.servers import ServerError
from benchmarks.store_servers import STORES
from benchmarks.store_servers import StoreServerError
from benchmarks.throughput import Rounds
from benchmarks.throughput import SWITCH_S
from benchmarks.wire import ask_json

STORE_LABELS = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "redis": "Redis"}

START_S = 3.0
"""A server, its store and its first answers, in seconds."""

PLACES = 8

Up = dict[str, Running]
"""The servers that are up, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    One line of the table.

    Attributes:
        key: Its name in the results: what, ``@``, where.
        label: Its name for readers.
        path: What is asked for; ``login`` and ``refresh`` without a slash are steps of
            clients with sessions.
    """

    key: str
    label: str
    path: str

    @property
    def place(self) -> str:
        """Which server it is."""
        return self.key.partition("@")[2]

    @property
    def is_step(self) -> bool:
        """Whether clients with sessions do it."""
        return not self.path.startswith("/")


def cases() -> Iterator[Case]:
    """Every line, in the order in which a round measures them."""
    yield Case(key="hello@raw", label="raw ASGI hello", path="/")
    yield Case(key="hello@bare", label="bare Quart route", path="/hello")
    yield Case(key="verify@envoy", label="Envoy's jwt_authn, our keys", path="/")
    for place in (*STORES, "two"):
        where = STORE_LABELS.get(place, "SQLite, two workers")
        yield Case(
            key=f"verify@{place}", label=f"/auth/verify, {where}", path="/auth/verify"
        )
        yield Case(
            key=f"protected@{place}", label=f"/protected, {where}", path="/protected"
        )
    yield Case(key="live@sqlite", label="/healthz/live", path="/healthz/live")
    for verb in ("login", "refresh"):
        # Workers are processes of their own, whose hashes are those of every day.
        for place in STORES if verb == "login" else (*STORES, "two"):
            where = STORE_LABELS.get(place, "SQLite, two workers")
            yield Case(key=f"{verb}@{place}", label=f"/{verb}, {where}", path=verb)
        peer = "FastAPI + PyJWT, PostgreSQL"
        yield Case(key=f"{verb}@fastapi", label=f"/{verb}, {peer}", path=verb)


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    if not plan.served_rounds:
        return 0
    lines = sum(1 for _case in cases())
    return PLACES * START_S + plan.served_rounds * lines * (plan.slice_s + SWITCH_S)


def measure_served(bench: Bench) -> Rounds:
    """Measure all lines; a server that fails is noted and left out."""
    rounds: Rounds = {}
    if not bench.plan.served_rounds:
        return rounds
    with contextlib.ExitStack() as stack:
        up = _start(bench, stack)
        tokens = {place: _token(bench, place, up) for place in up}
        for number in range(bench.plan.served_rounds):
            entered = [case for case in cases() if case.place in up]
            for case in entered if number % 2 == 0 else entered[::-1]:
                try:
                    sample = _sample(bench, case, up[case.place], tokens[case.place])
                except (LoadError, OSError, EOFError, ValueError, ServerError) as exc:
                    bench.note(f"{case.label} was not measured in a round: {exc!r}")
                    continue
                rounds.setdefault(case.key, []).append(sample)
                planned = bench.plan.slice_s + SWITCH_S
                bench.progress.step(planned, describe(case.label, sample))
    expected = bench.plan.served_rounds
    return {key: each for key, each in rounds.items() if len(each) == expected}


def _start(bench: Bench, stack: contextlib.ExitStack) -> Up:
    up: Up = {}

    def start(place: str, begin: Callable[[], AbstractContextManager[Running]]) -> None:
        try:
            up[place] = stack.enter_context(begin())
        except (ServerError, StoreServerError, KeyError) as exc:
            bench.note(f"{place} was left out: {exc}")
        bench.progress.step(START_S, f"{place}: started")

    start("raw", lambda: serving.under_shipped_settings(bench, "raw"))
    start("bare", lambda: serving.under_shipped_settings(bench, "bare"))
    for name in STORES:
        start(name, lambda name=name: serving.served(bench, name))  # type: ignore[misc]
    start("two", lambda: serving.served(bench, "sqlite", workers=2))
    start("envoy", lambda: serving.envoy(bench, up["sqlite"]))
    start("fastapi", lambda: serving.fastapi_rotation(bench))
    return up


def _token(bench: Bench, place: str, up: Up) -> Path:
    """Give a file with a token that the server accepts, after a look at its answers."""
    issuer = up["sqlite"] if place == "envoy" else up[place]
    if place in {"raw", "bare", "fastapi"}:
        return bench.warm.path
    token = asyncio.run(ask_json(issuer.port, LOGIN))["access_token"]
    path = "/" if place == "envoy" else "/auth/verify"
    sent = {"good": token, "none": None, "forged": answers.forged(token)}
    found = {
        which: answers.get(up[place], path, each)[0] for which, each in sent.items()
    }
    if found != {"good": 200, "none": 401, "forged": 401}:
        raise ServerError(f"{place} answered {json.dumps(found)}")
    file: Path = bench.folder / f"served-{place}.txt"
    file.write_text(token + "\n", "ascii")
    return file


def _sample(bench: Bench, case: Case, running: Running, tokens: Path) -> Sample:
    if not case.is_step:
        return bench.loaded(
            running,
            case.path,
            tokens=tokens,
            seconds=bench.plan.slice_s,
            connections=bench.plan.connections,
        )
    return asyncio.run(
        refreshes.repeated(running, case.path, seconds=bench.plan.slice_s)
    )
