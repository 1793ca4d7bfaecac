import asyncio
import os
import sqlite3
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy import URL
from sqlalchemy.exc import OperationalError

from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.stores.sql import sqlite as sql_sqlite

INSERT = (
    "INSERT INTO users (id, name, password_hash, enabled, session_epoch, created_at) "
    "VALUES (1, 'alice', 'h', 1, 0, 0)"
)
COUNT = "SELECT count(*) AS value FROM users"


def _database(folder: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{folder}/x.db")


async def _scalar(database: Database, statement: str) -> Any:
    (row,) = await database.rows(text(statement))
    (value,) = row.values()
    return value


async def test_a_connection_waits_and_keeps(database: Database) -> None:
    """WAL, and five seconds of patience."""
    assert await _scalar(database, "PRAGMA journal_mode") == "wal"
    assert await _scalar(database, "PRAGMA busy_timeout") == 5_000


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _modes(folder: Path) -> set[int]:
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_the_file_is_private(tmp_path: Path) -> None:
    """Password hashes are readable for their owner only, whatever the umask."""
    before = os.umask(0)
    database = _database(tmp_path)
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
    path = str(Path(name, "..", name, "a.db"))
    url = URL.create("sqlite+aiosqlite", database=path).render_as_string()
    database = Database(url)
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
    with pytest.raises(StoreUnavailableError) as caught:
        await database.change(statement)
    shown = "".join(traceback.format_exception(caught.value))
    assert "INSERT INTO nowhere" in shown
    assert secret not in shown


async def test_opening_at_once_and_again_changes_nothing(tmp_path: Path) -> None:
    """Ten first starts at once do not collide, and data survive the next."""
    databases = [_database(tmp_path) for _ in range(10)]
    await asyncio.gather(*(database.open() for database in databases))
    assert await databases[0].change(text(INSERT)) == 1
    await databases[1].open()
    assert await _scalar(databases[2], COUNT) == 1
    for database in databases:
        await database.close()


async def test_tables_from_before_there_were_revisions_are_kept(tmp_path: Path) -> None:
    """A file that an older version made keeps its users."""
    with closing(sqlite3.connect(tmp_path / "x.db")) as old, old:
        old.execute(
            "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(256) "
            "NOT NULL UNIQUE, password_hash VARCHAR(512) NOT NULL, enabled BOOLEAN "
            "NOT NULL, session_epoch INTEGER NOT NULL, created_at INTEGER NOT NULL)"
        )
        old.execute(INSERT)
    database = _database(tmp_path)
    await database.open()
    assert await _scalar(database, COUNT) == 1
    await database.close()


async def test_a_lock_that_stays_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds the file for longer than the busy timeout keeps us out."""
    monkeypatch.setattr(sql_sqlite, "BUSY_TIMEOUT_MS", 0)
    with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        database = _database(tmp_path)
        with pytest.raises(StartError, match="used: database is locked"):
            await database.open()
        await database.close()


async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    """A wrong file is named, with SQLite's reason."""
    (tmp_path / "x.db").write_text("not a database, but long enough to be read" * 50)
    database = _database(tmp_path)
    with pytest.raises(StartError, match=r"x\.db' cannot be used: file is not a data"):
        await database.open()
    await database.close()


async def test_driver_errors_become_store_errors(database: Database) -> None:
    """A caller sees one error for a database that does not answer."""
    for verb in (database.rows, database.change):
        with pytest.raises(StoreUnavailableError) as caught:
            await verb(text("SELECT * FROM nowhere"))
        assert isinstance(caught.value.__cause__, OperationalError)
        assert str(caught.value) == "The database is not available"
