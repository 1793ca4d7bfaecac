"""The two blocklist recipes: a token that was taken back is refused, on both sides."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import real_servers
from examples import loading
from examples.test_examples import ADA
from examples.test_examples import shape
from examples.walking import Answer
from examples.walking import bearer
from examples.walking import Client
from examples.walking import FlaskClient
from examples.walking import QuartClient

Sides = tuple[Client, Client]


@pytest.fixture(name="database")
async def _database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Sides]:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/blocklist.db")
    theirs, ours = _sides("blocklist_database", tmp_path, monkeypatch)
    yield FlaskClient(theirs.app), QuartClient(ours.app)
    for side in (theirs, ours):
        side.engine.dispose()


@pytest.fixture(name="redis_database")
async def _redis_database(
    redis: real_servers.Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Sides]:
    monkeypatch.setenv("REDIS_URL", redis.url)
    theirs, ours = _sides("blocklist_redis", tmp_path, monkeypatch)
    yield FlaskClient(theirs.app), QuartClient(ours.app)
    theirs.blocklist.close()
    await ours.blocklist.aclose()


def _sides(
    name: str, where: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ModuleType, ModuleType]:
    return loading.flask_twin(name, where, monkeypatch), loading.ours(name)


@pytest.fixture(name="sides", params=["database", "redis_database"])
def _chosen(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


async def _walk(client: Client) -> list[Answer]:
    login = await client.send("POST", "/login", json=ADA)
    token = bearer(login.json["access_token"])
    other = await client.send("POST", "/login", json=ADA)
    return [
        await client.send("POST", "/login", json=ADA | {"password": "?"}),
        login,
        await client.send("GET", "/protected", headers=token),
        await client.send("DELETE", "/logout", headers=token),
        await client.send("GET", "/protected", headers=token),
        await client.send("DELETE", "/logout", headers=token),
        await client.send(
            "GET", "/protected", headers=bearer(other.json["access_token"])
        ),
    ]


async def test_a_blocklist_answers_as_its_flask_twin(sides: Sides) -> None:
    """After the logout that token is refused, and the other sign-in goes on."""
    theirs, ours = [await _walk(client) for client in sides]

    assert [shape(step) for step in theirs] == [shape(step) for step in ours]
    assert [step.status for step in ours] == [401, 200, 200, 200, 401, 401, 200]
