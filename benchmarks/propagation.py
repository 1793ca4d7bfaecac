"""
Propagation: how long after a revocation another process refuses the token.

One process revokes, the other follows the feed and looks at its memory all the time.
The delay runs from the moment in which the revocation was answered.

``python -m benchmarks.propagation URL`` is that other process: it reads the ids of
tokens, and prints when it refused each, by the clock that all processes share.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping

from benchmarks.bench import Bench
from benchmarks.plan import Plan
from benchmarks.servers import ROOT
from benchmarks.store_servers import store
from benchmarks.store_servers import STORES
from benchmarks.store_servers import StoreServerError
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.in_use.store import StoreInUse
from quart_jwt.stores.urls import store_from_url
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef

START_S = 3.0
"""What a store takes to start and to end, in seconds."""

PAUSE_S = 0.02
"""Between two revocations; the reader waits for news again by then."""

LOOK_S = 0.0002
BOUND_S = 1.0
LIFE_S = 900

Figures = dict[str, Mapping[str, float]]


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    if not plan.revocations:
        return 0
    return len(STORES) * (START_S + plan.revocations * 2 * PAUSE_S)


def measure_propagation(bench: Bench) -> Figures:
    """Measure each store; one that is missing is noted and left out."""
    found: Figures = {}
    for name in STORES if bench.plan.revocations else ():
        try:
            with store(name) as url:
                delays_ms = asyncio.run(_delays_ms(url, bench.plan.revocations))
        except (StoreServerError, StoreError) as exc:
            bench.note(f"propagation by {name} was left out: {exc}")
        else:
            found[name] = _figures(delays_ms)
            bench.progress.step(planned_s(bench.plan) / len(STORES), _said(name, found))
    return found


def _figures(delays_ms: list[float]) -> Mapping[str, float]:
    cuts = statistics.quantiles(delays_ms, n=100, method="inclusive")
    return {
        "revocations": len(delays_ms),
        "p50_ms": cuts[49],
        "p99_ms": cuts[98],
        "max_ms": max(delays_ms),
    }


def _said(name: str, found: Figures) -> str:
    one = found[name]
    return f"{name}: p50 {one['p50_ms']:.2f} ms, p99 {one['p99_ms']:.2f} ms"


async def _delays_ms(url: str, revocations: int) -> list[float]:
    revoking = store_from_url(url)
    await revoking.open(now=time.time())
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.propagation", url),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    if other.stdin is None or other.stdout is None:
        raise StoreServerError("the other process has no pipes")
    await other.stdout.readline()
    delays_ms = []
    for number in range(revocations):
        jti = f"revoked-{number}"
        other.stdin.write(f"{jti}\n".encode())
        await asyncio.sleep(PAUSE_S)
        one = Revocation(scope=Scope.TOKEN, name=jti, until=time.time() + LIFE_S)
        await revoking.revoke(one, now=time.time())
        answered_at = time.monotonic()
        refused_at = float(await other.stdout.readline())
        # The other may refuse it before this one hears that it was revoked.
        delays_ms.append(max(0.0, refused_at - answered_at) * 1_000)
    other.stdin.close()
    await other.wait()
    await revoking.close()
    return delays_ms


async def _follow(url: str) -> None:
    """Refuse what comes by the feed, and print when."""
    following = StoreInUse(
        store_from_url(url),
        clock=time.time,
        monotonic=time.monotonic,
        timeout_s=lambda: 1.0,
        bound_s=lambda: BOUND_S,
        max_entries=1_000_000,
    )
    await following.open()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while jti := (await asyncio.to_thread(sys.stdin.readline)).strip():
        token = TokenRef(jti=jti, family_id=None, subject=None, issued_at=time.time())
        while not await following.store.is_revoked(token, now=time.time()):  # noqa: ASYNC110 - memory tells nobody
            await asyncio.sleep(LOOK_S)
        sys.stdout.write(f"{time.monotonic()}\n")
        sys.stdout.flush()
    await following.close()


if __name__ == "__main__":
    asyncio.run(_follow(sys.argv[1]))
