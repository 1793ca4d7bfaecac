"""A small disk of its own, and a full one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SIZE = "1m"


@contextmanager
def mounted(place: Path) -> Iterator[Path]:
    """Lend a small disk; skip where none can be mounted."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:  # noqa: S603 - our own command
        pytest.skip("only root mounts a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S603, S607 - the same


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Take all space that is left, and give it back."""
    filling = disk / "filling"
    try:
        with filling.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
    except OSError:
        pass
    try:
        yield
    finally:
        filling.unlink()
