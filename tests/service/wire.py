"""
Bytes to a served port and bytes back, as no client library would send them.
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import time
from asyncio import StreamReader
from asyncio import StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.fleet import COMMAND
from service.fleet import DEADLINE_S
from service.fleet import Fleet
from service.fleet import fleet_of
from service.kit import NAME
from service.kit import PASSWORD

HOST = "127.0.0.1"
LOGIN = json.dumps({"username": NAME, "password": PASSWORD}).encode()
JSON = "Content-Type: application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What has come back on one connection.

    Attributes:
        raw: All of it.
        is_closed: Whether the server has ended the connection.
    """

    raw: bytes
    is_closed: bool

    @property
    def status(self) -> int:
        """The status of the first answer; 0 without one."""
        found = re.match(rb"HTTP/1\.1 (\d{3})", self.raw)
        return 0 if found is None else int(found[1])

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the first answer."""
        head = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1")
        pairs = (line.partition(":") for line in head.split("\r\n")[1:])
        return {name.lower(): value.strip() for name, _, value in pairs}

    @property
    def json(self) -> Any:
        """The body, where it is JSON and the only one."""
        return json.loads(self.raw.partition(b"\r\n\r\n")[2])

    @property
    def code(self) -> str | None:
        """The code of an error in our shape; None for any other body."""
        try:
            return str(self.json["code"])
        except (ValueError, LookupError, TypeError):
            return None


def request(
    method: str, target: str, *lines: str, body: bytes = b"", host: str = "x"
) -> bytes:
    """A request that ends its connection; lines are headers, as they stand."""
    length = [f"Content-Length: {len(body)}"] if body else []
    head = [
        f"{method} {target} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
        *length,
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


async def exchange(port: int, data: bytes) -> Answer:
    """Send bytes, and read until the server ends the connection."""
    reader, writer = await asyncio.open_connection(HOST, port)
    return await answered(reader, writer, data)


async def answered(
    reader: StreamReader, writer: StreamWriter, data: bytes = b""
) -> Answer:
    """Send bytes on a connection, and read until the server ends it."""
    received = bytearray()
    is_closed = False
    try:
        async with asyncio.timeout(DEADLINE_S):
            with suppress(ConnectionError):
                writer.write(data)
                while piece := await reader.read(65_536):
                    received += piece
            is_closed = True
    except TimeoutError:
        pass  # the answer says that it is open
    finally:
        writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return Answer(bytes(received), is_closed)


async def closed(writer: StreamWriter) -> None:
    """Close a connection, whatever its state."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def deaf(port: int) -> socket.socket:
    """Connect as a client that takes next to nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client.connect((HOST, port))
    client.settimeout(DEADLINE_S)
    return client


async def log_in(port: int) -> dict[str, str]:
    """The tokens of a new session of the user that ``serving`` has made."""
    answer = await exchange(port, request("POST", "/login", JSON, body=LOGIN))
    assert answer.status == 200, answer.raw
    tokens: dict[str, str] = answer.json
    return tokens


@contextmanager
def serving(
    where: Path, *, workers: int = 0, hypercorn: str = "", **environ: str
) -> Iterator[Fleet]:
    """
    Serve the real service, with the user of the tests in it.

    Args:
        where: Its current directory.
        workers: How many; 0 is one process, the fleet's own.
        hypercorn: The text of its ``hypercorn.toml``.
        environ: More environment variables.
    """
    command = [*COMMAND, "serve", "--port", "0", "--workers", str(workers)]
    with fleet_of(command, where, hypercorn, **environ) as fleet:
        deadline = time.monotonic() + DEADLINE_S
        while not _serves(fleet, workers):
            assert fleet.process.poll() is None, fleet.text
            assert time.monotonic() < deadline, fleet.text
            time.sleep(0.02)
        _add_user(where, environ)
        yield fleet


def _serves(fleet: Fleet, workers: int) -> bool:
    return " on http://" in fleet.text and len(fleet.started) >= workers


def _add_user(where: Path, environ: dict[str, str]) -> None:
    subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "users", "add", NAME, "--init", "--password-stdin"],
        cwd=where,
        env={**os.environ, **environ},
        input=PASSWORD,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )


def descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def resident_kib(pid: int) -> int:
    """How much memory of a process is resident, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0])
