"""What the load test makes of servers and processes that are not as they should be."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from quart_jwt.service.load import connections
from quart_jwt.service.load.connections import Address
from quart_jwt.service.load.connections import Connections
from quart_jwt.service.load.connections import ExchangeError
from quart_jwt.service.load.watching import cpu_s
from quart_jwt.service.load.watching import resident_bytes
from quart_jwt.service.load.watching import workers_of

NO_PROCESS = 2**22 + 1
"""Above the largest process id of Linux (proc(5))."""
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextlib.asynccontextmanager
async def _answering(answer: bytes | None) -> AsyncIterator[Address]:
    """Serve one answer to every request and close; hang for None."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield Address.of(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "no response|connection closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "no response"),
        (b"220 smtp.example.org\r\n\r\n", "no response"),
        (None, "timeout"),
    ],
)
async def test_an_exchange_without_a_response_is_named(
    answer: bytes | None, why: str
) -> None:
    """Closed early, closed in the middle, another protocol, and silence."""
    async with _answering(answer) as address:
        asking = Connections(address, 0.5 if answer is None else 60)
        with pytest.raises(ExchangeError, match=why):
            await asking.ask("GET", "/")
        asking.close()


async def test_nothing_listens() -> None:
    """For a request, and for connections that are only held."""
    async with _answering(GOOD) as address:
        pass
    asking = Connections(address, 60)

    with pytest.raises(ExchangeError, match="connection refused"):
        await asking.ask("GET", "/")
    with pytest.raises(ExchangeError, match="no connection"):
        await asking.hold(1)


async def test_an_idle_connection_is_not_reused_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server may be closing it."""
    monkeypatch.setattr(connections, "IDLE_S", -1)
    async with _answering(GOOD) as address:
        asking = Connections(address, 60)
        answers = [await asking.ask("GET", "/") for _ in range(2)]
        asking.close()

    assert [(one.status, one.members) for one in answers] == [(200, {})] * 2


def test_a_process_that_has_ended_has_no_figures() -> None:
    """It may end while it is being watched."""
    assert (workers_of(NO_PROCESS), workers_of(None)) == ((), ())
    assert cpu_s([NO_PROCESS]) is None
    assert resident_bytes([NO_PROCESS]) is None
    assert (cpu_s([]), resident_bytes([])) == (None, None)
