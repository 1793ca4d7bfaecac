"""
The idle service: CPU time, and memory of the keeper and of a worker.
"""

import time

from benchmarks import processes
from benchmarks.bench import Bench
from benchmarks.bench import Sample
from benchmarks.plan import Plan
from benchmarks.refreshes import service_on
from benchmarks.served import START_S
from benchmarks.servers import Running
from benchmarks.servers import ServerError
from benchmarks.store_servers import STORES
from benchmarks.store_servers import StoreServerError

SETTLE_S = 3.0
IDLE_S = 20.0


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    return len(STORES) * (START_S + SETTLE_S + IDLE_S) if plan.crowd_s else 0


def measure_served_idle(bench: Bench) -> dict[str, Sample]:
    """Measure one worker under its keeper on each store."""
    found = {}
    for name in STORES if bench.plan.crowd_s else ():
        try:
            with service_on(
                name, core=bench.cores.server, workers=1, cheap_hashes=False
            ) as running:
                found[name] = _idle(running)
        except (ServerError, StoreServerError) as exc:
            bench.note(f"idle on {name} was left out: {exc}")
            continue
        each = found[name]
        bench.progress.step(
            START_S + SETTLE_S + IDLE_S,
            f"idle on {name}: {each['busy']:.2%} of a core, worker "
            f"{each['worker_mib']:.1f} MiB, keeper {each['keeper_mib']:.1f} MiB",
        )
    return found


def _idle(running: Running) -> Sample:
    time.sleep(SETTLE_S)
    before_s, began = running.cpu_s(), time.monotonic()
    time.sleep(IDLE_S)
    busy = (running.cpu_s() - before_s) / (time.monotonic() - began)
    keeper, *others = processes.tree_of(running.pid, processes.running())
    return {
        "busy": busy,
        "keeper_mib": keeper.rss_bytes / 2**20,
        "worker_mib": max(each.rss_bytes for each in others) / 2**20,
    }
