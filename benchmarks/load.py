"""
The load: wrk, and what it says.

A failed response is counted, never dropped: every status above 399, every error of
a socket and every time-out is in ``failed``.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("wrk.lua")
MARK = "BENCH "

TIMEOUT_S = 60
"""No answer counts as lost before; slow contenders have second-long queues."""

GRACE_S = 30
"""wrk ends by itself; this long after that it is taken for hung."""


class LoadError(Exception):
    """wrk did not run, or said nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """
    One run of wrk.

    Attributes:
        url: What is asked for.
        tokens: A file of tokens, one a line.
        connections: Connections, all kept open where the server allows it.
        seconds: How long.
        core: The core that wrk runs on.
        offset: The byte of the file to begin at.
        refused: Whether every request has to be refused.
    """

    url: str
    tokens: Path
    connections: int
    seconds: int
    core: int
    offset: int = 0
    refused: bool = False

    @property
    def command(self) -> list[str]:
        """The command line."""
        return [
            *("taskset", "-c", str(self.core)),
            *("wrk", "-t1", f"-c{self.connections}", f"-d{self.seconds}s"),
            *(f"--timeout={TIMEOUT_S}s", "-s", str(SCRIPT), self.url),
            *("--", str(self.tokens), str(self.offset)),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """
    What wrk counted.

    Attributes:
        requests: Answers that came, of any status.
        seconds: How long it took.
        p50_ms: Half of the answers took no longer.
        p99_ms: 99 of 100 answers took no longer.
        failed: Answers with a status above 399, errors of sockets, time-outs.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failed: int


def parse(output: str, *, refused: bool = False) -> Counted:
    """
    Read what ``wrk.lua`` printed.

    Args:
        output: What it printed.
        refused: Whether a request that was accepted is the one that failed.

    Raises:
        LoadError: Its line is not there, or nothing was answered.
    """
    lines = [line for line in output.splitlines() if line.startswith(MARK)]
    if len(lines) != 1:
        raise LoadError(f"wrk printed no figures: {output.strip()[-400:]}")
    said = json.loads(lines[0].removeprefix(MARK))
    if not said["requests"]:
        raise LoadError("wrk got no answer at all")
    if refused:
        said["status"] = said["requests"] - said["status"]
    kinds = ("connect", "read", "write", "timeout", "status")
    return Counted(
        requests=said["requests"],
        seconds=said["duration_us"] / 1e6,
        p50_ms=said["p50_us"] / 1e3,
        p99_ms=said["p99_us"] / 1e3,
        failed=sum(said[kind] for kind in kinds),
    )


def run(load: Load) -> Counted:
    """
    Run wrk once.

    Raises:
        LoadError: It failed, or hung.
    """
    try:
        done = subprocess.run(  # noqa: S603 - a command line of our own making
            load.command,
            capture_output=True,
            text=True,
            timeout=load.seconds + GRACE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise LoadError("wrk did not end") from exc
    if done.returncode:
        raise LoadError(f"wrk failed: {done.stderr.strip()[-400:]}")
    return parse(done.stdout, refused=load.refused)
