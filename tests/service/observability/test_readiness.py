"""Readiness: three misses in a row, two hits, and whatever a look may raise."""

import asyncio
import logging

import pytest

from clock import Clock
from quart_jwt.service.observability import readiness as module
from quart_jwt.service.observability.readiness import NowAndThen
from quart_jwt.service.observability.readiness import Readiness


class Part:
    """A part that answers, or not, as a test says."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    async def answer(self) -> None:
        """Answer."""
        if self.error is not None:
            raise self.error


def _miss(part: Part) -> None:
    part.error = OSError("away")


def _hit(part: Part) -> None:
    part.error = None


async def _seen(part: Part, readiness: Readiness, looks: str) -> str:
    """Give what is said after each look: + for a hit or ready, - for the opposite."""
    said = ""
    for look in looks:
        (_hit if look == "+" else _miss)(part)
        await readiness.look()
        said += "+" if readiness.is_ready else "-"
    return said


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ("+", "+"),  # the first look counts by itself
        ("-", "-"),
        ("-++", "--+"),
        ("+---", "+++-"),
        ("+--+--", "++++++"),
        ("+---+-++", "+++----+"),
        ("+---+-+-+-", "+++-------"),
    ],
)
async def test_it_takes_three_misses_and_two_hits(looks: str, said: str) -> None:
    """Both in a row; a single look of the other kind begins the count anew."""
    part = Part()
    readiness = Readiness({"part": part.answer})
    assert not readiness.is_ready
    assert await _seen(part, readiness, looks) == said


async def test_one_silent_part_is_a_miss(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it raises; the log names it once, and once more that it is back."""
    caplog.set_level(logging.INFO)
    good, bad = Part(), Part()
    readiness = Readiness({"database": good.answer, "sessions": bad.answer})
    await readiness.look()
    bad.error = RuntimeError("secret detail")
    for _ in range(5):
        await readiness.look()
    bad.error = None
    for _ in range(5):
        await readiness.look()
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["ready", "not ready: no answer from: sessions", "ready"]


async def test_a_part_that_hangs_is_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked once, and again when it has answered; a late answer is no hit."""
    monkeypatch.setattr(module, "DEADLINE_S", 0)
    asked = 0
    answer = asyncio.Event()

    async def hang() -> None:
        nonlocal asked
        asked += 1
        await answer.wait()

    readiness = Readiness({"part": hang})
    for _ in range(3):
        await readiness.look()
        await asyncio.sleep(0)
        assert (asked, readiness.is_ready) == (1, False)
    answer.set()
    await asyncio.gather(*readiness._late.values())
    monkeypatch.setattr(module, "DEADLINE_S", 60)
    for ready in (False, True):
        await readiness.look()
        assert readiness.is_ready is ready
    assert asked == 3


async def test_the_end_waits_for_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that hangs is left behind when the service ends."""
    monkeypatch.setattr(module, "DEADLINE_S", 0)

    async def hang() -> None:
        await asyncio.Event().wait()

    serving = Readiness({"part": hang}).serving()
    await anext(serving)
    await serving.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_it_looks_by_itself_while_it_serves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once before anything is served, then again and again, and not after the end."""
    monkeypatch.setattr(module, "EVERY_S", 0)
    looks = 0
    enough = asyncio.Event()

    async def answer() -> None:
        nonlocal looks
        looks += 1
        if looks == 5:
            enough.set()

    serving = Readiness({"part": answer}).serving()
    await anext(serving)
    assert looks == 1
    await enough.wait()
    await serving.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_writing_is_tried_now_and_then_and_each_time_while_it_fails() -> None:
    """A good write counts for a while; a bad one is tried again with each look."""
    clock, part, tried = Clock(0), Part(), []

    async def write() -> None:
        tried.append(clock())
        await part.answer()

    readiness = Readiness({"part": NowAndThen(write, every_s=10, monotonic=clock)})
    said = ""
    for second in range(30):
        (_miss if 5 <= second < 15 else _hit)(part)
        await readiness.look()
        said += "+" if readiness.is_ready else "-"
        clock.advance(1)
    assert tried == [0, 10, 11, 12, 13, 14, 15, 25]
    assert said == "+" * 12 + "-" * 4 + "+" * 14
