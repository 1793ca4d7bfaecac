"""The URL of a Redis Cluster, and how a client finds the node of its slot."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from clock import START
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.redis.cluster import from_url
from quart_jwt.stores.redis.cluster import GROUPS
from quart_jwt.stores.redis.cluster import RedisClusterStore
from quart_jwt.stores.urls import store_from_url


@pytest.mark.parametrize(
    "url",
    [
        "redis+cluster://host",
        "redis+cluster://ada:hunter2@host:1,other,third:3/",
        "redis+cluster://[::1]:7000,127.0.0.1/0?socket_timeout=1",
        "rediss+cluster://host?ssl_ca_certs=ca.pem",
    ],
)
def test_a_url_makes_a_store_of_groups(url: str) -> None:
    """Nothing is connected yet."""
    store = store_from_url(url)
    assert isinstance(store, RedisClusterStore)
    assert len(store.parts) == GROUPS


@pytest.mark.parametrize(
    "url",
    [
        "redis+cluster://",
        "redis+cluster://host,",
        "redis+cluster://host:hunter2",
        "redis+cluster://host/1",
        "redis+cluster://host?socket_timeout=hunter2",
        "redis://hunter2",
    ],
)
def test_a_url_that_cannot_be_read_is_refused(url: str) -> None:
    """The message shows nothing of it."""
    with pytest.raises(ConfigurationError, match="Redis Cluster") as caught:
        from_url(url)

    assert "hunter2" not in str(caught.value)


class Node:
    """A node that answers each command with one line, and counts them."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked = 0
        self.met = asyncio.Event()
        self._serving: set[asyncio.Task[None] | None] = set()

    async def start(self) -> None:
        """Listen on a port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no longer, and wait until the connections are closed."""
        self._server.close()
        await asyncio.gather(*filter(None, self._serving))

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._serving.add(asyncio.current_task())
        while line := await reader.readline():
            words = []
            for _ in range(int(line[1:])):  # each command is an array
                await reader.readline()
                words.append(await reader.readline())
            self.met.set()
            writer.write(self._answer_to(words[0].strip()))
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    def _answer_to(self, verb: bytes) -> bytes:
        if not self.answer:
            return b""
        if verb in {b"CLIENT", b"HELLO"}:  # what the driver says of itself
            return b"+OK\r\n"
        self.asked += 1
        return f"{self.answer}\r\n".encode()


@pytest.fixture(name="nodes")
async def _nodes() -> AsyncIterator[list[Node]]:
    nodes = [Node(":1"), Node(":1")]
    for node in nodes:
        await node.start()
    yield nodes
    for node in nodes:
        await node.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", ""], ids=["another host", "the same"])
async def test_a_client_follows_to_the_node_of_its_slot(
    nodes: list[Node], host: str
) -> None:
    """It stays there, and the other node is not asked again."""
    nodes[0].answer = f"-MOVED 1 {host}:{nodes[1].port}"
    store = from_url(f"redis+cluster://127.0.0.1:{nodes[0].port}")
    for _ in range(3):
        await store.parts[0].ping()
    await store.close()

    assert [node.asked for node in nodes] == [1, 3]


async def test_redirections_in_a_circle_are_an_error(nodes: list[Node]) -> None:
    """Two nodes that send each other's clients away serve nobody."""
    for node, other in (nodes, nodes[::-1]):
        node.answer = f"-MOVED 1 127.0.0.1:{other.port}"
    store = from_url(f"redis+cluster://127.0.0.1:{nodes[0].port}")
    with pytest.raises(StoreError):
        await store.parts[0].ping()
    await store.close()

    assert [node.asked for node in nodes] == [1, 1]


async def test_a_node_that_is_lost_is_left_for_the_next(nodes: list[Node]) -> None:
    """The call that failed is not repeated; the caller decides that."""
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    await nodes[0].stop()
    store = from_url(f"redis+cluster://{hosts}")
    with pytest.raises(StoreError):
        await store.open(now=START)
    await store.ping()
    await store.close()

    assert [node.asked for node in nodes] == [0, GROUPS]


async def test_a_node_that_hangs_is_left_for_the_next(nodes: list[Node]) -> None:
    """The deadline of a caller is a failure, too."""
    nodes[0].answer = ""
    hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    store = from_url(f"redis+cluster://{hosts}")
    call = asyncio.create_task(store.parts[0].ping())
    await nodes[0].met.wait()
    call.cancel()
    # redis-py 6.0 loses a cancellation while it connects, and waits for its own limit.
    with pytest.raises((asyncio.CancelledError, StoreError)):
        await call
    await store.parts[0].ping()
    await store.close()

    assert [node.asked for node in nodes] == [0, 1]
