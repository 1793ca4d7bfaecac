"""
Session stores to measure on: a Redis, a PostgreSQL and a file, each for one run.

The servers are Debian's (``redis-server``, ``postgresql``), listen on sockets of their
own, and run on the core of the load.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from quart_jwt.stores.sql.store import SQLStore

START_S = 30

STORES = ("sqlite", "postgresql", "redis")

Command = list[str | Path]


class StoreServerError(Exception):
    """A server is not installed, or did not start."""


@contextlib.contextmanager
def store(name: str) -> Iterator[str]:
    """
    Run a store until the block is left, and give its URL.

    Args:
        name: One of ``STORES``.

    Raises:
        StoreServerError: It is not installed, or did not start.
    """
    user = "postgres" if name == "postgresql" and os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(
        prefix="qj-bench-", ignore_cleanup_errors=True
    ) as folder:
        if user is not None:
            shutil.chown(folder, user)
        if name == "sqlite":
            yield f"sqlite+aiosqlite:///{folder}/sessions.db"
        elif name == "redis":
            with _redis(Path(folder)) as url:
                yield url
        else:
            with _postgresql(Path(folder), user) as url:
                yield url


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[str]:
    path = folder / "redis.sock"
    command: Command = [_program("redis-server"), "--port", "0", "--save", ""]
    command += ["--unixsocket", path, "--appendonly", "yes", "--dir", folder]
    with _running(command, ready=[_program("redis-cli"), "-e", "-s", path, "ping"]):
        yield f"unix://{path}"


@contextlib.contextmanager
def _postgresql(folder: Path, user: str | None) -> Iterator[str]:
    data = folder / "data"
    options: Command = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"]
    subprocess.run(  # noqa: S603 - a command line of our own making
        [_program("initdb"), *options, "-D", data],
        check=True,
        capture_output=True,
        user=user,
    )
    command: Command = [_program("postgres"), "-D", data, "-k", folder, "-h", ""]
    ready: Command = [_program("pg_isready"), "-h", folder, "-U", "postgres"]
    with _running(command, ready=ready, user=user):
        url = f"postgresql+asyncpg://postgres@/postgres?host={folder}"
        asyncio.run(_make_tables(url))
        yield url


async def _make_tables(url: str) -> None:
    made = SQLStore(url)
    await made.upgrade()
    await made.close()


def _program(name: str) -> Path:
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or next(iter(reversed(debian)), None)
    if found is None:
        raise StoreServerError(f"{name} is not installed")
    return Path(found)


@contextlib.contextmanager
def _running(
    command: Command, *, ready: Command, user: str | None = None
) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603 - a command line of our own making
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user
    )
    try:
        give_up = time.monotonic() + START_S
        while subprocess.run(ready, capture_output=True, check=False).returncode:  # noqa: S603 - the same
            if process.poll() is not None or time.monotonic() > give_up:
                raise StoreServerError(f"{command[0]} did not start")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
