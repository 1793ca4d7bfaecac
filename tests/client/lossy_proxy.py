"""A TCP proxy that outlives the server behind it, and can lose its answers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx

CHUNK = 65_536


class LossyProxy:
    """
    Passes connections on.

    Args:
        target: The address of the server; None refuses every connection.
    """

    def __init__(self, target: str | None) -> None:
        self.target = target
        self.url = ""
        self.lost = 0
        self._to_lose = 0
        self._path = b""
        self._serving: set[asyncio.Task[None]] = set()

    def lose_answers(self, path: str, times: int) -> None:
        """Let the next requests for a path reach the server, and lose its answers."""
        self._path = f" {path} ".encode()
        self._to_lose = times

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["LossyProxy"]:
        """Listen on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield self
            for connection in self._serving:
                connection.cancel()
            await asyncio.gather(*self._serving)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        serving = asyncio.ensure_future(self._connect(reader, writer))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        await serving

    async def _connect(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        over = contextlib.suppress(OSError, asyncio.CancelledError)
        with contextlib.closing(writer), over:
            if self.target is None:
                return
            target = httpx.URL(self.target)
            there = await asyncio.open_connection(target.host, target.port)
            with contextlib.closing(there[1]):
                await self._exchange((reader, writer), there)

    async def _exchange(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Pass what comes, until one side ends or an answer is to be lost."""
        is_lost = False

        async def upwards() -> None:
            nonlocal is_lost
            while data := await client[0].read(CHUNK):
                if self._to_lose and self._path in data:
                    self._to_lose -= 1
                    is_lost = True
                server[1].write(data)

        async def downwards() -> None:
            while data := await server[0].read(CHUNK):
                if is_lost:
                    self.lost += 1
                    return
                client[1].write(data)

        passing = {asyncio.create_task(upwards()), asyncio.create_task(downwards())}
        try:
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in passing:
                task.cancel()
            await asyncio.gather(*passing, return_exceptions=True)
