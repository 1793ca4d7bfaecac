import asyncio
import os
import sqlite3
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import OperationalError

from quart_jwt.service import database as module
from quart_jwt.service.database import Database
from quart_jwt.service.errors import StartError
from quart_jwt.service.errors import StoreError


async def _scalar(database: Database, statement: str) -> Any:
    async with database.connection() as connection:
        return await connection.scalar(text(statement))


async def test_a_connection_waits_and_keeps(database: Database) -> None:
    """WAL, five seconds of patience, and commits that survive a power cut."""
    assert await _scalar(database, "PRAGMA journal_mode") == "wal"
    assert await _scalar(database, "PRAGMA busy_timeout") == 5_000
    assert await _scalar(database, "PRAGMA synchronous") == 2


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_the_file_is_private(tmp_path: Path) -> None:
    """Password hashes are readable for their owner only, whatever the umask."""
    before = os.umask(0)
    database = Database(tmp_path / "x.db")
    try:
        await database.open()
        await database.ping()
        modes = _modes(tmp_path)
    finally:
        os.umask(before)
        await database.close()
    assert {0o600} == modes


@pytest.mark.parametrize("name", ["a?mode=x", "a#b", "a%41", "a%2Fb", "a b", ":x:"])
async def test_the_private_file_is_the_one_that_is_used(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No character of a path means anything, and no later chdir does."""
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    database = Database(Path(name, "..", name, "a.db"))
    monkeypatch.chdir("/")
    await database.open()
    await database.ping()
    made, modes = _names(tmp_path), _modes(folder)
    await database.close()
    endings = ("", "/a.db", "/a.db-wal", "/a.db-shm")
    assert (made, modes) == ({f"{name}{ending}" for ending in endings}, {0o600})


async def test_errors_show_no_parameters(database: Database) -> None:
    """The hash in a statement that failed is in no text of its error."""
    secret = "a hash that nobody may see"
    statement = text("INSERT INTO nowhere VALUES (:it)").bindparams(it=secret)
    with pytest.raises(StoreError) as caught:
        async with database.connection() as connection:
            await connection.execute(statement)
    shown = "".join(traceback.format_exception(caught.value))
    assert "INSERT INTO nowhere" in shown
    assert secret not in shown


async def test_opening_at_once_and_again_changes_nothing(tmp_path: Path) -> None:
    """Ten first starts at once do not collide, and data survive the next."""
    databases = [Database(tmp_path / "x.db") for _ in range(10)]
    await asyncio.gather(*(database.open() for database in databases))
    async with databases[0].connection() as connection:
        await connection.execute(text("INSERT INTO ended_sessions VALUES ('sid', 1)"))
    await databases[1].open()
    assert await _scalar(databases[2], "SELECT count(*) FROM ended_sessions") == 1
    for database in databases:
        await database.close()


async def test_opening_waits_for_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first start beside somebody's lock tries again until the lock is gone."""
    monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 60_000)
    monkeypatch.setattr(module, "_prepare_connection", _without_patience)
    refused = asyncio.Event()
    monkeypatch.setattr(module.logger, "debug", lambda _message: refused.set())
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        database = Database(tmp_path / "x.db")
        opening = asyncio.create_task(database.open())
        await asyncio.wait_for(refused.wait(), 30)
        assert not opening.done()
        other.execute("COMMIT")
        await opening
    assert await _scalar(database, "PRAGMA journal_mode") == "wal"
    await database.close()


def _without_patience(connection: Any, _record: Any) -> None:
    connection.cursor().execute("PRAGMA busy_timeout = 0")


async def test_a_lock_that_stays_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds the file for longer than the busy timeout keeps us out."""
    monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 0)
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        database = Database(tmp_path / "x.db")
        with pytest.raises(StartError, match="used: database is locked"):
            await database.open()
        await database.close()


async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    """A wrong file is named, with SQLite's reason."""
    (tmp_path / "x.db").write_text("not a database, but long enough to be read" * 50)
    database = Database(tmp_path / "x.db")
    with pytest.raises(StartError, match=r"x\.db' cannot be used: file is not a data"):
        await database.open()
    await database.close()


async def test_driver_errors_become_store_errors(database: Database) -> None:
    """A caller sees one error for a database that does not answer."""
    with pytest.raises(StoreError) as caught:
        await _scalar(database, "SELECT * FROM nowhere")
    assert isinstance(caught.value.__cause__, OperationalError)
    assert str(caught.value) == "The database is not available"


async def test_constraints_are_the_callers_affair(database: Database) -> None:
    """A broken constraint is passed on as it is."""
    async with database.connection() as connection:
        await connection.execute(text("INSERT INTO ended_sessions VALUES ('s', 1)"))
    with pytest.raises(IntegrityError):
        await _scalar(database, "INSERT INTO ended_sessions VALUES ('s', 1)")
