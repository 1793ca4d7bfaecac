"""Row K04: the tables are upgraded while old workers serve, and both go on."""

import asyncio
import dataclasses
import secrets
from collections.abc import AsyncIterator
from functools import partial

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.ext.asyncio import AsyncConnection

import real_servers
from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.database.database import ACCOUNTS
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.settings.settings import Settings
from quart_jwt.stores.sql.store import SQLStore
from service.kit import claims
from service.kit import Service

BEFORE = "0002"
OLD = sa.table(
    "users",
    *(
        sa.column(name)
        for name in ("name", "password_hash", "enabled", "session_epoch", "created_at")
    ),
)
"""The table as workers of before the roles and scopes know it."""


class OldWorker:
    """What a worker of that time asks of the database, word for word."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = Database(url)

    async def add(self, name: str, password_hash: str) -> None:
        """Add a user."""
        row = {"name": name, "password_hash": password_hash}
        state = {"enabled": True, "session_epoch": 7, "created_at": 1}
        insert = sa.insert(OLD).values(**row, **state)
        assert await self.database.change(insert) == 1

    async def hash_of(self, name: str) -> str:
        """Find a user."""
        (row,) = await self.database.rows(sa.select(OLD).where(OLD.c.name == name))
        return str(row["password_hash"])

    async def set_password(self, name: str, password_hash: str) -> None:
        """Set a password."""
        change = sa.update(OLD).where(OLD.c.name == name)
        epoch = OLD.c.session_epoch + 1
        values = {"password_hash": password_hash, "session_epoch": epoch}
        assert await self.database.change(change.values(**values)) == 1


@pytest.fixture(name="old", params=["sqlite", "postgresql"])
async def _old(
    request: pytest.FixtureRequest, settings: Settings
) -> AsyncIterator[OldWorker]:
    """Give an old worker and its database, as it was before the upgrade."""
    url = settings.storage.database_url
    if request.param == "postgresql":
        postgresql: real_servers.PostgreSQL = request.getfixturevalue("postgresql")
        name = request.node.originalname
        await asyncio.to_thread(postgresql.create, name)
        url = postgresql.url(name)
    old = OldWorker(url)
    await old.database._connections.open()
    await old.database._connections.write(_made_before)
    sessions = SQLStore(url)
    await sessions.upgrade()
    await sessions.close()
    yield old
    await old.database.close()


async def _made_before(connection: AsyncConnection) -> None:
    await connection.run_sync(_upgraded_to)


def _upgraded_to(connection: sa.Connection) -> None:
    config = ACCOUNTS.config()
    config.attributes.update(
        connection=connection, version_table=ACCOUNTS.version_table
    )
    command.upgrade(config, BEFORE)


async def test_old_workers_serve_while_tables_are_upgraded(
    old: OldWorker,
) -> None:
    """No statement fails before, while and after, and each sees the other's users."""
    await old.add("of before", "h")
    done = asyncio.Event()
    served: asyncio.Queue[str] = asyncio.Queue()

    async def serve(worker: int) -> None:
        while not done.is_set():
            name = f"{worker}-{secrets.token_hex(8)}"
            await old.add(name, "h")
            await old.set_password(name, "h2")
            assert await old.hash_of(name) == "h2"
            served.put_nowait(name)

    async with asyncio.TaskGroup() as serving:
        for worker in range(4):
            serving.create_task(serve(worker))
        await _some(served)
        await _upgrade(old)
        await _some(served)
        done.set()

    assert await old.hash_of("of before") == "h"


async def _some(served: asyncio.Queue[str]) -> None:
    """Wait until the old workers have served some more."""
    while not served.empty():
        served.get_nowait()
    for _ in range(8):
        await served.get()


async def _upgrade(old: OldWorker) -> None:
    """Do what ``quart-jwt db upgrade`` does."""
    upgrading = Database(old.url)
    await upgrading.upgrade()
    await upgrading.close()


async def test_old_and_new_workers_know_each_others_users(
    old: OldWorker, settings: Settings, clock: Clock
) -> None:
    """Who was added by either can sign in at the new one; none has a role by chance."""
    await _upgrade(old)
    storage = dataclasses.replace(settings.storage, database_url=old.url)
    app = create_app(dataclasses.replace(settings, storage=storage), clock)
    async with app.test_app():
        new = Service(app=app, client=app.test_client(), clock=clock)
        make = partial(new.resources.passwords.hash, "a password")
        await old.add("ada", await make())
        await new.add("bob", grants=Grants(roles=("admin",)))
        assert "roles" not in claims(
            (await new.log_in("ada", "a password"))["access_token"]
        )
        tokens = await new.log_in("bob")
        assert claims(tokens["access_token"])["roles"] == ["admin"]
        assert (await old.hash_of("bob")).startswith("$argon2id$")

        await old.set_password("bob", await make())
        assert await new.status("POST", "/refresh", tokens["refresh_token"]) == 401
        again = await new.log_in("bob", "a password")
        assert claims(again["access_token"])["roles"] == ["admin"]
