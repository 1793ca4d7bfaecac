"""Fixtures of the service's tests."""

import logging
import os
from collections.abc import AsyncIterator
from collections.abc import Iterator
from pathlib import Path

import pytest

from clock import Clock
from quart_jwt.service import app as app_module
from quart_jwt.service.app import create_app
from quart_jwt.service.database import Database
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import Storage
from service.kit import QUICK
from service.kit import SECRET
from service.kit import Service
from service.promised import Answer
from service.promised import listening
from service.promised import unpromised


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


@pytest.fixture(name="settings")
def _settings(tmp_path: Path) -> Settings:
    storage = Storage(
        mode="production",
        state_dir=tmp_path,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/test.db",
    )
    return Settings(
        storage=storage, secret_key=SECRET, cookie_secure=False, hash_cost=QUICK
    )


@pytest.fixture(name="database")
async def _database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/test.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture(name="service")
async def _service(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    app = create_app(settings, clock)
    async with app.test_app():
        yield Service(app=app, client=app.test_client(), clock=clock)


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
