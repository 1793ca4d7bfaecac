"""
The store that takes 20 ms, asked by every request of 1,000 connections.

Each contender has one process on one core. A server is started for each round: a
sync one has a queue of seconds left when the load is gone.
"""

from benchmarks.bench import Bench
from benchmarks.bench import describe
from benchmarks.contenders import Contender
from benchmarks.contenders import WAITING
from benchmarks.load import LoadError
from benchmarks.plan import Plan
from benchmarks.servers import ServerError
from benchmarks.throughput import Rounds

START_S = 1.5
"""What a round takes beside its load, in seconds."""


def planned_s(plan: Plan) -> float:
    """How long this takes by plan."""
    return plan.wait_rounds * len(WAITING) * (plan.wait_slice_s + START_S)


def measure_store_wait(bench: Bench) -> Rounds:
    """Measure in alternating rounds; a contender that fails is noted and left out."""
    rounds: Rounds = {}
    for number in range(bench.plan.wait_rounds):
        for contender in WAITING:
            try:
                _round(bench, contender, number, rounds)
            except (LoadError, ServerError) as exc:
                bench.note(f"{contender.label}, store of 20 ms, was left out: {exc}")
    return {
        key: each for key, each in rounds.items() if len(each) == bench.plan.wait_rounds
    }


def _round(bench: Bench, contender: Contender, number: int, rounds: Rounds) -> None:
    with bench.serving(contender.server, contender.app, lap=number) as running:
        bench.check(contender, running)
        sample = bench.measure(
            contender,
            running,
            seconds=bench.plan.wait_slice_s,
            connections=bench.plan.wait_connections,
        )
    rounds.setdefault(contender.key, []).append(sample)
    bench.progress.step(
        bench.plan.wait_slice_s + START_S,
        describe(f"store of 20 ms: {contender.label}", sample),
    )
