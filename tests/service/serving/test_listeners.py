"""Listeners: what is open, letting go of the address, cutting off."""

import asyncio
import socket
from asyncio import StreamReader
from asyncio import StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from quart_jwt.service.serving.listeners import ListeningConfig
from service.fleet import until


@asynccontextmanager
async def _listening() -> AsyncIterator[tuple[ListeningConfig, int]]:
    """Serve connections that are read from and never answered."""
    config = ListeningConfig.of({"bind": "127.0.0.1:0"})
    (listener,) = config.create_sockets().insecure_sockets

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, sock=listener)
    try:
        yield config, listener.getsockname()[1]
    finally:
        server.close()


async def test_connections_count_until_they_are_closed() -> None:
    """A connection counts from its accept to its close."""
    async with _listening() as (config, port):
        assert config.open_connections == []
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: len(config.open_connections) == 1, "accepted")
        writer.close()
        await until(lambda: not config.open_connections, "closed")


async def test_a_client_that_has_closed_is_none() -> None:
    """The server may keep such a connection; nothing more can come on it."""
    config = ListeningConfig.of({"bind": "127.0.0.1:0"})
    (listener,) = config.create_sockets().insecure_sockets
    listener.listen()
    with listener, socket.create_connection(listener.getsockname()) as client:
        listener.settimeout(60)
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(0)
            assert config.has_clients
            client.sendall(b"x")
            await until(lambda: config.has_clients, "an unread byte changes nothing")
            client.shutdown(socket.SHUT_WR)
            assert connection.recv(1) == b"x"
            await until(lambda: not config.has_clients, "the client has closed")
            assert config.open_connections == [connection]


async def test_a_reset_connection_has_no_client() -> None:
    """A reset is an end like any other."""
    config = ListeningConfig.of({"bind": "127.0.0.1:0"})
    (listener,) = config.create_sockets().insecure_sockets
    listener.listen()
    with listener:
        listener.settimeout(60)
        client = socket.create_connection(listener.getsockname())
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(0)
            reset_at_close = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset_at_close)
            client.close()
            await until(lambda: not config.has_clients, "reset")
            assert config.cut_off() == 1  # what is gone cannot be shut, and need not


async def test_letting_go_refuses_what_comes_later() -> None:
    """Connections that are there go on; the address is free."""
    async with _listening() as (config, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await config.let_go()
        assert len(config.open_connections) == 1
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        with socket.create_server(("127.0.0.1", port)):
            assert config.has_clients
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()


async def test_letting_go_leaves_nobody_in_the_queue() -> None:
    """Who has connected before is accepted, however many there are."""
    async with _listening() as (config, port):
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        await config.let_go()
        assert len(config.open_connections) == len(clients)
        for client in clients:
            client.close()
        await until(lambda: not config.open_connections, "closed")


async def test_cutting_off_ends_what_is_open() -> None:
    """The client sees the end of the connection."""
    async with _listening() as (config, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: config.has_clients, "accepted")
        assert config.cut_off() == 1
        assert await reader.read() == b""
        writer.close()
        await until(lambda: not config.open_connections, "closed")
        assert config.cut_off() == 0
