"""Readiness: three misses in a row, two hits, and whatever a look may raise."""

import asyncio
import logging

import pytest

from quart_jwt.service.observability import readiness as module
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
    """A look has an end of its own."""
    monkeypatch.setattr(module, "DEADLINE_S", 0)
    readiness = Readiness({"part": asyncio.Event().wait})  # type: ignore[dict-item]
    await readiness.look()
    assert not readiness.is_ready


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
