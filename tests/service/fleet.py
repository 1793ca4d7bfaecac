"""A supervisor in a process of its own, and what a test does with it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.kit import SECRET

HERE = Path(__file__).parent
COMMAND = [
    sys.executable,
    "-c",
    "from quart_jwt.cli import main; main()",
]
PACED = [sys.executable, str(HERE / "supervise.py")]
SERVICE = [*COMMAND, "serve", "--workers", "2", "--port", "0"]
DEADLINE_S = 60

EVENT_LOOP = ""
"""A line of ``hypercorn.toml``; the fixture ``on_each_loop`` puts one here."""


async def until(ready: Callable[[], bool], what: str) -> None:
    """Poll until something is so; fail at the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not ready():  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.02)
    assert ready(), what


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that is only waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def gone(pids: Sequence[int]) -> None:
    """Wait until none of some processes is left."""
    await until(lambda: not any(map(is_alive, pids)), f"the end of {pids}")


@dataclass(frozen=True, slots=True)
class Fleet:
    """
    A running supervisor.

    Attributes:
        process: The supervisor, leader of a process group of its own.
        output: Where everything is printed to.
    """

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def text(self) -> str:
        """Everything printed so far."""
        return self.output.read_text()

    @property
    def port(self) -> int:
        """Where it listens."""
        found = re.search(r" on http://127\.0\.0\.1:(\d+)$", self.text, re.MULTILINE)
        assert found is not None
        return int(found[1])

    @property
    def started(self) -> list[int]:
        """The process ids of all workers that have come to serve, in their order."""
        return [int(pid) for pid in re.findall(r"worker (\d+) serves", self.text)]

    @property
    def workers(self) -> list[int]:
        """Those that are still there."""
        return [pid for pid in self.started if is_alive(pid) and self._is_ours(pid)]

    def _is_ours(self, pid: int) -> bool:
        """Whether a process is of this group; its id may have been given to another."""
        try:
            return os.getpgid(pid) == self.process.pid
        except ProcessLookupError:
            return False

    async def serving(self, started: int = 2) -> None:
        """Wait until so many workers have come to serve since the start."""
        await until(
            lambda: self.process.poll() is not None or len(self.started) >= started,
            "workers serve",
        )
        assert self.process.poll() is None, self.text

    async def says(self, text: str) -> None:
        """Wait for a line in the output."""
        await until(lambda: text in self.text, text)

    async def in_flight(self, requests: int) -> None:
        """Wait until workers have begun to answer so many slow requests."""
        await until(
            lambda: self.text.count("in flight: ") >= requests, "requests in flight"
        )

    async def ended(self) -> int:
        """Wait for the supervisor's exit status; no worker is left by then."""
        await until(lambda: self.process.poll() is not None, "the end")
        assert self.workers == []
        return self.process.wait()

    def send(self, number: signal.Signals) -> None:
        """Signal the supervisor."""
        self.process.send_signal(number)

    def send_to_group(self, number: signal.Signals) -> None:
        """Signal the supervisor and its workers."""
        os.killpg(self.process.pid, number)


@contextmanager
def fleet_of(
    command: list[str], where: Path, hypercorn: str = "", **environ: str
) -> Iterator[Fleet]:
    """
    Start a supervisor; whatever happens, it and its workers are ended.

    Args:
        command: ``PACED`` or ``SERVICE``.
        where: Its current directory.
        hypercorn: The text of its ``hypercorn.toml``, beside the event loop.
        environ: More environment variables.
    """
    (where / "hypercorn.toml").write_text(EVENT_LOOP + hypercorn)
    output = where / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=where,
            env={
                **os.environ,
                "PYTHONPATH": str(HERE.parent),
                "QUART_JWT_SECRET_KEY": SECRET,
                **environ,
            },
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    fleet = Fleet(process, output)
    try:
        yield fleet
    finally:
        for pid in [process.pid, *fleet.workers]:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        process.wait()
