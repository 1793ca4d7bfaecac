"""A job in a worker thread that a test holds for as long as it likes."""

import asyncio
import threading

DEADLINE_S = 60


class Held:
    """Where jobs stop until the test lets them go."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self._running = threading.Event()
        self._released = threading.Event()
        self._loop = threading.get_ident()

    def stop_here(self) -> None:
        """Wait for the test; on the loop's own thread that would be for ever."""
        self.threads.add(threading.get_ident())
        self._running.set()
        if threading.get_ident() != self._loop:
            self._released.wait(DEADLINE_S)

    async def is_running(self) -> None:
        """Return when a job has come here."""
        assert await asyncio.to_thread(self._running.wait, DEADLINE_S)

    def release(self) -> None:
        """Let all jobs go on."""
        self._released.set()

    def was_on_the_loop(self) -> bool:
        """Whether a job ran in the thread of the event loop."""
        return self._loop in self.threads
