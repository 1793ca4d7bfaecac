"""An app whose sessions are in parts: a lost part is a matter of its own users."""

from typing import Any

import pytest
from quart import Quart

from clock import Clock
from extension.session_apps import session_app
from quart_jwt import create_access_token
from quart_jwt import revoke_token
from quart_jwt.stores.partitioned import PartitionedStore
from stores.faulty import away
from stores.faulty import faulty_store


@pytest.fixture(name="parts")
def _parts() -> list[Any]:
    return [faulty_store() for _ in range(3)]


@pytest.fixture(name="store")
def _store(parts: list[Any]) -> PartitionedStore:
    return PartitionedStore(parts)


@pytest.fixture(name="app")
def _app(clock: Clock, store: PartitionedStore) -> Quart:
    return session_app(clock, store)


async def _log_in(app: Quart, user: str) -> Any:
    response = await app.test_client().post("/login", json={"user": user})
    return await response.get_json()


@pytest.mark.parametrize(
    ("method", "path", "token"),
    [
        ("GET", "/protected", "access_token"),
        ("GET", "/sessions", "access_token"),
        ("POST", "/refresh", "refresh_token"),
        ("POST", "/revoke", "access_token"),
        ("POST", "/logout", "access_token"),
        ("POST", "/logout/all", "access_token"),
    ],
)
async def test_users_of_other_parts_notice_nothing(
    app: Quart,
    store: PartitionedStore,
    parts: list[Any],
    method: str,
    path: str,
    token: str,
) -> None:
    """Whatever they do asks their own part only."""
    users = ["ada", "grace", "linus", "mary"]
    pairs = {user: await _log_in(app, user) for user in users}
    lost = store.number_of("ada")
    parts[lost].fault = away
    statuses = {}
    for user, pair in pairs.items():
        headers = {"Authorization": f"Bearer {pair[token]}"}
        client: Any = app.test_client()
        response = await client.open(path, method=method, json={}, headers=headers)
        statuses[user] = response.status_code
    expected = {user: 503 if store.number_of(user) == lost else 200 for user in users}

    assert expected == statuses
    assert {*expected.values()} == {200, 503}


async def test_a_token_without_a_session_is_revoked_in_its_users_part(
    app: Quart, store: PartitionedStore, parts: list[Any]
) -> None:
    """By its text; its ``jti`` alone says nothing of the user, so all are asked."""
    async with app.app_context():
        await revoke_token(create_access_token("ada"))
        asked = [part.calls.count("revoke") for part in parts]
        await revoke_token(jti="of somebody")
    expected = [int(number == store.number_of("ada")) for number in range(3)]

    assert expected == asked
    assert [one + 1 for one in asked] == [p.calls.count("revoke") for p in parts]
