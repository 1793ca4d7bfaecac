"""
What performs the steps of a sample: processes on loopback addresses of their own.

There is no container engine here. The samples' files say what to start, in which order
and with which environment; only host names and the places of programs are replaced.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from itertools import count
from pathlib import Path

import httpx

from source_tree import ROOT

COMMAND = (sys.executable, "-c", "from quart_jwt.cli import main; main()")
"""``quart-jwt`` as it is installed here."""
PATIENCE_S = 90
PASSWORD = "correct horse battery staple"

_hosts = count(1)


def new_address() -> str:
    """Return an address of this machine that no other test has."""
    pid = os.getpid()
    return f"127.{100 + pid // 256 % 100}.{pid % 256}.{next(_hosts)}"


def steps_of(path: Path) -> list[str]:
    """Return the commands that the comment at the head of a file lists."""
    head = path.read_text("utf-8").split("\n\n")[0]
    return re.findall(r"^#   (\S.*)$", head, re.MULTILINE)


def exported(step: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Run an ``export`` in a shell, and return the environment afterwards."""
    done = subprocess.run(  # noqa: S603 - a line of our own sample
        ["/bin/sh", "-c", f"{step}; env -0"],
        env=dict(environ),
        capture_output=True,
        check=True,
    )
    lines = done.stdout.decode().strip("\0").split("\0")
    return dict(line.partition("=")[::2] for line in lines)


@dataclass
class Process:
    """
    A process of a sample.

    Attributes:
        command: What is run.
        environ: Its whole environment.
        folder: Where it runs; what it prints is in ``output`` there.
        user: Whom it runs as; None for whoever runs the tests.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    user: str | None = None
    running: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return (self.folder / "output").read_text("utf-8")

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.running is not None and self.running.poll() is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "output").open("ab") as output:
            self.running = subprocess.Popen(  # noqa: S603 - what a sample of ours says
                self.command,
                env=dict(self.environ),
                cwd=self.folder,
                user=self.user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def completed(self) -> int:
        """Wait for its end, and return its status."""
        assert self.running is not None
        return self.running.wait(PATIENCE_S)

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready; fail if it ends first."""
        deadline = time.monotonic() + PATIENCE_S
        while not ready():
            assert self.running is not None
            assert self.running.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def stop(self, number: signal.Signals, within_s: float) -> int:
        """Send a signal, and return the status; fail if it takes too long."""
        assert self.running is not None
        self.running.send_signal(number)
        return self.running.wait(within_s)

    def kill(self) -> None:
        """End it and its children, whatever they do."""
        if self.running is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait(PATIENCE_S)


def typed(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, password: str
) -> tuple[int, str]:
    """
    Run a command at a terminal, type a password where it asks for one.

    Returns:
        Its status, and what the terminal showed.
    """
    ours, theirs = os.openpty()
    try:
        # The leader of a session gets the first terminal that it opens as its own.
        opening = ["/bin/sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(theirs)]
        process = subprocess.Popen(  # noqa: S603 - what a sample of ours says
            [*opening, *command], env=dict(environ), cwd=folder, start_new_session=True
        )
        shown = _answer(ours, process, password)
        return process.wait(PATIENCE_S), shown
    finally:
        os.close(ours)
        os.close(theirs)


def _answer(terminal: int, process: "subprocess.Popen[bytes]", password: str) -> str:
    shown, answered = b"", 0
    os.set_blocking(terminal, False)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        has_ended = process.poll() is not None
        with suppress(BlockingIOError):
            shown += os.read(terminal, 65_536)
        asked = len(re.findall(rb"(?:Password|The same again): ", shown))
        if asked > answered:
            os.write(terminal, f"{password}\n".encode())
            answered = asked
        if has_ended:
            return shown.decode()
        assert time.monotonic() < deadline, shown
        time.sleep(0.02)


def words_of(step: str) -> list[str]:
    """Return the words of a command line."""
    return shlex.split(step)


def hypercorn_toml(folder: Path, address: str) -> Path:
    """Copy the shipped file, for another address."""
    text = (ROOT / "hypercorn.toml").read_text("utf-8")
    path = folder / "hypercorn.toml"
    path.write_text(text.replace("127.0.0.1:8000", f"{address}:8000"))
    return path


def is_ready(address: str, path: str = "/healthz/ready") -> bool:
    """Whether a service answers a probe with 200."""
    try:
        answer = httpx.get(f"http://{address}{path}", timeout=2)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def sign_in(base: str) -> str:
    """Sign in, ask for a protected page, refresh; return the new refresh token."""
    with httpx.Client(base_url=base, timeout=30) as client:
        credentials = {"username": "alice", "password": PASSWORD}
        answer = client.post("/login", json=credentials)
        assert answer.status_code == httpx.codes.OK, answer.text
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        page = client.get("/protected", headers=bearer)
        assert page.json() == {"logged_in_as": "alice"}
    return refresh(base, answer.json()["refresh_token"])


def refresh(base: str, token: str) -> str:
    """Exchange a refresh token for the next one."""
    bearer = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{base}/refresh", headers=bearer, timeout=30)
    assert answer.status_code == httpx.codes.OK, answer.text
    return str(answer.json()["refresh_token"])
