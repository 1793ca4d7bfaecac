"""SQLite's threads: what is committed together, what fails alone, what is left out."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from quart_jwt.exceptions import StoreError
from quart_jwt.stores.sql import sqlite as sql_sqlite
from quart_jwt.stores.sql.connections import Connections
from quart_jwt.stores.sql.work import Work


@pytest.fixture(name="statements")
def _statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What SQLite is asked on any connection."""
    statements: list[str] = []
    prepare = sql_sqlite._prepare

    def traced(connection: Any, record: Any) -> None:
        prepare(connection, record)
        connection.set_trace_callback(statements.append)

    monkeypatch.setattr(sql_sqlite, "_prepare", traced)
    return statements


@pytest.fixture(name="file")
async def _file(tmp_path: Path, statements: list[str]) -> AsyncIterator[Connections]:
    del statements  # it has to be there first
    connections = Connections(f"sqlite+aiosqlite:///{tmp_path}/numbers.db")
    await connections.open()

    async def making(connection: AsyncConnection) -> None:
        for statement in (
            "CREATE TABLE numbers (number INTEGER PRIMARY KEY)",
            (
                "CREATE TABLE halves (of INTEGER REFERENCES numbers "
                "DEFERRABLE INITIALLY DEFERRED)"
            ),
        ):
            await connection.exec_driver_sql(statement)

    await connections.write(making)
    yield connections
    await connections.close()


def _adding(number: int) -> Work[int]:
    async def adding(connection: AsyncConnection) -> int:
        await connection.execute(text(f"INSERT INTO numbers VALUES ({number})"))  # noqa: S608 - a number of ours
        return number

    return adding


async def _numbers(connections: Connections) -> list[int]:
    async def asking(connection: AsyncConnection) -> list[int]:
        found = await connection.exec_driver_sql("SELECT number FROM numbers")
        return list(found.scalars())

    return await connections.read(asking)


async def _blocked(connections: Connections) -> tuple[threading.Event, Any]:
    """Keep the thread that writes busy until the event is set."""
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    async def blocking(_connection: AsyncConnection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(60)

    task = asyncio.create_task(connections.write(blocking))
    await begun.wait()
    return go_on, task


async def test_what_waits_is_committed_together(
    file: Connections, statements: list[str]
) -> None:
    """One commit serves everything that came while the disk was busy."""
    go_on, first = await _blocked(file)
    adding = [asyncio.create_task(file.write(_adding(number))) for number in range(9)]
    await asyncio.sleep(0)
    statements.clear()
    go_on.set()
    await first

    assert list(range(9)) == await asyncio.gather(*adding)
    assert list(range(9)) == await _numbers(file)
    assert statements.count("COMMIT") == 2


async def test_what_fails_fails_alone(file: Connections) -> None:
    """An error undoes the whole piece that raised it, and nothing beside it."""

    async def failing(connection: AsyncConnection) -> None:
        await _adding(7)(connection)
        await _adding(1)(connection)

    go_on, first = await _blocked(file)
    one = asyncio.create_task(file.write(_adding(1)))
    twice = asyncio.create_task(file.write(failing))
    other = asyncio.create_task(file.write(_adding(2)))
    await asyncio.sleep(0)
    go_on.set()
    await first
    with pytest.raises(StoreError):
        await twice

    assert [await one, await other] == [1, 2]
    assert await _numbers(file) == [1, 2]


async def test_a_commit_that_fails_is_everybodys(file: Connections) -> None:
    """Nobody is told that something counts which is not on the disk."""

    async def promising(connection: AsyncConnection) -> None:
        await connection.exec_driver_sql("INSERT INTO halves VALUES (99)")

    async def strict(connection: AsyncConnection) -> None:
        await connection.exec_driver_sql("PRAGMA foreign_keys = ON")

    for _ in range(sql_sqlite.READERS + 1):
        await file.read(strict)
    go_on, first = await _blocked(file)
    one = asyncio.create_task(file.write(_adding(1)))
    other = asyncio.create_task(file.write(promising))
    await asyncio.sleep(0)
    go_on.set()
    await first
    told = await asyncio.gather(one, other, return_exceptions=True)

    assert [StoreError, StoreError] == [type(each) for each in told]
    assert await _numbers(file) == []
    assert await file.write(_adding(3)) == 3


async def test_a_caller_that_gives_up_in_the_queue_leaves_nothing(
    file: Connections,
) -> None:
    """Its work is not begun; what comes after it is done."""
    go_on, first = await _blocked(file)
    given_up = asyncio.create_task(file.write(_adding(1)))
    stays = asyncio.create_task(file.write(_adding(2)))
    await asyncio.sleep(0)
    given_up.cancel()
    go_on.set()
    await asyncio.gather(first, stays)

    assert given_up.cancelled()
    assert await _numbers(file) == [2]


async def test_what_has_begun_is_finished(file: Connections) -> None:
    """A caller that goes away in the middle leaves whole work behind."""
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    async def slow(connection: AsyncConnection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(60)
        await _adding(1)(connection)

    task = asyncio.create_task(file.write(slow))
    await begun.wait()
    task.cancel()
    go_on.set()
    await file.write(_adding(2))

    assert await _numbers(file) == [1, 2]


@pytest.mark.parametrize("verb", ["read", "write"])
async def test_work_awaits_its_connection_only(file: Connections, verb: str) -> None:
    """There is no event loop in its thread: waiting for one would never end."""

    async def sleeping(_connection: AsyncConnection) -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="its connection only"):
        await getattr(file, verb)(sleeping)


async def test_connections_of_a_file_are_not_lent_for_good(file: Connections) -> None:
    """Each belongs to the thread that uses it."""
    with pytest.raises(TypeError, match="its threads"):
        await file.borrow()


def test_an_event_loop_that_has_ended_is_not_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Work is finished all the same, and the thread goes on."""
    caplog.set_level(logging.DEBUG, "quart_jwt")
    connections = Connections(f"sqlite+aiosqlite:///{tmp_path}/numbers.db")
    go_on: list[threading.Event] = []

    async def beginning() -> None:
        await connections.open()
        go_on.append((await _blocked(connections))[0])

    async def ending() -> None:
        await connections.write(_creating)
        await connections.close()

    asyncio.run(beginning())
    go_on[0].set()
    asyncio.run(ending())

    assert "A caller's event loop has ended" in caplog.text


async def _creating(connection: AsyncConnection) -> None:
    await connection.exec_driver_sql("CREATE TABLE numbers (number INTEGER)")
