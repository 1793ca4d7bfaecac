"""
PgBouncer in transaction mode, in front of a PostgreSQL of the tests.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import real_servers
from real_servers import PostgreSQL
from real_servers import program
from real_servers import Server

SERVER_CONNECTIONS = 3
"""Fewer than the clients have, so that each transaction may get another one."""


class PgBouncer(Server):
    """A PgBouncer that lends a connection to the server for one transaction."""

    port: int = 0

    def url(self, database: str) -> str:
        """The URL of a database behind it, as the documentation has it."""
        where = f"127.0.0.1:{self.port}/{database}"
        return f"postgresql://postgres@{where}?sslmode=disable&pgbouncer=true"


@contextmanager
def pgbouncer(behind: PostgreSQL) -> Iterator[PgBouncer]:
    """Serve PgBouncer, which does not run as root."""
    binary, asking = program("pgbouncer"), program("pg_isready")
    port, _other = real_servers.free_ports()
    with real_servers.folder_of(behind.user) as folder:
        file = folder / "pgbouncer.ini"
        file.write_text(_settings(behind, port), "utf-8")
        ready: real_servers.Command = [
            asking,
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-d",
            "postgres",
        ]
        running = PgBouncer([binary, "-q", file], ready, folder, behind.user)
        running.port = port
        running.start()
        try:
            yield running
        finally:
            running.stop()


def _settings(behind: PostgreSQL, port: int) -> str:
    return f"""
[databases]
* = host={behind.folder} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {SERVER_CONNECTIONS}
max_client_conn = 200
"""
