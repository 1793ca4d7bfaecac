"""
Real servers, started by the tests on sockets of their own, and what they are asked.

Debian's packages have them (``redis-server``, ``postgresql``). Where one is missing,
its tests skip and say so; with ``TESTS_REQUIRE_ALL=1`` they fail.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from contextlib import ExitStack
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

import pytest

from quart_jwt.stores.sql.tables import METADATA
from required import missing

Command = list[str | Path]

PATIENCE_S = 60
"""A loaded machine may take its time; only a broken one takes that long."""


def program(name: str) -> Path:
    """Where a server's program is; skips or fails where it is not."""
    # Debian's psql on the PATH is a program in Perl that looks for these.
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = next(iter(reversed(debian)), None) or shutil.which(name)
    if found is None:
        missing(f"{name} is not installed")
    return Path(found)


@dataclass
class Server:
    """
    One server process, which a test may kill, stop and start again.

    Attributes:
        command: How it is started.
        ready: What comes back with status 0 once it answers.
        folder: Where its socket and its data are.
        user: Whom it runs as; None for whoever runs the tests.
    """

    command: Command
    ready: Command
    folder: Path
    user: str | None = None
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "stderr").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                self.command,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self.folder,
                user=self.user,
            )
        deadline = time.monotonic() + PATIENCE_S
        while subprocess.run(self.ready, capture_output=True, check=False).returncode:  # noqa: S603 - the same
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail((self.folder / "stderr").read_text("utf-8"))
            time.sleep(0.02)

    def send(self, signum: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(signum)

    def send_all(self, signum: signal.Signals) -> None:
        """Send a signal to it and to every process that it has started."""
        # To it first: one that is stopped starts no more of them.
        self.send(signum)
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for child in children.read_text("ascii").split():
            with suppress(ProcessLookupError):  # it may have ended meanwhile
                os.kill(int(child), signum)

    def stop(self, signum: signal.Signals = signal.SIGKILL) -> None:
        """End it, and wait until it is gone."""
        self.send(signum)
        assert self._process is not None
        self._process.wait(PATIENCE_S)


@contextmanager
def folder_of(user: str | None) -> Iterator[Path]:
    """Give a folder with a short name: a socket's path has 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="qj-", ignore_cleanup_errors=True) as name:
        if user is not None:
            shutil.chown(name, user)
        yield Path(name)


class Redis(Server):
    """A Redis that keeps everything in memory and listens on a Unix socket."""

    port: int = 0
    """Its TCP port, if it has one."""

    @property
    def socket(self) -> Path:
        """Its socket."""
        return self.folder / "redis.sock"

    @property
    def url(self) -> str:
        """Its URL."""
        return f"unix://{self.socket}"

    def empty(self) -> None:
        """Remove everything."""
        self.run("FLUSHALL")

    def run(self, *words: str) -> str:
        """Run a command."""
        command: Command = [program("redis-cli"), "-e", "-s", self.socket, *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own words
        return str(done.stdout.strip())


@contextmanager
def redis(*options: str) -> Iterator[Redis]:
    """
    Serve Redis.

    Args:
        options: What else stands on its command line.
    """
    server, asking = program("redis-server"), program("redis-cli")
    with folder_of(None) as folder:
        path = folder / "redis.sock"
        command: Command = [
            server,
            "--port",
            "0",
            "--unixsocket",
            path,
            "--save",
            "",
            *options,
        ]
        pinging: Command = [asking, "-e", "-s", path, "ping"]
        running = Redis(command, pinging, folder)
        running.start()
        try:
            yield running
        finally:
            running.send(signal.SIGCONT)
            running.stop()


@contextmanager
def redis_over_tls(certificates: Path, acl: Sequence[str]) -> Iterator[Redis]:
    """
    Serve Redis over TLS, and on its socket without it for whoever looks after it.

    Args:
        certificates: A folder with ``ca.pem``, ``server.pem`` and ``server.key``.
        acl: The lines of its ACL file for users other than the default one.
    """
    port, _other = free_ports()
    rules = certificates / "users.acl"
    rules.write_text("\n".join(["user default on nopass ~* &* +@all", *acl, ""]))
    options = {
        "--tls-port": str(port),
        "--bind": "127.0.0.1",
        "--tls-cert-file": certificates / "server.pem",
        "--tls-key-file": certificates / "server.key",
        "--tls-ca-cert-file": certificates / "ca.pem",
        "--tls-auth-clients": "no",
        "--aclfile": rules,
    }
    words = [str(word) for option in options.items() for word in option]
    with redis(*words) as running:
        running.port = port
        yield running


@contextmanager
def redis_cluster() -> Iterator[Redis]:
    """Serve a Redis Cluster of one node: it refuses what is not in one slot."""
    port, bus = free_ports()
    ports = ("--port", str(port), "--cluster-port", str(bus), "--bind", "127.0.0.1")
    with redis(*ports, "--cluster-enabled", "yes") as running:
        running.port = port
        running.run("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        while "cluster_state:ok" not in running.run("CLUSTER", "INFO"):
            time.sleep(0.02)
        yield running


SLOTS = 16_384


@contextmanager
def redis_nodes(count: int, *options: str) -> Iterator[list[Redis]]:
    """
    Serve a Redis Cluster of some primaries, which share the slots evenly.

    Args:
        count: How many.
        options: What else stands on each command line.
    """
    with ExitStack() as stack:
        nodes = [stack.enter_context(_cluster_node(*options)) for _ in range(count)]
        for number, node in enumerate(nodes):
            first, end = (SLOTS * at // count for at in (number, number + 1))
            node.run("CLUSTER", "ADDSLOTSRANGE", str(first), str(end - 1))
            # Epochs must differ before the nodes meet.
            node.run("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
        for node in nodes[1:]:
            bus = node.command[node.command.index("--cluster-port") + 1]
            nodes[0].run("CLUSTER", "MEET", "127.0.0.1", str(node.port), str(bus))
        deadline = time.monotonic() + PATIENCE_S
        while not all(_sees_all(node, count) for node in nodes):
            assert time.monotonic() < deadline, "The nodes do not find each other"
            time.sleep(0.05)
        yield nodes


def _sees_all(node: Redis, count: int) -> bool:
    info = node.run("CLUSTER", "INFO")
    wanted = ("cluster_state:ok", f"cluster_slots_ok:{SLOTS}", f"cluster_size:{count}")
    return all(one in info for one in wanted)


@contextmanager
def _cluster_node(*more: str) -> Iterator[Redis]:
    port, bus = free_ports()
    options = {
        "--port": str(port),
        "--cluster-port": str(bus),
        "--bind": "127.0.0.1",
        "--cluster-enabled": "yes",
        # A node that is gone takes its own slots with it, and no others.
        "--cluster-require-full-coverage": "no",
        "--cluster-node-timeout": "2000",
    }
    words = [word for option in options.items() for word in option]
    with redis(*words, *more) as running:
        running.port = port
        yield running


def free_ports() -> tuple[int, int]:
    """Return two TCP ports that nothing listens on now."""
    here = ("127.0.0.1", 0)
    with socket.create_server(here) as one, socket.create_server(here) as other:
        return one.getsockname()[1], other.getsockname()[1]


class PostgreSQL(Server):
    """A PostgreSQL that listens on a Unix socket."""

    def url(self, database: str) -> str:
        """The URL of one of its databases, by its socket."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self.folder}"

    def create(self, database: str) -> None:
        """Make a database."""
        self.run(f"CREATE DATABASE {database}")

    def empty(self, database: str) -> None:
        """Remove all rows of the tables of a store."""
        self.run(f"TRUNCATE {', '.join(METADATA.tables)}", database)

    def run(self, statement: str, database: str = "postgres") -> None:
        """Run a statement, as its superuser."""
        asking: Command = [program("psql"), "-qX", "-v", "ON_ERROR_STOP=1"]
        where: Command = [
            "-h",
            self.folder,
            "-U",
            "postgres",
            "-d",
            database,
            "-c",
            statement,
        ]
        subprocess.run([*asking, *where], check=True, capture_output=True)  # noqa: S603 - our own words


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """Serve a PostgreSQL, which does not run as root."""
    server, making = program("postgres"), program("initdb")
    is_root = os.geteuid() == 0
    user = "postgres" if is_root else None
    if is_root:
        pwd.getpwnam("postgres")  # Debian's package made it
    with folder_of(user) as folder:
        data = folder / "data"
        options = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(  # noqa: S603 - our own words
            [making, *options, "-D", data], check=True, capture_output=True, user=user
        )
        command: Command = [server, "-D", data, "-k", folder, "-h", "", "-F"]
        asking: Command = [program("pg_isready"), "-h", folder, "-U", "postgres"]
        running = PostgreSQL(command, asking, folder, user)
        running.start()
        try:
            yield running
        finally:
            running.send(signal.SIGCONT)
            running.stop(signal.SIGQUIT)  # an immediate shutdown, which leaves none
