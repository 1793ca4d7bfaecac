"""
A client that counts: every request that was sent and not answered is a failure.

Nothing is retried. A connection that the server closes is a failure as well,
unless the answer before it said ``Connection: close``.
"""

import asyncio
from asyncio import StreamReader
from asyncio import StreamWriter
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field

PATIENCE_S = 60


async def asked(port: int, path: str) -> tuple[StreamReader, StreamWriter]:
    """Send one request, and leave the answer to the caller."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return reader, writer


@dataclass(slots=True, kw_only=True)
class Load:
    """
    A closed loop of requests over some connections.

    Attributes:
        port: Where, on 127.0.0.1.
        keep_alive: Whether a connection carries more than one request.
        path: What is asked for.
        ends_when_refused: Whether a refused connection means that it is over.
        pause_s: Seconds between two requests of a connection.
        answered: How many requests got their 200, by the body of the answer.
        failed: What happened to the others.
        refused: How many connections were refused.
    """

    port: int
    keep_alive: bool
    path: str = "/"
    ends_when_refused: bool = False
    pause_s: float = 0
    answered: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    refused: int = 0
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def running(self, connections: int = 4) -> AsyncIterator["Load"]:
        """Ask without a pause while the context lasts."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(connections):
                tasks.create_task(self._client())
            yield self
            self._over.set()

    @property
    def summary(self) -> str:
        """The counts in words."""
        failed = f"{len(self.failed)} failed {self.failed[:3] or ''}"
        return f"{self.answered.total()} answered, {failed}"

    async def answers(self, more: int) -> None:
        """Wait for so many more answers."""
        wanted = self.answered.total() + more
        async with asyncio.timeout(PATIENCE_S):
            while self.answered.total() < wanted:  # noqa: ASYNC110 - counted elsewhere
                await asyncio.sleep(0.01)

    async def _client(self) -> None:
        while not self._over.is_set():
            try:
                streams = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError as error:
                self.refused += 1
                if self.ends_when_refused:
                    return
                self.failed.append(f"connect: {error!r}")
                await asyncio.sleep(0.1)
            else:
                await self._connection(*streams)

    async def _connection(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            goes_on = True
            while goes_on and not self._over.is_set():
                goes_on = await self._ask(reader, writer)
                await asyncio.sleep(self.pause_s)
        except (OSError, EOFError, TimeoutError) as error:
            self.failed.append(f"request: {error!r}")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _ask(self, reader: StreamReader, writer: StreamWriter) -> bool:
        """Send a request and read its answer; False if it was the last here."""
        wish = "keep-alive" if self.keep_alive else "close"
        request = f"GET {self.path} HTTP/1.1\r\nHost: x\r\nConnection: {wish}\r\n\r\n"
        writer.write(request.encode())
        async with asyncio.timeout(PATIENCE_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            body = (await reader.readexactly(length)).decode()
        if head.startswith("http/1.1 200"):
            self.answered[body] += 1
        else:
            self.failed.append(head.splitlines()[0])
        return "connection: close" not in head
