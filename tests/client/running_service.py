"""``quart-jwt serve`` in a process of its own, as a client meets it."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COMMAND = "from quart_jwt.cli import main; main()"
DEADLINE_S = 60


@dataclass(frozen=True, slots=True)
class RunningService:
    """
    A service.

    Attributes:
        url: Its address.
        output: The file of what it prints.
    """

    url: str
    output: Path

    def asked(self, request: str) -> int:
        """How often a request stands in its log, such as ``"POST /refresh"``."""
        return self.output.read_text().count(f'"{request} ')


@contextlib.contextmanager
def running_service(state: Path, name: str, *, life_s: int) -> Iterator[RunningService]:
    """
    Start the service in development mode; end it afterwards.

    Args:
        state: Its state directory.
        name: The name of the file of what it prints.
        life_s: Seconds that an access token lives.
    """
    output = state / name
    with (
        output.open("w") as file,
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", COMMAND, "serve", "--port", "0"],
            cwd=state,
            env={
                **os.environ,
                "PYTHONUNBUFFERED": "1",
                "QUART_JWT_MODE": "development",
                "QUART_JWT_STATE_DIR": str(state / "state"),
                "QUART_JWT_ACCESS_TOKEN_EXPIRES": str(life_s),
            },
            stdout=file,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield RunningService(_address(process, output), output)
        finally:
            process.terminate()


def password_in(output: Path) -> str:
    """The demo account's password, as the first start has printed it."""
    found = re.search(r"^ +password +(\S+)$", output.read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    deadline = time.monotonic() + DEADLINE_S
    while (found := re.search(r"Running on (http://\S+)", output.read_text())) is None:
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, "the service does not start"
        time.sleep(0.02)
    return found[1]
