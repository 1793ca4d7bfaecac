"""``quart-jwt config check`` says what a start would find, and changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result

from quart_jwt.service.commands.main import cli
from real_servers import PostgreSQL
from real_servers import postgresql
from real_servers import Redis
from real_servers import redis
from service.installing import FROM_A_FILE
from service.installing import install

FINE = "the settings are valid (environment)\n"
USABLE = f"{FINE}the databases can be used\n"
NO_USERS = (
    f"{USABLE}there are no users yet: add the first user with "
    "`quart-jwt users add NAME`\n"
)
LACKS = "The database lacks tables of this version: run 'quart-jwt db upgrade'"


def _run(*arguments: str, **environ: str) -> Result:
    env = {f"QUART_JWT_{name}": text for name, text in environ.items()}
    return CliRunner().invoke(cli, arguments, input="x" * 8, env=env)


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[PostgreSQL]:
    with postgresql() as running:
        yield running


@pytest.fixture(name="store", scope="module")
def _store() -> Iterator[Redis]:
    with redis() as running:
        yield running


def test_postgresql_from_empty_to_the_first_user(
    server: PostgreSQL, store: Redis
) -> None:
    """Missing tables stop a start; a database without users does not."""
    server.create("forecast")
    urls = {"DATABASE_URL": server.url("forecast"), "STORE_URL": store.url}
    done = _run("config", "check", **urls)
    assert (done.exit_code, done.stdout) == (1, FINE)
    assert LACKS in done.stderr
    assert _run("db", "upgrade", **urls).exit_code == 0
    assert (done := _run("config", "check", **urls)).stdout == NO_USERS
    assert done.exit_code == 0
    _run("users", "add", "alice", "--password-stdin", **urls)
    assert _run("config", "check", **urls).stdout == USABLE
    assert store.run("DBSIZE") == "0"


def test_the_sessions_tables_are_looked_for_apart(server: PostgreSQL) -> None:
    """They may be in another database, which was not upgraded."""
    server.create("accounts")
    server.create("sessions")
    _run("db", "upgrade", DATABASE_URL=server.url("accounts"))
    urls = {"DATABASE_URL": server.url("accounts"), "STORE_URL": server.url("sessions")}
    done = _run("config", "check", **urls)
    assert done.exit_code == 1
    assert f"the session store cannot be used: {LACKS}" in done.stderr


def test_what_does_not_answer_is_said_once_each() -> None:
    """A database that is both is one sentence."""
    away = "postgresql://u:hunter2@127.0.0.1:1/d"
    done = _run("config", "check", DATABASE_URL=away)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    done = _run("config", "check", DATABASE_URL=away, STORE_URL="redis://127.0.0.1:1/0")
    assert done.stderr.count("\n") == 2
    assert "Redis does not answer" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_sqlite_file_is_read_and_not_made() -> None:
    """Without a file nobody can sign in; with one its users are counted."""
    assert _run("config", "check").stdout == NO_USERS
    assert list(Path().iterdir()) == []
    _run("users", "add", "alice", "--password-stdin", "--init")
    assert _run("config", "check").stdout == USABLE


def test_a_directory_from_elsewhere_has_its_own_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told to add one here."""
    site = tmp_path / "site"
    install(site, "people", FROM_A_FILE, name="people", factory="FileDirectory")
    monkeypatch.syspath_prepend(str(site))
    people = {"USER_DIRECTORY": "people", "USER_DIRECTORY_PATH": "people.json"}
    assert _run("config", "check", **people).stdout == USABLE
