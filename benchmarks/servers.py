"""
Servers: how each is started on one core, and how it surely ends.

Every one is a process group of its own with one worker process, and listens on a
free port of 127.0.0.1. Whatever happens here, the group is killed.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks import processes

ROOT = Path(__file__).resolve().parents[1]
HYPERCORN_SETTINGS = Path(__file__).with_name("hypercorn.toml")

START_S = 30
"""The slowest to start makes an RSA key of 4,096 bits before."""

STOP_S = 5
LOG_CHARS = 600
KEEP_ALIVE_S = "600"
BACKLOG = "2048"

GRANIAN_CONNECTIONS = "20000"
"""Granian takes no more connections at once than it is told."""


class ServerError(Exception):
    """A server did not start, or did not answer as it must."""


@dataclass(frozen=True, slots=True)
class Running:
    """
    A server that takes connections.

    Attributes:
        pid: Its first process.
        port: Where it listens on 127.0.0.1.
    """

    pid: int
    port: int

    def url(self, path: str) -> str:
        """The URL of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def cpu_s(self) -> float:
        """CPU time of all its processes so far."""
        return processes.cpu_s(self.pid)

    def rss_bytes(self) -> int:
        """Resident memory of all its processes now."""
        return processes.rss_bytes(self.pid)


def command(server: str, app: str, port: int) -> list[str]:
    """
    The command line of a server.

    Args:
        server: Its name here.
        app: A module of ``benchmarks.apps``.
        port: Where it listens on 127.0.0.1.

    Raises:
        KeyError: There is no such server.
    """
    loop = "uvloop" if find_spec("uvloop") else "asyncio"
    address = f"127.0.0.1:{port}"
    at_port = ("--host", "127.0.0.1", "--port", str(port))
    hypercorn = ("hypercorn", "-w", "0", "-c", str(HYPERCORN_SETTINGS), "-b", address)
    gunicorn = (
        *("gunicorn", "-w", "1", "-b", address, "--backlog", BACKLOG),
        *("--keep-alive", KEEP_ALIVE_S, "--worker-connections", BACKLOG),
        *("--log-level", "warning", "--no-control-socket"),
    )
    commands: dict[str, tuple[str, ...]] = {
        "hypercorn": (*hypercorn, "-k", loop),
        "hypercorn-asyncio": (*hypercorn, "-k", "asyncio"),
        "uvicorn": (
            *("uvicorn", *at_port, "--loop", loop, "--backlog", BACKLOG),
            *("--timeout-keep-alive", KEEP_ALIVE_S),
            *("--no-access-log", "--log-level", "warning"),
        ),
        "granian": (
            *("granian", *at_port, "--interface", "asgi", "--workers", "1"),
            *("--loop", loop, "--backlog", BACKLOG, "--log-level", "warning"),
            *("--backpressure", GRANIAN_CONNECTIONS),
        ),
        "gunicorn-sync": (*gunicorn, "-k", "sync"),
        "gunicorn-gthread": (*gunicorn, "-k", "gthread", "--threads", "4"),
        "gunicorn-gthread-64": (*gunicorn, "-k", "gthread", "--threads", "64"),
    }
    return [sys.executable, "-m", *commands[server], f"benchmarks.apps.{app}:app"]


@contextlib.contextmanager
def serving(
    server: str, app: str, *, core: int, env: Mapping[str, str], log: Path
) -> Iterator[Running]:
    """
    Run a server until the block is left.

    Args:
        server: Its name here.
        app: A module of ``benchmarks.apps``.
        core: The core that it runs on.
        env: Variables for the application.
        log: A file for what it prints.

    Raises:
        ServerError: It does not take connections.
    """
    port = free_port()
    pinned = ["taskset", "-c", str(core), *command(server, app, port)]
    with started(pinned, port, env={**os.environ, **env}, log=log) as running:
        yield running


@contextlib.contextmanager
def started(
    command: list[str], port: int, *, env: Mapping[str, str], log: Path
) -> Iterator[Running]:
    """
    Run a command that serves, until the block is left.

    Args:
        command: Its command line.
        port: Where it will listen on 127.0.0.1.
        env: Its whole environment.
        log: A file for what it prints.

    Raises:
        ServerError: It does not take connections.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a command line of our own making
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(process, port, log)
        yield Running(process.pid, port)
    finally:
        _end(process)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up:
        if process.poll() is not None:
            break
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=1),
        ):
            return
        time.sleep(0.05)
    said = log.read_text("utf-8", "replace").strip()[-LOG_CHARS:]
    raise ServerError(f"it takes no connections: {said or 'it said nothing'}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: politely first, for a server may have children."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
    # A worker may outlive its leader by a moment; nothing of the group may stay.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
