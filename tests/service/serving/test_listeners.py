"""Listeners: what is open, letting go of the address, cutting off."""

import asyncio
import socket
from asyncio import StreamReader
from asyncio import StreamWriter
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import asynccontextmanager
from contextlib import suppress

import pytest
import uvloop

from quart_jwt.service.serving.listeners import ListeningConfig
from service.fleet import until
from service.wire import closed

Serve = Callable[[StreamReader, StreamWriter], Awaitable[None]]


async def _read_on(reader: StreamReader, _writer: StreamWriter) -> None:
    """Read to the end of a connection."""
    with suppress(ConnectionError):
        await reader.read()


async def _keep(reader: StreamReader, _writer: StreamWriter) -> None:
    """Do as Hypercorn with an idle connection: keep it, whatever its client does."""
    with suppress(ConnectionError):
        await reader.read(1)
    await asyncio.Event().wait()


@asynccontextmanager
async def _listening(
    serve: Serve = _read_on,
) -> AsyncIterator[tuple[ListeningConfig, int]]:
    """Serve connections that are never answered."""
    config = ListeningConfig.of({"bind": "127.0.0.1:0"})
    (bound,) = config.create_sockets().insecure_sockets
    port = bound.getsockname()[1]

    serving: set[asyncio.Task[None] | None] = set()

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with config.connected(reader, writer):
            try:
                await serve(reader, writer)
            finally:
                await closed(writer)

    server = await asyncio.start_server(connected, sock=bound)
    try:
        yield config, port
    finally:
        server.close()
        tasks = [task for task in serving if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_connections_count_until_they_are_closed() -> None:
    """A connection counts from its accept to its close."""
    async with _listening() as (config, port):
        assert config.open_connections == 0
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: config.open_connections == 1, "accepted")
        writer.close()
        await until(lambda: config.open_connections == 0, "closed")


async def test_a_client_that_has_closed_is_none() -> None:
    """The server may keep such a connection; nothing more can come on it."""
    async with _listening(_keep) as (config, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: config.has_clients, "accepted")
        writer.write(b"x")
        writer.write_eof()
        await until(lambda: not config.has_clients, "the client has closed")
        assert config.open_connections == 1
        await closed(writer)


async def test_what_is_unread_is_a_client() -> None:
    """A request that has come may be answered, although its client sends no more."""
    async with _listening(_keep) as (config, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"xy")
        writer.write_eof()
        await until(lambda: config.open_connections == 1, "accepted")
        for _ in range(100):
            await asyncio.sleep(0)
        assert config.has_clients
        await closed(writer)


async def test_a_reset_connection_has_no_client() -> None:
    """A reset is an end like any other."""
    async with _listening(_keep) as (config, port):
        client = socket.create_connection(("127.0.0.1", port))
        await until(lambda: config.has_clients, "accepted")
        reset_at_close = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_at_close)
        client.close()
        await until(lambda: not config.has_clients, "reset")
        assert config.cut_off() == 1  # what is gone can be aborted once more


async def test_letting_go_refuses_what_comes_later() -> None:
    """Connections that are there go on; the address is free."""
    async with _listening() as (config, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await config.let_go()
        assert config.open_connections == 1
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        with socket.create_server(("127.0.0.1", port)):
            assert config.has_clients
        writer.write_eof()
        assert await reader.read() == b""
        await closed(writer)


async def test_letting_go_leaves_nobody_in_the_queue() -> None:
    """Who has connected before is accepted, however many there are."""
    async with _listening() as (config, port):
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        await config.let_go()
        assert config.open_connections == len(clients)
        for client in clients:
            client.close()
        await until(lambda: config.open_connections == 0, "closed")


@pytest.mark.parametrize("make_loop", [uvloop.new_event_loop, asyncio.new_event_loop])
def test_all_that_was_accepted_counts(
    make_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """Also what connects in the last turns: nothing comes to be open afterwards."""

    async def main() -> None:
        async with _listening() as (config, port):
            letting_go = asyncio.create_task(config.let_go())
            clients = []
            while not letting_go.done():
                with suppress(ConnectionRefusedError):
                    clients.append(socket.create_connection(("127.0.0.1", port)))
                await asyncio.sleep(0)
            counted = config.open_connections
            for _ in range(50):
                await asyncio.sleep(0)
            assert config.open_connections == counted > 0
            for client in clients:
                client.close()

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(main())


async def test_cutting_off_ends_what_is_open() -> None:
    """The client sees the end of the connection."""
    async with _listening() as (config, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: config.has_clients, "accepted")
        assert config.cut_off() == 1
        assert await reader.read() == b""
        await closed(writer)
        await until(lambda: config.open_connections == 0, "closed")
        assert config.cut_off() == 0
