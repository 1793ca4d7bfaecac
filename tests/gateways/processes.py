"""Processes that a test starts, waits for, and always ends."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEADLINE_S = 60
OUR_PREFIX = "QUART_JWT_"


def poll(ready: Callable[[], bool], explain: Callable[[], str] = str) -> None:
    """Ask until something is so; fail at the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not ready():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Process:
    """A started process and the file with what it prints."""

    popen: subprocess.Popen[bytes]
    output: Path

    @property
    def text(self) -> str:
        """Everything printed so far."""
        return self.output.read_text("utf-8", "replace")

    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self.popen.poll() is not None

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Poll until something is so; fail at the deadline with what it printed."""
        poll(ready, lambda: self.text)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Let it hang: its sockets stay open and nobody answers."""
        self.popen.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.popen.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def running(
    command: list[str], where: Path, settings: Mapping[str, str]
) -> Iterator[Process]:
    """
    Start a process in a directory of its own, and end it whatever happens.

    Args:
        command: The program and its arguments.
        where: Its working directory, home and temporary directory.
        settings: What its environment says beside ours.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(OUR_PREFIX)}
    own = {"HOME": str(where), "TMPDIR": str(where), "PYTHONUNBUFFERED": "1"}
    output = where / "output"
    with output.open("wb") as file:
        popen = subprocess.Popen(  # noqa: S603 - the programs under test
            command,
            cwd=where,
            env={**inherited, **own, **settings},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Process(popen, output)
    finally:
        popen.terminate()
        try:
            popen.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
