"""A proxy in front of a store's socket, which loses what a test tells it to lose."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Self


class Proxy:
    """
    Passes bytes on, both ways, until it is told otherwise.

    Args:
        path: The socket to listen on.
        upstream: The socket of the server.
    """

    def __init__(self, path: Path, upstream: Path) -> None:
        self._path = path
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._answer: bytes | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.lost = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._connected, self._path)
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def lose(self, answer: bytes) -> None:
        """Cut the connection when an answer with these bytes comes, once."""
        self._answer = answer

    def cut(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.close()

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, back = await asyncio.open_unix_connection(self._upstream)
        self._writers |= {writer, back}
        await asyncio.gather(
            self._pass(reader, back, may_lose=False),
            self._pass(there, writer, may_lose=True),
        )
        self._writers -= {writer, back}

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        may_lose: bool,
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if may_lose and self._answer is not None and self._answer in data:
                    self._answer = None
                    self.lost += 1
                    break
                writer.write(data)
                await writer.drain()
        writer.close()
