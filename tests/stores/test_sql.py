"""What is SQL's own: files, locks, schemas, and how PostgreSQL tells the news."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from clock import START
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import FeedGapError
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.sql import news as sql_news
from quart_jwt.stores.sql import sqlite as sql_sqlite
from quart_jwt.stores.sql.schema import SESSIONS
from quart_jwt.stores.sql.store import SQLStore
from quart_jwt.stores.sql.tables import METADATA
from quart_jwt.tokens.rotation import Outcome
from real_servers import PostgreSQL
from stores import factories
from stores.families import ended
from stores.families import family
from stores.families import GRACE_S
from stores.families import presented
from stores.families import revoked_subject
from stores.families import revoked_token
from stores.families import successor
from stores.families import token


@pytest.fixture(name="sql", params=["sqlite", "postgresql"])
async def _sql(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    async with factories.FACTORIES[request.param](request) as store:
        yield store


@pytest.fixture(name="postgres")
async def _postgres(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    async with factories.postgresql(request) as store:
        yield store


def _file(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/sessions.db"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///hunter2.db",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
        "postgresql+psycopg://ada:hunter2@host/",
        "mysql+aiomysql://ada:hunter2@host/",
        "hunter2",
        "",
    ],
)
def test_a_url_that_cannot_work_is_refused(url: str) -> None:
    """The message says what could stand there, and shows nothing of it."""
    with pytest.raises(ConfigurationError) as caught:
        SQLStore(url)

    assert "hunter2" not in str(caught.value)


async def test_a_file_is_its_owners(tmp_path: Path) -> None:
    """It is made with mode 0600, and so is what SQLite puts beside it."""
    store = SQLStore(_file(tmp_path))
    await store.open(now=START)
    modes = _modes(tmp_path)
    await store.close()

    assert modes == {0o600}


def _modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_a_commit_is_on_the_disk(tmp_path: Path) -> None:
    """A connection as it is served waits for the disk; only tests do not."""
    with closing(sqlite3.connect(tmp_path / "sessions.db")) as connection:
        sql_sqlite._prepare(connection, None)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


async def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """Whoever gave it to a group did so on purpose."""
    path = tmp_path / "sessions.db"
    path.touch(mode=0o640)
    path.chmod(0o640)
    store = SQLStore(_file(tmp_path))
    await store.open(now=START)
    await store.close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o640


async def test_first_starts_at_once_make_one_database(tmp_path: Path) -> None:
    """Ten workers that open a new file get the same feed."""
    stores = [SQLStore(_file(tmp_path)) for _ in range(10)]
    await asyncio.gather(
        *(each.open(now=START + number) for number, each in enumerate(stores))
    )
    feeds = [
        await each.changes(None, limit=1, wait_s=0, now=START + 99) for each in stores
    ]
    await asyncio.gather(*(each.close() for each in stores))

    assert len({(feed.position, feed.begun_at) for feed in feeds}) == 1


@pytest.mark.parametrize("verb", ["open", "revoke"])
async def test_a_lock_that_stays_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Whoever holds the file longer than the busy timeout keeps writers out."""
    monkeypatch.setattr(sql_sqlite, "BUSY_TIMEOUT_MS", 10)
    store = SQLStore(_file(tmp_path))
    if verb == "revoke":
        await store.open(now=START)
    path = tmp_path / "sessions.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE" if verb == "revoke" else "BEGIN EXCLUSIVE")
        with pytest.raises(StoreError):
            await (
                store.open(now=START)
                if verb == "open"
                else store.revoke(revoked_token(), now=START)
            )
        if verb == "revoke":
            # Readers go on: that is what the write-ahead log is for.
            assert not await store.is_revoked(token(), now=START)
        other.execute("COMMIT")
    await store.open(now=START)
    await store.revoke(revoked_token(), now=START)
    await store.close()


async def test_opening_waits_for_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first start beside somebody's lock tries again until the lock is gone."""
    monkeypatch.setattr(sql_sqlite, "BUSY_TIMEOUT_MS", 60_000)
    monkeypatch.setattr(sql_sqlite, "_prepare", _without_patience)
    refused = asyncio.Event()
    logger = sql_sqlite._logger
    monkeypatch.setattr(logger, "debug", lambda _message: refused.set())
    store = SQLStore(_file(tmp_path))
    with closing(
        sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)
    ) as other:
        other.execute("BEGIN EXCLUSIVE")
        opening = asyncio.create_task(store.open(now=START))
        await asyncio.wait_for(refused.wait(), 60)
        assert not opening.done()
        other.execute("COMMIT")
        await opening
    await store.close()


def _without_patience(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.cursor().execute("PRAGMA busy_timeout = 0")


async def test_a_writer_waits_for_a_lock(tmp_path: Path) -> None:
    """A lock that goes away costs a wait, and nothing is lost."""
    store = SQLStore(_file(tmp_path))
    await store.open(now=START)
    with closing(
        sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        revoking = asyncio.create_task(store.revoke(revoked_token(), now=START))
        assert not await store.is_revoked(token(), now=START)
        other.execute("COMMIT")
        await revoking

    assert await store.is_revoked(token(), now=START)
    await store.close()


@pytest.mark.parametrize("content", [b"no database" * 500, None])
async def test_a_file_that_cannot_be_used_is_an_error(
    tmp_path: Path, content: bytes | None
) -> None:
    """A wrong file and a folder that is not there say so without SQL or values."""
    folder = tmp_path if content else tmp_path / "nowhere"
    if content:
        (tmp_path / "sessions.db").write_bytes(content)
    store = SQLStore(_file(folder))
    with pytest.raises(StoreError, match=r"^The database does not answer$"):
        await store.open(now=START)
    await store.close()


async def test_names_may_be_long(sql: Any) -> None:
    """What tokens carry can be longer than what an index of PostgreSQL takes."""
    long = "".join(chr(0x100 + number % 0x900) for number in range(8_000))
    await sql.start(family(subject=long), limit=None, now=START)
    await sql.revoke(revoked_token(long), now=START)
    await sql.revoke(revoked_subject(long, issued_by=START), now=START)

    assert await sql.is_revoked(token(long), now=START)
    assert await sql.is_revoked(token(subject=long), now=START)
    assert [ended("f")] == [
        *await sql.end_all(long, spare=None, started_by=None, now=START)
    ]


async def test_a_database_that_was_put_back_is_a_gap(sql: Any) -> None:
    """A reader that is ahead of a restored backup begins again."""
    await sql.revoke(revoked_token("a"), now=START)
    old = (await sql.changes(None, limit=9, wait_s=0, now=START)).position
    name, _, number = old.rpartition("-")
    with pytest.raises(FeedGapError):
        await sql.changes(f"{name}-{int(number) + 1}", limit=9, wait_s=0, now=START)

    assert (await sql.changes(old, limit=9, wait_s=0, now=START)).revocations == ()


async def test_a_feed_that_was_emptied_begins_again(sql: Any) -> None:
    """Whoever empties the tables has another feed, which begins when it is seen."""
    await sql.revoke(revoked_token(), now=START)
    position = (await sql.changes(None, limit=9, wait_s=0, now=START)).position

    async def emptying(connection: AsyncConnection) -> None:
        for table in METADATA.sorted_tables:
            await connection.execute(table.delete())

    await sql._connections.write(emptying)
    with pytest.raises(FeedGapError):
        await sql.changes(position, limit=9, wait_s=0, now=START + 1)
    feed = await sql.changes(None, limit=9, wait_s=0, now=START + 2)
    await sql._connections.write(emptying)
    await sql.revoke(revoked_token(), now=START + 3)
    other = await sql.changes(None, limit=9, wait_s=0, now=START + 4)

    assert (feed.revocations, feed.begun_at) == ((), START + 1)
    assert (other.revocations, other.begun_at) == ((revoked_token(),), START + 3)


async def test_the_migrations_make_the_tables(sql: Any) -> None:
    """What the code writes and what the migrations made is the same."""

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, *_: name != version}
        )
        return list(compare_metadata(context, METADATA))

    version = "quart_jwt_version"

    async def compare(connection: AsyncConnection) -> list[Any]:
        return await connection.run_sync(differences)

    assert await sql._connections.read(compare) == []


async def test_a_newer_database_serves_old_workers(sql: Any) -> None:
    """Revisions only add: old workers and new ones serve together."""

    async def upgrading(connection: AsyncConnection) -> None:
        for statement in (
            "ALTER TABLE quart_jwt_families ADD COLUMN device TEXT",
            "UPDATE quart_jwt_version SET version_num = '9999'",
        ):
            await connection.exec_driver_sql(statement)

    await sql.start(family(), limit=None, now=START)
    await sql._connections.write(upgrading)
    await sql.close()
    await sql.open(now=START)
    rotation = await sql.rotate(presented(), successor(), grace_s=GRACE_S, now=START)

    assert Outcome.ROTATED is rotation.outcome
    await sql._connections.write(_downgrading)


async def _downgrading(connection: AsyncConnection) -> None:
    for statement in (
        "ALTER TABLE quart_jwt_families DROP COLUMN device",
        f"UPDATE quart_jwt_version SET version_num = '{SESSIONS.known[-1]}'",  # noqa: S608 - our own number
    ):
        await connection.exec_driver_sql(statement)


async def test_postgresql_is_upgraded_on_purpose(postgresql: PostgreSQL) -> None:
    """Without tables the error names the command; after it, the same store opens."""
    await asyncio.to_thread(postgresql.create, "new")
    store = SQLStore(postgresql.url("new"))
    with pytest.raises(StoreError, match="quart-jwt db upgrade"):
        await store.open(now=START)
    others = [SQLStore(postgresql.url("new")) for _ in range(3)]
    await asyncio.gather(*(each.upgrade() for each in (*others, store)))
    await store.open(now=START)
    await store.ping()
    for each in (*others, store):
        await each.close()


KILL_LISTENERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE query ~* '^listen' OR query = 'SELECT name, last FROM quart_jwt_feed'
"""


async def _listens(store: Any, but_not: Any = None) -> Any:
    """Wait until a reader listens, and give the connection on which it does."""
    while store._feed._news._listening in {None, but_not}:  # noqa: ASYNC110 - a store tells nobody
        await asyncio.sleep(0)
    return store._feed._news._listening


async def test_postgresql_tells_the_news(
    postgres: Any, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader is woken by another process's revocation, not by its next look."""
    monkeypatch.setattr(sql_news, "POSTGRESQL_POLL_S", 3_600)
    other = SQLStore(postgresql.url("sessions"))
    position = (await postgres.changes(None, limit=9, wait_s=0, now=START)).position
    for name in ("a", "b"):
        reading = asyncio.create_task(
            postgres.changes(position, limit=9, wait_s=3_600, now=START)
        )
        await _listens(postgres)
        await other.revoke(revoked_token(name), now=START)
        changes = await asyncio.wait_for(reading, 60)
        position = changes.position
        assert (revoked_token(name),) == changes.revocations
    await other.close()


async def test_a_listener_that_breaks_is_replaced(
    postgres: Any, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader looks at once, and listens on a new connection."""
    monkeypatch.setattr(sql_news, "POSTGRESQL_POLL_S", 3_600)
    position = (await postgres.changes(None, limit=9, wait_s=0, now=START)).position
    reading = asyncio.create_task(
        postgres.changes(position, limit=9, wait_s=3_600, now=START)
    )
    first = await _listens(postgres)
    await asyncio.to_thread(postgresql.run, KILL_LISTENERS)
    await _listens(postgres, but_not=first)
    await postgres.revoke(revoked_token(), now=START)
    changes = await asyncio.wait_for(reading, 60)

    assert (revoked_token(),) == changes.revocations


async def test_an_idle_feed_of_postgresql_is_not_looked_at(postgres: Any) -> None:
    """Its end is asked for instead, which SQLAlchemy does not see."""
    statements: list[str] = []
    event.listen(
        postgres._connections._database._engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: statements.append(statement),
    )
    position = (await postgres.changes(None, limit=9, wait_s=0, now=START)).position
    for _ in range(3):
        await postgres.changes(position, limit=9, wait_s=0.05, now=START)
    assert len(statements) == 2  # from the start, and once with a mark before it


async def test_the_database_is_looked_at_without_news(
    postgres: Any, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notification that never comes delays by one look."""
    monkeypatch.setattr(sql_news, "POSTGRESQL_POLL_S", 0.01)
    monkeypatch.setattr(sql_news.PostgreSQLNews, "_heard", lambda *_news: None)
    other = SQLStore(postgresql.url("sessions"))
    position = (await postgres.changes(None, limit=9, wait_s=0, now=START)).position
    reading = asyncio.create_task(
        postgres.changes(position, limit=9, wait_s=3_600, now=START)
    )
    await other.revoke(revoked_token(), now=START)
    changes = await asyncio.wait_for(reading, 60)
    await other.close()

    assert (revoked_token(),) == changes.revocations


@pytest.fixture(name="sqlite")
async def _sqlite(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    async with factories.FACTORIES["sqlite"](request) as store:
        yield store


async def test_an_idle_feed_of_sqlite_is_not_queried(sqlite: Any) -> None:
    """Once its end has been read, reading again costs no statement."""
    statements: list[str] = []
    event.listen(
        sqlite._connections._database._engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: statements.append(statement),
    )
    position = (await sqlite.changes(None, limit=9, wait_s=0, now=START)).position
    for _ in range(2):
        changes = await sqlite.changes(position, limit=9, wait_s=0.1, now=START)
        assert (changes.revocations, changes.is_complete) == ((), True)
    assert len(statements) == 2  # from the start, and once with a mark before it


async def test_sqlite_sees_what_another_process_commits(sqlite: Any) -> None:
    """The number of commits says so, also after a look that cost no statement."""
    other = SQLStore(str(sqlite._connections._url))
    position = (await sqlite.changes(None, limit=9, wait_s=0, now=START)).position
    await sqlite.changes(position, limit=9, wait_s=0.05, now=START)
    reading = asyncio.create_task(
        sqlite.changes(position, limit=9, wait_s=3_600, now=START)
    )
    await other.revoke(revoked_token(), now=START)
    changes = await asyncio.wait_for(reading, 60)
    await other.close()

    assert (revoked_token(),) == changes.revocations


async def test_sqlite_is_queried_when_its_commits_cannot_be_counted(
    sqlite: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two marks are never equal then, so that nothing is taken for unchanged."""

    def cannot_be_opened() -> None:
        raise sqlite3.OperationalError

    monkeypatch.setattr(sqlite._connections, "plain_sqlite", cannot_be_opened)
    position = (await sqlite.changes(None, limit=9, wait_s=0, now=START)).position
    await sqlite.changes(position, limit=9, wait_s=0.05, now=START)
    await sqlite.revoke(revoked_token(), now=START)
    changes = await sqlite.changes(position, limit=9, wait_s=0.05, now=START)

    assert (revoked_token(),) == changes.revocations


async def test_cancelled_callers_give_their_connections_back(sql: Any) -> None:
    """However many go away in the middle, the pool is whole afterwards."""
    await sql.start(family(), limit=None, now=START)
    for steps in range(60):
        asking = [
            asyncio.create_task(verb)
            for verb in (
                sql.is_revoked(token(family_id="f"), now=START),
                sql.revoke(revoked_token(), now=START),
                sql.end("unknown", subject=None, now=START),
                sql.live("ada", now=START),
            )
        ]
        for _ in range(steps):
            await asyncio.sleep(0)
        for each in asking:
            each.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    await asyncio.gather(
        *(sql.revoke(revoked_token(f"{n}"), now=START) for n in range(30))
    )
    pool = sql._connections._database._engine.pool
    await sql.close()  # waits for readers whose callers have gone

    assert pool.checkedout() == 0
