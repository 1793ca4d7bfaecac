"""A database of yesterday put back: what became of everybody since then."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.settings.settings import Settings
from service.kit import bearer
from service.kit import Service

DAY_S = 24 * 3600


async def _refreshed(service: Service, token: str) -> tuple[int, str, str]:
    """The status, the code of a refusal, and the next refresh token."""
    answer = await service.client.post("/refresh", headers=bearer(token))
    body = await answer.get_json()
    return answer.status_code, body.get("code", ""), body.get("refresh_token", "")


def _back_up(path: Path) -> Path:
    """As docs/operate/operations.md says: a whole copy while the service runs."""
    copy = path.with_suffix(".backup")
    with closing(sqlite3.connect(path)) as there, closing(sqlite3.connect(copy)) as to:
        there.backup(to)
    return copy


def _put_back(path: Path, copy: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    shutil.copyfile(copy, path)


@asynccontextmanager
async def _serving(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    app = create_app(settings, clock)
    async with app.test_app():
        yield Service(app=app, client=app.test_client(), clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Yesterday:
    """
    Refresh tokens, after a database of yesterday was put back.

    Attributes:
        used: The newest of its session in the backup, and used since then.
        newer: What it was exchanged for, twice over.
        untouched: Of a session to which nothing has happened since then.
        ended: Of one that has ended since then.
        later: Of one that has begun since then.
    """

    used: str
    newer: str
    untouched: str
    ended: str
    later: str


@pytest.fixture(name="yesterday", params=[0, DAY_S], ids=["at-once", "a-day-later"])
async def _yesterday(
    request: pytest.FixtureRequest, settings: Settings, clock: Clock
) -> Yesterday:
    path = settings.storage.state_dir / "test.db"
    async with _serving(settings, clock) as service:
        await service.add()
        used, untouched, ended = [await service.log_in() for _ in range(3)]
        copy = _back_up(path)
        clock.advance(60)
        later = await service.log_in()
        await service.status("POST", "/logout", ended["access_token"])
        newer = used["refresh_token"]
        for _ in range(2):
            status, _, newer = await _refreshed(service, newer)
            assert status == 200
            clock.advance(60)
    _put_back(path, copy)
    clock.advance(request.param)
    return Yesterday(
        used=used["refresh_token"],
        newer=newer,
        untouched=untouched["refresh_token"],
        ended=ended["refresh_token"],
        later=later["refresh_token"],
    )


async def test_nobody_has_two_branches_of_a_session(
    settings: Settings, clock: Clock, yesterday: Yesterday
) -> None:
    """Whichever of two tokens comes first, the newer one ends the session for both."""
    async with _serving(settings, clock) as service:
        status, _, branch = await _refreshed(service, yesterday.used)
        assert status == 200
        for token in (yesterday.newer, branch, yesterday.used):
            assert (await _refreshed(service, token))[:2] == (401, "token_revoked")


async def test_the_newer_token_alone_ends_it(
    settings: Settings, clock: Clock, yesterday: Yesterday
) -> None:
    """Its owner signs in again; nobody goes on with the used one."""
    async with _serving(settings, clock) as service:
        for token in (yesterday.newer, yesterday.used):
            assert (await _refreshed(service, token))[:2] == (401, "token_revoked")
        assert await service.log_in()


async def test_the_others_are_as_they_were(
    settings: Settings, clock: Clock, yesterday: Yesterday
) -> None:
    """Sessions of yesterday go on, ended ones among them; later ones are unknown."""
    async with _serving(settings, clock) as service:
        assert (await _refreshed(service, yesterday.untouched))[0] == 200
        assert (await _refreshed(service, yesterday.ended))[0] == 200
        assert (await _refreshed(service, yesterday.later))[0] == 401
