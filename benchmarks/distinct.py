"""
Distinct tokens through one process: what the verified-token cache holds in the end.

``python -m benchmarks.distinct 1000000`` prints one line of JSON; the benchmark runs
it in a process of its own, for memory has to be measured from a fresh start.
"""

import asyncio
import json
import os
import secrets
import subprocess
import sys
from dataclasses import asdict

from quart import Quart

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.bench import Sample
from benchmarks.plan import Plan
from benchmarks.servers import ROOT
from benchmarks.tokens import mint
from quart_jwt import decode_token
from quart_jwt import JWTManager

PER_S = 25_000
"""Tokens that are made and verified in a second, about."""

TIMEOUT_S = 600
WARM_UP = 100
MIB = 2**20


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    return plan.memory_tokens / PER_S


def measure_distinct(bench: Bench) -> Sample:
    """Run it; empty where it is left out or failed, which is noted."""
    count = bench.plan.memory_tokens
    if not count:
        return {}
    module = ("-m", "benchmarks.distinct", str(count))
    pinned = ("taskset", "-c", str(bench.cores.server), sys.executable, *module)
    try:
        done = subprocess.run(  # noqa: S603 - a command line of our own making
            pinned,
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    except (subprocess.SubprocessError, OSError) as exc:
        said = getattr(exc, "stderr", "") or ""
        bench.note(f"distinct tokens were left out: {exc} {said[-300:]}")
        return {}
    found: Sample = json.loads(done.stdout)
    bench.progress.step(
        planned_s(bench.plan),
        f"{count:,} distinct tokens: {found['entries']:,} kept in "
        f"{found['bytes'] / MIB:.1f} of {found['max_bytes'] / MIB:.0f} MiB, "
        f"the process grew by {found['grown_mib']:.1f} MiB",
    )
    return found


async def _through_the_cache(count: int) -> Sample:
    secret = secrets.token_hex(32)
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = secret
    jwt = JWTManager(app)
    async with app.app_context():
        for token in mint(secret, WARM_UP):
            decode_token(token)
        before = processes.rss_bytes(os.getpid())
        highest = before
        for number, token in enumerate(mint(secret, count)):
            decode_token(token)
            if number % 10_000 == 0:
                highest = max(highest, processes.rss_bytes(os.getpid()))
        after = processes.rss_bytes(os.getpid())
        info = asdict(jwt.cache_info())
    return {
        "tokens": count,
        "before_mib": before / MIB,
        "after_mib": after / MIB,
        "grown_mib": (max(after, highest) - before) / MIB,
        **info,
    }


if __name__ == "__main__":
    figures = asyncio.run(_through_the_cache(int(sys.argv[1])))
    sys.stdout.write(json.dumps(figures) + "\n")
