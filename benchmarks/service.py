"""
The service as it is served: ``quart-jwt serve`` with the shipped hypercorn.toml.

One user is there. ``cheap_hashes`` makes Argon2 as cheap as it can be, so that the
CPU of a login is that of everything else.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path

from benchmarks.servers import free_port
from benchmarks.servers import ROOT
from benchmarks.servers import Running
from benchmarks.servers import ServerError
from benchmarks.servers import started

NAME = "ada"
PASSWORD = "correct horse battery staple"  # noqa: S105 - of an account in a temporary file

SHIPPED = ROOT / "hypercorn.toml"

UNTHROTTLED = "60000"
"""Sign-ins per minute from one address: counted as always, and never refused."""

PATIENT_MS = "10000"
"""A machine that does other things beside may take its time."""

_CHEAP = (
    "from quart_jwt.cli import main; "
    "from quart_jwt.service.ground.values import HashCost; "
    "from quart_jwt.service.settings import groups as options; "
    "options.HASH_COSTS['owasp'] = HashCost(memory_kib=8, iterations=1, lanes=1); "
    "main()"
)


@contextlib.contextmanager
def service(
    *,
    database_url: str,
    store_url: str | None = None,
    workers: int = 0,
    core: int = 0,
    cheap_hashes: bool = False,
    env: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """
    Serve until the block is left.

    Args:
        database_url: The database of the users.
        store_url: Where sessions are; the same database if None.
        workers: Worker processes; 0 serves in one process.
        core: The core that it runs on.
        cheap_hashes: Whether passwords are hashed at the least cost.
        env: Further settings.

    Raises:
        ServerError: It cannot be set up, or does not take connections.
    """
    code = _CHEAP if cheap_hashes else "from quart_jwt.cli import main; main()"
    command = ["taskset", "-c", str(core), sys.executable, "-c", code]
    with tempfile.TemporaryDirectory(prefix="qj-bench-") as folder:
        settings = {
            "QUART_JWT_STATE_DIR": folder,
            "QUART_JWT_DATABASE_URL": database_url,
            "QUART_JWT_ISSUER": "https://auth.example.com",
            "QUART_JWT_THROTTLE_ADDRESS_PER_MINUTE": UNTHROTTLED,
            "QUART_JWT_STORE_TIMEOUT_MS": PATIENT_MS,
            # By its name, or the default is read, which was made before.
            **({"QUART_JWT_PASSWORD_HASHING": "owasp"} if cheap_hashes else {}),
            **({} if store_url is None else {"QUART_JWT_STORE_URL": store_url}),
            **(env or {}),
        }
        everything = {**os.environ, **settings}
        adding = [*command, "users", "add", NAME, "--role", "admin", "--password-stdin"]
        for setting_up in ([*command, "db", "upgrade"], adding):
            done = subprocess.run(  # noqa: S603 - a command line of our own making
                setting_up,
                env=everything,
                input=PASSWORD,
                check=False,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise ServerError(f"it cannot be set up: {done.stderr.strip()}")
        port = free_port()
        serving = [*command, "serve", "--port", str(port), "--workers", str(workers)]
        serving += ["--config", str(SHIPPED)]
        with started(serving, port, env=everything, log=Path(folder) / "log") as ours:
            yield ours
