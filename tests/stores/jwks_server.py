"""
A server of one JWK Set, in this process: honest, or hostile in one of many ways.

It speaks just enough HTTP to send anything at all, and counts who comes.
"""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from dataclasses import field
from ssl import SSLContext
from typing import Any

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]

JUNK = b"x" * 65_536


@dataclass(slots=True)
class JwksServer:
    """
    The server.

    Attributes:
        answer: What it does to a request.
        url: Where it is.
        requests: The request line and headers of everybody who came.
        pages: Documents by path, for those who ask for one; else ``answer``.
    """

    answer: Answer
    url: str = ""
    requests: list[str] = field(default_factory=list)
    pages: dict[str, Answer] = field(default_factory=dict)

    async def visit(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request and hang up."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.requests.append(head)
            await self.pages.get(head.split(" ")[1], self.answer)(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has had enough
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    answer: Answer, *, tls: SSLContext | None = None
) -> AsyncIterator[JwksServer]:
    """Serve on a free port."""
    server = JwksServer(answer)
    listening = await asyncio.start_server(server.visit, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"http{'s' if tls else ''}://127.0.0.1:{port}"
    try:
        yield server
    finally:
        listening.close()


def sends(
    body: bytes | dict[str, Any], status: str = "200 OK", **headers: str
) -> Answer:
    """Send one whole answer; header names have ``_`` for ``-``."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {named[name]}" for name in named)]
    if "Content-Length" not in named:
        lines.append(f"Content-Length: {len(data)}")
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head + data)

    return answer


async def drips(writer: asyncio.StreamWriter) -> None:
    """Send a byte, and then nothing that would end it."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def floods(writer: asyncio.StreamWriter) -> None:
    """Send a hundred megabytes, as long as somebody reads."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
    for _ in range(1_600):
        writer.write(JUNK)
        await writer.drain()


async def hangs(writer: asyncio.StreamWriter) -> None:
    """Accept the request and say nothing until the client is gone."""
    await writer.wait_closed()


async def hangs_up(writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.close()


HALF = b'{"keys": [{"kty": "RSA", "n": "AQAB'

HOSTILE: dict[str, Answer] = {
    "500": sends(b'{"keys": []}', "500 Internal Server Error"),
    "404": sends(b"Not Found", "404 Not Found"),
    "204": sends(b"", "204 No Content"),
    "html": sends(b"<html>log in</html>", Content_Type="text/html"),
    "empty": sends(b""),
    "no-keys": sends({"keys": []}),
    "100-mb": floods,
    "100-mb-announced": sends(b"{", Content_Length="104857600"),
    "one-byte-at-a-time": drips,
    "nothing-at-all": hangs,
    "hangs-up": hangs_up,
    "redirect": sends(b"", "302 Found", Location="http://127.0.0.1:1/elsewhere"),
    "redirect-to-a-file": sends(b"", "302 Found", Location="file:///etc/passwd"),
    "deep": sends(b"[" * 100_000),
    "deep-objects": sends(b'{"a":' * 40_000),
    "half-a-set": sends(HALF),
    "half-an-answer": sends(HALF, Content_Length="5000"),
    "utf-16": sends('{"keys": []}'.encode("utf-16")),
    "gzip": sends(gzip.compress(b" " * 10_000_000), Content_Encoding="gzip"),
    "no-http": sends(b"", "teapot"),
    "long-headers": sends(b"{}", **{f"X_{n}": "y" * 4_000 for n in range(60)}),
    "many-keys": sends({"keys": [{"kty": "RSA"}] * 10_000}),
    "mixed-set": sends({"keys": [{"kty": "oct", "k": "AA"}, {"kty": "RSA"}]}),
}
"""What a server may do instead of sending a JWK Set."""
