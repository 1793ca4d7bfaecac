"""The real command when its access log cannot be written: nothing secret comes out."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.kit import SECRET
from service.serving.test_process import _environ
from service.serving.test_process import _until
from service.serving.test_process import COMMAND
from service.serving.test_process import DEADLINE_S
from service.serving.test_process import ROOT

SERVE = [*COMMAND, "serve", "--port", "0"]
HYPERCORN = [
    *(sys.executable, "-m", "hypercorn", "-c", str(ROOT / "hypercorn.toml")),
    *("-b", "127.0.0.1:0", "quart_jwt.service.asgi:app"),
]
COMMANDS = {
    "serve": SERVE,
    "workers": [*SERVE, "--workers", "1"],
    "hypercorn": HYPERCORN,
}
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJyZWFsIn0.c2ln"
COOKIE = "access_token_cookie=eyJCOOKIE"
REQUEST = (
    "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    f"Authorization: Bearer {TOKEN}\r\nCookie: {COOKIE}\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Logging:
    """A service whose standard output is a pipe and standard error a file."""

    process: subprocess.Popen[str]
    errors: Path

    def ask(self, path: str) -> bytes:
        """Send a request with a token and a cookie; give the answer's first line."""
        found = re.search(r"Running on http://([\d.]+):(\d+)", self.errors.read_text())
        assert found is not None
        address = (found[1], int(found[2]))
        with socket.create_connection(address, DEADLINE_S) as connection:
            connection.sendall(REQUEST.format(path=path).encode("ascii"))
            return connection.makefile("rb").readline()

    def stop(self) -> str:
        """End it; give all that stood on standard error."""
        self.process.terminate()
        self.process.wait(DEADLINE_S)
        return self.errors.read_text()


@pytest.fixture(
    name="logging_service",
    params=[
        pytest.param(
            command, id=name, marks=[] if name == "serve" else pytest.mark.slow
        )
        for name, command in COMMANDS.items()
    ],
)
def _logging_service(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Logging]:
    """Start it with an output that takes ASCII only."""
    errors = tmp_path / "errors"
    with errors.open("w") as file:
        process = subprocess.Popen(  # noqa: S603 - our own command
            request.param,
            cwd=tmp_path,
            env={**_environ(SECRET_KEY=SECRET), "PYTHONIOENCODING": "ascii"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
    with process:
        try:
            _until(lambda: "Running on" in errors.read_text(), process)
            yield Logging(process, errors)
        finally:
            process.kill()


def test_a_log_that_cannot_be_written_shows_nothing(logging_service: Logging) -> None:
    """First a path that ASCII cannot carry, then a pipe that nobody reads."""
    output, written = logging_service.process.stdout, bytearray()
    assert output is not None
    os.set_blocking(output.fileno(), False)

    def is_logged() -> bool:
        with suppress(BlockingIOError):
            written.extend(os.read(output.fileno(), 65_536))
        return rb"GET /\u20ac 1.1" in written

    assert logging_service.ask("/%E2%82%AC").startswith(b"HTTP/1.1 404")
    _until(is_logged, logging_service.process)
    output.close()
    for _ in range(3):
        assert logging_service.ask("/protected").startswith(b"HTTP/1.1 401")
    errors = logging_service.stop()
    assert errors.count("a log line could not be written") == 1
    for hidden in (SECRET, TOKEN, COOKIE, "eyJ", "Arguments", "Logging error"):
        assert hidden not in errors
