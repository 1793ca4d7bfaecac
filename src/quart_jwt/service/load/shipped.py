"""
The service as shipped, started for a test in a directory of its own.

Its settings are the defaults, and not those of the environment, except for what the
caller sets. The users exist before it starts.
"""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.values import OWASP_MINIMUM
from quart_jwt.service.load.users import import_lines
from quart_jwt.service.load.users import User
from quart_jwt.service.settings.masking import masked
from quart_jwt.service.settings.sources import PREFIX

COMMAND = (sys.executable, "-m", "quart_jwt")
START_S = 120
STOP_S = 60
POLL_S = 0.05
_SERVES = re.compile(r" on (http://127\.0\.0\.1:\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """
    A service that runs.

    Attributes:
        url: Where it listens.
        process: The process id of its supervisor.
        log: The file of its output.
    """

    url: str
    process: int
    log: Path


@contextmanager
def shipped(
    users: Sequence[User], *, workers: int, given: Mapping[str, str]
) -> Iterator[Shipped]:
    """
    Create the users, start the service, and stop it in the end.

    Args:
        users: Who will sign in.
        workers: Worker processes.
        given: Settings that are not the defaults, without their prefix.

    Raises:
        StartError: It did not start; the message has the end of its output.
    """
    with TemporaryDirectory(prefix="quart-jwt-load-") as name:
        folder = Path(name)
        environ = _environ(folder, given)
        _import_users(users, folder, environ)
        log = folder / "service.log"
        serve = (*COMMAND, "serve", "--port", "0", "--workers", str(workers))
        with (
            log.open("wb") as output,
            subprocess.Popen(  # noqa: S603 - our own command
                serve,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                url = _address(process, log, workers)
                yield Shipped(url=url, process=process.pid, log=log)
            finally:
                _stop(process)


def shown_settings(workers: int, given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the settings as a report may show them, secrets masked."""
    shown = {f"{PREFIX}{name}": masked(name, text) for name, text in given.items()}
    return {"workers": str(workers), **shown, "others": "defaults"}


def _environ(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: text for name, text in os.environ.items() if not name.startswith(PREFIX)
    }
    own = {
        "MODE": "production",
        "SECRET_KEY": secrets.token_hex(32),
        "STATE_DIR": str(folder / "state"),
        **given,
    }
    return {**kept, **{f"{PREFIX}{name}": text for name, text in own.items()}}


def _import_users(
    users: Sequence[User], folder: Path, environ: Mapping[str, str]
) -> None:
    path = folder / "users.jsonl"
    path.write_text("".join(import_lines(users, OWASP_MINIMUM)), "utf-8")
    command = (*COMMAND, "users", "import", "--init", path.name)
    done = subprocess.run(  # noqa: S603 - our own command
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StartError(f"the users could not be created: {done.stderr.strip()}")


def _address(process: "subprocess.Popen[bytes]", log: Path, workers: int) -> str:
    """Wait until every worker serves, and return the URL."""
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        text = log.read_text("utf-8", "replace")
        found = _SERVES.search(text)
        if found is not None and len(re.findall(r"worker \d+ serves", text)) >= workers:
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(POLL_S)
    ending = log.read_text("utf-8", "replace").strip().splitlines()[-5:]
    raise StartError("the service did not start: " + " / ".join(ending))


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
