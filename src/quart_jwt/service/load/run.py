"""
A run: rates are offered one after another, and each is judged.
"""

import asyncio
import time
from collections import Counter
from collections import defaultdict
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass

from quart_jwt.service.load.arrivals import Arrivals
from quart_jwt.service.load.arrivals import offer
from quart_jwt.service.load.connections import Address
from quart_jwt.service.load.connections import Connections
from quart_jwt.service.load.outcomes import figures_of
from quart_jwt.service.load.outcomes import Outcome
from quart_jwt.service.load.outcomes import percentile
from quart_jwt.service.load.results import Second
from quart_jwt.service.load.results import Stage
from quart_jwt.service.load.scenarios import FIRST_RATES
from quart_jwt.service.load.scenarios import Scenario
from quart_jwt.service.load.thresholds import next_rate
from quart_jwt.service.load.thresholds import Thresholds
from quart_jwt.service.load.users import User
from quart_jwt.service.load.watching import Watcher

MAX_STAGES = 20
WARM_UP_S = 1.0
NO_TOKENS = frozenset({"visit", "login"})
"""Kinds of arrival that need no session beforehand."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What to offer.

    Attributes:
        kind: What arrives, one of ``FIRST_RATES``.
        rate: Arrivals per second, or None to search for the saturation point.
        first_rate: Where the search begins, or None for the default of the kind.
        duration_s: Seconds at each rate.
        sessions: Sessions that refreshes and access tokens come from.
        timeout_s: Seconds for one request.
        thresholds: What each rate has to meet.
        max_stages: At how many rates the search ends.
    """

    kind: str
    rate: float | None
    first_rate: float | None
    duration_s: float
    sessions: int
    timeout_s: float
    thresholds: Thresholds
    max_stages: int = MAX_STAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    What is measured.

    Attributes:
        address: Where it is.
        users: Who signs in.
        process: Its process id if it was started for this run, else None.
    """

    address: Address
    users: Sequence[User]
    process: int | None


async def run(plan: Plan, target: Target, tell: Tell) -> list[Stage]:
    """
    Offer one rate, or raise it until a threshold is missed.

    Args:
        plan: What to offer.
        target: What is measured.
        tell: Called with a line of progress.

    Raises:
        ExchangeError: No session could be started for the requests that need one.
    """
    connections = Connections(target.address, plan.timeout_s)
    watching = Connections(target.address, plan.timeout_s)
    scenario = Scenario(
        target.users,
        connections,
        clock=time.perf_counter,
        as_proxy=target.process is not None,
    )
    stages: list[Stage] = []
    began_s = time.perf_counter()
    try:
        for rate in _rates(plan, stages):
            if plan.kind not in NO_TOKENS:
                await scenario.prepare(plan.sessions)
            tell(f"{plan.kind}: {rate:.1f} arrivals/s for {plan.duration_s:g} s")
            if not stages:
                await _offered(plan, scenario, Arrivals(rate, WARM_UP_S))
                scenario.outcomes.clear()
            watcher = Watcher(watching, clock=time.perf_counter, process=target.process)
            stages.append(await _stage(plan, scenario, watcher, rate, began_s))
            tell(_line(stages[-1]))
    finally:
        connections.close()
        watching.close()
    return stages


def _rates(plan: Plan, stages: Sequence[Stage]) -> Iterator[float]:
    if plan.rate is not None:
        yield plan.rate
        return
    first = plan.first_rate or FIRST_RATES[plan.kind]
    while len(stages) < plan.max_stages:
        tried = [(stage.rate, stage.is_met) for stage in stages]
        rate = next_rate(tried, first)
        if rate is None:
            return
        yield rate


async def _offered(plan: Plan, scenario: Scenario, arrivals: Arrivals) -> list[float]:
    return await offer(arrivals, scenario.act(plan.kind), clock=time.perf_counter)


async def _stage(
    plan: Plan, scenario: Scenario, watcher: Watcher, rate: float, began_s: float
) -> Stage:
    watching = asyncio.create_task(watcher.watch())
    start_s = time.perf_counter()
    try:
        late = await _offered(plan, scenario, Arrivals(rate, plan.duration_s))
        took_s = time.perf_counter() - start_s
        await watcher.look()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    outcomes = tuple(scenario.outcomes)
    scenario.outcomes.clear()
    return judged(
        outcomes,
        plan.thresholds,
        rate=rate,
        took_s=took_s,
        late=late,
        watcher=watcher,
        began_s=began_s,
    )


def judged(
    outcomes: Sequence[Outcome],
    thresholds: Thresholds,
    *,
    rate: float,
    took_s: float,
    late: Sequence[float],
    watcher: Watcher,
    began_s: float,
) -> Stage:
    """Make a stage of what became of its requests."""
    figures = figures_of(outcomes)
    late_ms = (percentile(sorted(late), 99) or 0) * 1000
    missed = thresholds.missed(figures)
    is_late = bool(missed) and late_ms > thresholds.p99_ms / 2
    if is_late:
        missed = (
            *missed,
            f"the load generator was {late_ms:.0f} ms late (p99) and limits the result",
        )
    return Stage(
        rate=rate,
        took_s=took_s,
        answered_per_s=sum(one.answered for one in figures) / took_s,
        figures=figures,
        errors=dict(Counter(one.fault for one in outcomes if one.fault is not None)),
        generator_late_ms=late_ms,
        is_generator_late=is_late,
        missed=missed,
        looks=watcher.looks,
        seconds=tuple(_seconds(outcomes, began_s)),
    )


def _seconds(outcomes: Sequence[Outcome], began_s: float) -> Iterator[Second]:
    by_second: defaultdict[int, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        by_second[int(one.ended_s - began_s)].append(one)
    for at_s, ended in sorted(by_second.items()):
        ordered = sorted(one.latency_ms for one in ended if one.fault is None)
        yield Second(
            at_s=at_s,
            answered=len(ordered),
            failed=len(ended) - len(ordered),
            p50_ms=percentile(ordered, 50),
            p99_ms=percentile(ordered, 99),
        )


def _line(stage: Stage) -> str:
    worst = max((one.p99_ms or 0 for one in stage.figures), default=0)
    verdict = "met" if stage.is_met else "MISSED: " + "; ".join(stage.missed)
    return (
        f"  {stage.answered_per_s:.1f} responses/s, highest p99 {worst:.1f} ms, "
        f"{stage.failed} errors: {verdict}"
    )
