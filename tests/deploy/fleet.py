"""The mixed fleet of ``deploy/mixed-fleet``, in real processes."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from required import missing
from source_tree import ROOT

FLEET = ROOT / "deploy" / "mixed-fleet"
DEADLINE_S = 60
SECRET = "f3Vb8Qx1Lz6Ny4Kc0Hm7Tj2Wp9Rd5Gs-unused"


@dataclass(frozen=True, slots=True)
class Sides:
    """
    The two running applications.

    Attributes:
        legacy: The address of the Flask side.
        moved: The address of the Quart side.
    """

    legacy: str
    moved: str


@dataclass(frozen=True, slots=True)
class Gateway:
    """
    The running nginx.

    Attributes:
        socket: Where it listens.
        folder: Where its configuration is.
    """

    socket: Path
    folder: Path

    def client(self) -> httpx.Client:
        """A client that takes every address for this gateway."""
        transport = httpx.HTTPTransport(uds=str(self.socket))
        return httpx.Client(transport=transport, base_url="http://fleet.example")

    def move(self, routes: Sequence[str]) -> None:
        """Let these routes go to the Quart side, and no others."""
        _write_moved(self.folder, routes)
        subprocess.run(  # noqa: S603 - a program of the system
            [*_nginx(self.folder), "-s", "reload"], check=True, timeout=DEADLINE_S
        )


def need(program: str) -> str:
    """Give the path of a program; skip without it, or fail where all is required."""
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    if path is None:
        missing(f"{program} is not installed")
    return path


@contextlib.contextmanager
def running_sides(folder: Path, blocklist_url: str) -> Iterator[Sides]:
    """Serve both applications, with one blocklist."""
    settings = {
        "JWT_SECRET_KEY": SECRET,
        "JWT_COOKIE_SECURE": "false",
        "BLOCKLIST_URL": blocklist_url,
    }
    with (
        _served("wsgi:legacy:app", folder / "legacy.log", settings) as legacy,
        _served("moved:app", folder / "moved.log", settings) as moved,
    ):
        yield Sides(legacy(), moved())


@contextlib.contextmanager
def running_gateway(
    folder: Path, sides: Sides, routes: Sequence[str]
) -> Iterator[Gateway]:
    """Run nginx with the configuration as it is, but for its addresses."""
    need("nginx")
    socket = folder / "nginx.sock"
    text = (FLEET / "nginx.conf").read_text("utf-8")
    for address, ours in (
        ("listen 127.0.0.1:8080", f"listen unix:{socket}"),
        ("127.0.0.1:5001", sides.legacy.removeprefix("http://")),
        ("127.0.0.1:5002", sides.moved.removeprefix("http://")),
    ):
        assert text.count(address) == 1
        text = text.replace(address, ours)
    (folder / "nginx.conf").write_text(text)
    _write_moved(folder, routes)
    command = [*_nginx(folder), "-g", "daemon off;"]
    with _process(command, folder / "nginx.log") as process:
        until(socket.exists, process)
        yield Gateway(socket, folder)


@contextlib.contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """Run a Redis that keeps nothing; gives its address."""
    socket = folder / "redis.sock"
    command = [need("redis-server"), "--port", "0", "--unixsocket", str(socket)]
    command += ["--save", "", "--dir", str(folder)]
    with _process(command, folder / "redis.log") as process:
        until(socket.exists, process)
        yield f"unix://{socket}"


def until(ready: Callable[[], bool], process: subprocess.Popen[bytes] | None) -> None:
    """Poll until something is so; fail at the deadline or when the process ends."""
    deadline = time.monotonic() + DEADLINE_S
    while not ready():
        assert process is None or process.poll() is None, "the process has ended"
        assert time.monotonic() < deadline, "the deadline has passed"
        time.sleep(0.02)


@contextlib.contextmanager
def _served(
    application: str, log: Path, settings: Mapping[str, str]
) -> Iterator[Callable[[], str]]:
    """Start Hypercorn on a free port; gives what waits for its address."""
    command = [sys.executable, "-m", "hypercorn", "-w", "0", "-b", "127.0.0.1:0"]
    with _process([*command, application], log, **settings) as process:
        pattern = re.compile(r"Running on (http://\S+)")

        def address() -> str:
            until(lambda: pattern.search(log.read_text()) is not None, process)
            return str(pattern.findall(log.read_text())[0])

        yield address


@contextlib.contextmanager
def _process(
    command: Sequence[str], log: Path, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    with (
        log.open("w") as file,
        subprocess.Popen(  # noqa: S603 - our own commands
            command,
            cwd=FLEET,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **settings},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()


def _nginx(folder: Path) -> list[str]:
    return [need("nginx"), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]


def _write_moved(folder: Path, routes: Sequence[str]) -> None:
    lines = "".join(f"{route} moved;\n" for route in routes)
    (folder / "moved-routes.conf").write_text(lines)
