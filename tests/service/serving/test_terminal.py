"""``quart-jwt serve`` at a terminal: one log format, and Ctrl-C."""

import os
import re
import subprocess
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from service.fleet import COMMAND
from service.fleet import DEADLINE_S
from service.kit import SECRET

CTRL_C = b"\x03"
RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]+ [\w.]+: ")


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, command: list[str], folder: Path, **environ: str) -> None:
        self._ours, self._theirs = os.openpty()
        os.set_blocking(self._ours, False)
        # The leader of a session gets the first terminal that it opens as its own.
        opening = ["/bin/sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1']
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [*opening, os.ttyname(self._theirs), *command],
            cwd=folder,
            env={**os.environ, **environ},
            start_new_session=True,
        )
        self._shown = b""

    @property
    def text(self) -> str:
        """Everything shown so far."""
        with suppress(BlockingIOError):
            while more := os.read(self._ours, 65_536):
                self._shown += more
        return self._shown.decode().replace("\r\n", "\n")

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._ours, keys)

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait for something."""
        deadline = time.monotonic() + DEADLINE_S
        while not ready():
            assert time.monotonic() < deadline, self.text
            time.sleep(0.02)

    def close(self) -> None:
        """Leave nothing behind."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture(name="terminal", params=["0", "1"], ids=["one-process", "a-worker"])
def _terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(
        [*COMMAND, "serve", "--port", "0", "--workers", request.param],
        tmp_path,
        QUART_JWT_SECRET_KEY=SECRET,
        # Not there, so that the start has something to log.
        QUART_JWT_STORE_URL="redis://127.0.0.1:1/0",
    )
    yield terminal
    terminal.close()


def test_ctrl_c_ends_it(terminal: Terminal) -> None:
    """Every line is of one format, audit log and start included; status 0."""
    terminal.until(lambda: "CTRL + C" in terminal.text and "There are" in terminal.text)
    found = re.search(r"on (http://\S+)\n", terminal.text)
    assert found is not None
    httpx.post(f"{found[1]}/introspect", data={"token": "x"}, timeout=30)
    terminal.until(lambda: "client_refused" in terminal.text)
    terminal.type(CTRL_C)
    assert terminal.process.wait(DEADLINE_S) == 0
    lines = terminal.text.replace("^C", "").split("\n")
    records = [line for line in lines if line and not line.startswith(BANNER)]
    assert [line for line in records if not RECORD.match(line)] == []
    assert any("not ready: no answer from: sessions" in line for line in records)
    assert any("quart_jwt.audit: client_refused reason=" in line for line in records)
    assert records[-1].endswith(": stopped")


BANNER = ("quart-jwt (", "There are no users yet:")
