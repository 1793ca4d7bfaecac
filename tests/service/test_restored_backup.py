"""A database of yesterday put back: what became of everybody since then."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.settings.settings import Settings
from service.kit import bearer
from service.kit import NAME
from service.kit import Service

DAY_S = 24 * 3600


async def _refreshed(service: Service, token: str) -> tuple[int, str, str]:
    """The status, the code of a refusal, and the next refresh token."""
    answer = await service.client.post("/refresh", headers=bearer(token))
    body = await answer.get_json()
    return answer.status_code, body.get("code", ""), body.get("refresh_token", "")


def _back_up(path: Path) -> Path:
    """As docs/operations.md says: a copy that is whole, while the service runs."""
    copy = path.with_suffix(".backup")
    with closing(sqlite3.connect(path)) as there, closing(sqlite3.connect(copy)) as to:
        there.backup(to)
    return copy


def _put_back(path: Path, copy: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    shutil.copyfile(copy, path)


@pytest.mark.parametrize("moved_s", [0, DAY_S])
async def test_nobody_has_two_branches_of_a_session(
    settings: Settings, clock: Clock, moved_s: int
) -> None:
    """What was rotated since is refused and ends its session; the rest goes on."""
    path = settings.storage.state_dir / "test.db"
    app = create_app(settings, clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        rotated, untouched = await service.log_in(), await service.log_in()
        copy = _back_up(path)
        clock.advance(60)
        later = await service.log_in()
        token = rotated["refresh_token"]
        for _ in range(2):
            status, _, token = await _refreshed(service, token)
            assert status == 200
            clock.advance(60)
    _put_back(path, copy)
    clock.advance(moved_s)

    app = create_app(settings, clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        # The database knows only the first token of this family: the third is of
        # nobody, and who presents it loses the session that the database still has.
        assert (await _refreshed(service, token))[:2] == (401, "token_revoked")
        old = rotated["refresh_token"]
        assert (await _refreshed(service, old))[:2] == (401, "token_revoked")
        assert (await _refreshed(service, later["refresh_token"]))[0] == 401
        assert (await _refreshed(service, untouched["refresh_token"]))[0] == 200
        assert await service.log_in(NAME)
