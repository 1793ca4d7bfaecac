"""Both ends of the channel, joined."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from quart_jwt.service.serving import heartbeat
from quart_jwt.service.serving.heartbeat import SupervisorEnd
from quart_jwt.service.serving.heartbeat import WorkerEnd
from service.fleet import until


class Heard:
    """Events that the ends report."""

    def __init__(self) -> None:
        self.drain = asyncio.Event()
        self.orphaned = asyncio.Event()
        self.silent = asyncio.Event()


Pair = tuple[SupervisorEnd, WorkerEnd, Heard]


@pytest.fixture(name="pair")
async def _pair() -> AsyncIterator[Pair]:
    ours, theirs = socket.socketpair()
    heard = Heard()
    supervisor = SupervisorEnd(ours, silent=heard.silent.set, silent_after_s=0.05)
    worker = WorkerEnd(theirs, drain=heard.drain.set, orphaned=heard.orphaned.set)
    yield supervisor, worker, heard
    supervisor.close()
    worker.close()


async def test_the_first_beat_says_ready(pair: Pair) -> None:
    """Without one nobody is ready, and nobody is silent either."""
    supervisor, worker, heard = pair
    assert not supervisor.ready.is_set()
    beating = asyncio.create_task(worker.beat())
    await asyncio.wait_for(supervisor.ready.wait(), 60)
    beating.cancel()
    assert not heard.drain.is_set()


async def test_a_missing_beat_is_noticed(pair: Pair) -> None:
    """Silence counts from the last beat."""
    supervisor, worker, heard = pair
    beating = asyncio.create_task(worker.beat())
    await supervisor.ready.wait()
    beating.cancel()
    await asyncio.wait_for(heard.silent.wait(), 60)


async def test_beats_keep_the_silence_away(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each beat sets the alarm anew."""
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.001)
    supervisor, worker, _ = pair
    beating = asyncio.create_task(worker.beat())
    await supervisor.ready.wait()
    first = supervisor._alarm
    assert first is not None
    await until(first.cancelled, "another beat")
    beating.cancel()


async def test_the_wish_to_drain_arrives(pair: Pair) -> None:
    """And it is not taken for the supervisor's end."""
    supervisor, _, heard = pair
    supervisor.drain()
    await asyncio.wait_for(heard.drain.wait(), 60)
    assert not heard.orphaned.is_set()


async def test_a_supervisor_that_has_gone_is_noticed(pair: Pair) -> None:
    """The worker is told once, and its beats end without an error."""
    supervisor, worker, heard = pair
    beating = asyncio.create_task(worker.beat())
    supervisor.close()
    supervisor.close()
    await asyncio.wait_for(heard.orphaned.wait(), 60)
    await asyncio.wait_for(beating, 60)


async def test_a_worker_that_has_gone_is_no_error(pair: Pair) -> None:
    """Its end of the channel closes a moment before the process is known dead."""
    supervisor, worker, heard = pair
    worker.close()
    supervisor._listen()
    supervisor.drain()
    assert not heard.drain.is_set()
    assert not supervisor.ready.is_set()


async def test_a_supervisor_that_does_not_listen_blocks_nobody() -> None:
    """A full channel costs a beat and no more."""
    ours, theirs = socket.socketpair()
    worker = WorkerEnd(theirs, drain=lambda: None, orphaned=lambda: None)
    with ours:
        with suppress(BlockingIOError):
            while True:
                theirs.send(b"x" * 4096)
        beating = asyncio.create_task(worker.beat())
        await asyncio.sleep(0)
        assert not beating.done()
        beating.cancel()
    worker.close()
