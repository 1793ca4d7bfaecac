"""
Did something hold up the event loop?

No clock can tell on a loaded machine: whoever starves the loop's thread makes it
late. A second thread that beats starves with it, so the loop's delay is counted in
beats of that thread.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextlib import suppress

BEAT_S = 0.001
STALL = 50
"""Beats without a turn of the loop: 50 ms and more of something that blocks."""


class Metronome(threading.Thread):
    """Beats, and counts the times of ``STALL`` beats in which the loop stood still."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.turns = 0
        self.stalls = 0
        self._since_turn = 0
        self._is_over = threading.Event()

    def run(self) -> None:
        """Beat until the end."""
        while not self._is_over.is_set():
            time.sleep(BEAT_S)
            self._since_turn += 1

    async def turn(self) -> None:
        """Turn with the loop, counting."""
        while True:
            self.turns += 1
            self.stalls += self._since_turn // STALL
            self._since_turn = 0
            await asyncio.sleep(0)

    def end(self) -> None:
        """Beat no more."""
        self._is_over.set()
        self.join()


@asynccontextmanager
async def metronome() -> AsyncIterator[Metronome]:
    """Lend a metronome that beats beside the running loop."""
    beating = Metronome()
    beating.start()
    turning = asyncio.create_task(beating.turn())
    try:
        yield beating
    finally:
        turning.cancel()
        with suppress(asyncio.CancelledError):
            await turning
        beating.end()
