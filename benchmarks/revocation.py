"""
The protected route with a session store: its feed followed, or the store asked.

The same route without a store stands beside them.
"""

import contextlib

from benchmarks import throughput
from benchmarks.bench import Bench
from benchmarks.contenders import CHECKED
from benchmarks.plan import Plan
from benchmarks.store_servers import store
from benchmarks.store_servers import StoreServerError
from benchmarks.throughput import Rounds

STORES = ("redis", "postgresql")


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    if not plan.revocations:
        return 0
    return throughput.planned_families_s(plan, {"": CHECKED})


def measure_revocation(bench: Bench) -> Rounds:
    """Measure in alternating rounds; a store that is missing is noted and left out."""
    if not bench.plan.revocations:
        return {}
    with contextlib.ExitStack() as stack:
        for name in STORES:
            try:
                url = stack.enter_context(store(name))
            except StoreServerError as exc:
                bench.note(f"{name} was left out: {exc}")
            else:
                (bench.folder / f"{name}.url").write_text(url, "utf-8")
        return throughput.measure_families(bench, {"a revocation check": CHECKED})
