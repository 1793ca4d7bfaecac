"""Fixtures of the service's tests."""

import asyncio
import dataclasses
import logging
import os
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from argon2 import extract_parameters
from argon2 import PasswordHasher
from click.testing import CliRunner

import migrated
import real_servers
from clock import Clock
from quart_jwt.service import app as app_module
from quart_jwt.service.accounts import user_changes
from quart_jwt.service.app import create_app
from quart_jwt.service.commands import main as commands
from quart_jwt.service.database.database import ACCOUNTS
from quart_jwt.service.database.database import Database
from quart_jwt.service.settings.groups import Throttling
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import Storage
from quart_jwt.stores.sql.schema import SESSIONS
from service import fleet
from service.kit import QUICK
from service.kit import SECRET
from service.kit import Service
from service.kit import with_registration
from service.promised import Answer
from service.promised import listening
from service.promised import unpromised

user_changes.TIMEOUT_S = 60


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("QUART_JWT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _every_answer_is_documented(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold each answer of each test against the OpenAPI document."""
    answers: list[Answer] = []
    monkeypatch.setattr(app_module, "AsgiGuard", listening(answers))
    yield
    assert unpromised(answers) == set()


@pytest.fixture(
    name="on_each_loop",
    params=["uvloop", pytest.param("asyncio", marks=pytest.mark.slow)],
)
def _on_each_loop(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the processes that a test starts serve with each event loop."""
    monkeypatch.setattr(fleet, "EVENT_LOOP", f'worker_class = "{request.param}"\n')


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    migrated.lay_down(tmp_path / "test.db", SESSIONS, ACCOUNTS)
    storage = Storage(
        mode="production",
        state_dir=tmp_path,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/test.db",
        store_timeout_ms=60_000,  # a loaded machine may take its time
    )
    return Settings(
        storage=storage, secret_key=SECRET, cookie_secure=False, hash_cost=QUICK
    )


@pytest.fixture(name="database")
async def _database(tmp_path: Path) -> AsyncIterator[Database]:
    migrated.lay_down(tmp_path / "test.db", ACCOUNTS)
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/test.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture(name="service")
async def _service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    app = create_app(settings, clock)
    async with app.test_app():
        yield Service(app=app, client=app.test_client(), clock=clock)


@pytest.fixture(name="anywhere", params=["sqlite", "postgresql"])
async def _anywhere(
    request: pytest.FixtureRequest, settings: Settings, clock: Clock
) -> AsyncIterator[Service]:
    """Give a running service on each database, without users and sessions."""
    if request.param == "postgresql":
        url = request.getfixturevalue("accounts_url")
        storage = dataclasses.replace(settings.storage, database_url=url)
        settings = dataclasses.replace(settings, storage=storage)
        await asyncio.to_thread(request.getfixturevalue("emptied"))
    often = Throttling(free_failures=100, address_per_minute=60_000)
    settings = dataclasses.replace(with_registration(settings), throttling=often)
    app = create_app(settings, clock)
    async with app.test_app():
        yield Service(app=app, client=app.test_client(), clock=clock)


@pytest.fixture(name="own_postgresql")
def _own_postgresql() -> Iterator[real_servers.PostgreSQL]:
    """Give a server that a test may stop, with an empty database."""
    with real_servers.postgresql() as running:
        running.create("service")
        yield running


@pytest.fixture(name="accounts_url", scope="session")
def _accounts_url(postgresql: real_servers.PostgreSQL) -> str:
    postgresql.create("accounts")
    url = postgresql.url("accounts")
    env = {"QUART_JWT_DATABASE_URL": url}
    upgrade = partial(CliRunner().invoke, commands.cli, ["db", "upgrade"], env=env)
    with ThreadPoolExecutor(1) as away_from_the_loop:
        assert away_from_the_loop.submit(upgrade).result().exit_code == 0
    return url


@pytest.fixture(name="emptied")
def _emptied(
    postgresql: real_servers.PostgreSQL, accounts_url: str
) -> Callable[[], None]:
    def empty() -> None:
        postgresql.empty("accounts")
        postgresql.run("TRUNCATE users, attempts", "accounts")

    return empty


@pytest.fixture(name="verified")
def _verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the parameters of every hash that was verified."""
    seen: list[str] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, stored: str, password: str) -> bool:
        found = extract_parameters(stored)
        seen.append(f"{found.memory_cost},{found.time_cost},{found.parallelism}")
        return verify(hasher, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    return seen


@pytest.fixture(name="hashed")
def _hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give every password that was hashed anew."""
    seen: list[str] = []
    make = PasswordHasher.hash

    def counted(hasher: PasswordHasher, password: str) -> str:
        seen.append(password)
        return make(hasher, password)

    monkeypatch.setattr(PasswordHasher, "hash", counted)
    return seen


@pytest.fixture(name="kept_logging")
def _kept_logging() -> Iterator[None]:
    """Put the loggers back that a server has configured."""
    names = ("root", "hypercorn.access", "hypercorn.error", "quart_jwt")
    loggers = [logging.getLogger(name) for name in names]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]
    raising = logging.raiseExceptions
    yield
    logging.raiseExceptions = raising
    for logger, handlers, level, propagate in before:
        logger.handlers = handlers
        logger.filters.clear()
        logger.setLevel(level)
        logger.propagate = propagate
