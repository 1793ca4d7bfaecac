"""The machine: which cores are whose, and the facts that a figure belongs to."""

import importlib.metadata
import os
import platform
import resource
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGES = (
    "quart-jwt",
    "quart",
    "pyjwt",
    "hypercorn",
    "uvicorn",
    "granian",
    "gunicorn",
    "uvloop",
    "httptools",
    "flask",
    "flask-jwt-extended",
    "quart-jwt-extended",
    "fastapi",
    "authx",
    "litestar",
    "joserfc",
    "cryptography",
)

BUSY_LOAD = 0.25
"""Of the cores: what an idle machine with a terminal and an editor stays below."""

WRK_IS_MISSING = """\
wrk is not here, and it is what makes the load. On Debian and Ubuntu:

    sudo apt-get update && sudo apt-get install -y wrk
"""


@dataclass(frozen=True, slots=True)
class Cores:
    """
    Who runs where.

    Attributes:
        server: The core of the server.
        load: The core of the load, and of this program.
    """

    server: int
    load: int

    @property
    def shared(self) -> bool:
        """Whether there is only one, so that the figures are worth little."""
        return self.server == self.load


def cores() -> Cores:
    """The first and the last core that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[0], allowed[-1])


def missing_tools() -> str | None:
    """What to install before anything can be measured; None if it is all here."""
    if shutil.which("wrk") is None:
        return WRK_IS_MISSING
    if shutil.which("taskset") is None:
        return "taskset is not here; it is in Debian's package util-linux.\n"
    return None


def raise_descriptor_limit() -> int:
    """Allow as many open files as this process may have, and say how many."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def busy() -> str | None:
    """Say that others use this machine; None if they hardly do."""
    load, cores_ = os.getloadavg()[0], os.cpu_count() or 1
    if load < BUSY_LOAD * cores_:
        return None
    return (
        f"this machine is busy: a load of {load:.1f} on {cores_} cores; figures are "
        "lower than on a quiet one, and ratios vary"
    )


def facts() -> dict[str, str]:
    """What a reader has to know about this machine, and about what ran on it."""
    kernel = platform.release().partition("-")[0]
    return {
        "cpus": str(os.cpu_count()),
        "cpu": cpu_model(_read("/proc/cpuinfo")),
        "system": f"{platform.system()} {kernel} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load before": f"{os.getloadavg()[0]:.2f}",
        **versions(),
    }


def versions() -> Mapping[str, str]:
    """The version of every package that is measured, where it is installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def cpu_model(cpuinfo: str) -> str:
    """The name of the processor in the text of ``/proc/cpuinfo``."""
    for line in cpuinfo.splitlines():
        name, _colon, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return "unknown"


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except OSError:
        return ""
