"""
HTTP/1.1 on one kept connection, by hand: the least that a client can cost.

It is for loads that wrk cannot make: requests at a steady pace, logins beside them,
and connections that do nothing.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

LENGTH = b"content-length:"


def request_bytes(
    method: str, path: str, *, token: str | None = None, body: Any = None
) -> bytes:
    """
    A whole request.

    Args:
        method: ``GET`` or ``POST``.
        path: What is asked for.
        token: The bearer's token, if one is sent.
        body: What is sent as JSON; nothing if None.
    """
    content = b"" if body is None else json.dumps(body).encode("utf-8")
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if content:
        lines.append("Content-Type: application/json")
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + content


def parse_head(head: bytes) -> tuple[int, int]:
    """
    The status and the length of the body, out of a response's head.

    Raises:
        ValueError: It is no response with a length.
    """
    lines = head.split(b"\r\n")
    status = int(lines[0].split(b" ", 2)[1])
    for line in lines[1:]:
        if line.lower().startswith(LENGTH):
            return status, int(line[len(LENGTH) :])
    raise ValueError("The response has no Content-Length")


class Connection:
    """
    One connection, opened at its first request and again after a failure.

    Args:
        port: The port on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """
        Send a request, and give the status and the body of its answer.

        Raises:
            OSError, EOFError, ValueError: There was none; the connection is closed.
        """
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        try:
            writer.write(request)
            status, length = parse_head(await reader.readuntil(b"\r\n\r\n"))
            return status, await reader.readexactly(length)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close it."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def ask_json(port: int, request: bytes) -> Mapping[str, Any]:
    """
    Ask once on a connection of its own, for JSON.

    Raises:
        OSError, EOFError, ValueError: There was no answer, or not status 200.
    """
    connection = Connection(port)
    try:
        status, body = await connection.ask(request)
    finally:
        connection.close()
    if status != 200:  # noqa: PLR2004 - HTTP's OK
        raise ValueError(f"status {status}: {body[:200]!r}")
    found: Mapping[str, Any] = json.loads(body)
    return found
