"""Latencies count from when a request was due, on a clock of the test's own."""

import asyncio

import pytest

from quart_jwt.service.load.arrivals import Arrivals
from quart_jwt.service.load.arrivals import offer
from quart_jwt.service.load.outcomes import figures_of
from quart_jwt.service.load.outcomes import Outcome


class Time:
    """A clock that only sleeping and working move."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        """Let others run, and move the time."""
        await asyncio.sleep(0)
        self.now_s += seconds


def test_arrivals_are_evenly_spaced_and_do_not_drift() -> None:
    """The last of ten thousand is due when it should be, to the microsecond."""
    times = list(Arrivals(rate=3, duration_s=3333).times(50))

    assert len(times) == 9999
    assert times[0] == 50
    assert abs(times[-1] - (50 + 9998 / 3)) < 1e-6


def test_at_least_one_arrives() -> None:
    """A low rate for a short time still asks once."""
    assert len(list(Arrivals(rate=0.1, duration_s=1).times(0))) == 1


async def test_each_arrival_starts_when_it_is_due() -> None:
    """The generator sleeps until then, and is not late on an idle machine."""
    time = Time()
    started: list[tuple[float, float]] = []

    async def act(due_s: float) -> None:
        started.append((due_s, time()))

    late = await offer(
        Arrivals(rate=4, duration_s=1), act, clock=time, sleep=time.sleep
    )

    assert [due for due, _ in started] == [100, 100.25, 100.5, 100.75]
    assert late == [0, 0, 0, 0]


async def test_a_stall_is_in_the_latencies_of_all_who_waited() -> None:
    """A stall of a second delays the hundred due meanwhile: no coordinated omission."""
    time = Time()
    outcomes: list[Outcome] = []

    async def act(due_s: float) -> None:
        if due_s == 100:
            time.now_s += 1  # nothing runs meanwhile, as in a stalled process
        outcomes.append(Outcome("verify", due_s, time()))

    late = await offer(
        Arrivals(rate=100, duration_s=2), act, clock=time, sleep=time.sleep
    )

    (figures,) = figures_of(outcomes)
    slow = [one for one in outcomes if one.latency_ms > 5]
    assert len(outcomes) == 200
    assert 98 <= len(slow) <= 102
    assert figures.p99_ms is not None
    assert figures.p99_ms > 950
    assert figures.max_ms == pytest.approx(1000, abs=20)
    assert max(late) > 0.9
