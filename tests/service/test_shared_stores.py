"""The service on a database and a session store that several machines share."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result

import real_servers
from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.commands import main as commands
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.settings.settings import read_storage_settings
from quart_jwt.service.settings.settings import Settings
from quart_jwt.stores import urls
from quart_jwt.stores.urls import Entry
from service.kit import Service


def _upgrade(**environ: str) -> Result:
    env = {f"QUART_JWT_{name}": value for name, value in environ.items()}
    return CliRunner().invoke(commands.cli, ["db", "upgrade"], env=env)


def _with(settings: Settings, database_url: str, store_url: str | None) -> Settings:
    storage = dataclasses.replace(
        settings.storage, database_url=database_url, store_url=store_url
    )
    return dataclasses.replace(settings, storage=storage)


@pytest.fixture(name="database_url", scope="module")
def _database_url(postgresql: real_servers.PostgreSQL) -> str:
    postgresql.create("service")
    return postgresql.url("service")


@pytest.fixture(name="shared", params=["postgresql", "redis"])
async def _shared(
    request: pytest.FixtureRequest, settings: Settings, clock: Clock, database_url: str
) -> AsyncIterator[Service]:
    store_url = None
    if request.param == "redis":
        redis: real_servers.Redis = request.getfixturevalue("redis")
        store_url = redis.url
    done = await asyncio.to_thread(_upgrade, DATABASE_URL=database_url)
    assert (done.exit_code, done.output) == (
        0,
        "accounts: up to date\nsessions: up to date\n",
    )
    app = create_app(_with(settings, database_url, store_url), clock)
    async with app.test_app():
        yield Service(app=app, client=app.test_client(), clock=clock)


async def test_a_session_is_walked_through(
    request: pytest.FixtureRequest, shared: Service
) -> None:
    """Sign in, refresh, sign out: the same as on the embedded default."""
    name = f"ada of {request.node.callspec.id}"
    await shared.add(name)
    tokens = await shared.log_in(name)
    assert await shared.status("GET", "/protected", tokens["access_token"]) == 200
    assert await shared.status("POST", "/refresh", tokens["refresh_token"]) == 200
    assert await shared.status("POST", "/logout", tokens["access_token"]) == 200
    assert await shared.status("GET", "/protected", tokens["access_token"]) == 401
    assert (await shared.client.get("/healthz")).status_code == 200


async def test_another_machine_s_clock_is_a_second_off(
    settings: Settings, database_url: str, shared: Service
) -> None:
    """What one machine signs or ends counts on the other, in both directions."""
    for off_s in (-1, 1):
        clock = Clock(shared.clock() + off_s)
        storage = shared.resources.settings.storage
        app = create_app(_with(settings, database_url, storage.store_url), clock)
        async with app.test_app():
            other = Service(app=app, client=app.test_client(), clock=clock)
            name = f"off by {off_s}, {storage.store_url is None}"
            await shared.add(name)
            for here, there in ((shared, other), (other, shared)):
                tokens = await here.log_in(name)
                refreshing = tokens["refresh_token"]
                access = tokens["access_token"]
                assert await there.status("GET", "/protected", access) == 200
                assert await there.status("POST", "/refresh", refreshing) == 200
                assert await there.status("POST", "/logout", access) == 200
                await here.becomes(401, "/protected", access)


async def test_accounts_keep_their_rules(shared: Service) -> None:
    """Names are unique and listed by code point, and epochs have 48 bits."""
    accounts = shared.resources.accounts
    before = await accounts.count()
    names = [f"{letter} {before}" for letter in ("b", "A", "\u00e9", "a")]
    await asyncio.gather(*(accounts.add(name, "hash") for name in names))
    twice = await asyncio.gather(
        *(accounts.add(f"twin {before}", "hash") for _ in range(5)),
        return_exceptions=True,
    )

    assert len([one for one in twice if isinstance(one, str)]) == 1
    assert await accounts.count() == before + 5
    listed = [account.name for account in await accounts.listed()]
    assert sorted(listed) == listed


async def test_without_tables_there_is_no_start(
    settings: Settings, clock: Clock, postgresql: real_servers.PostgreSQL
) -> None:
    """The sentence names the command and hides the password."""
    await asyncio.to_thread(postgresql.create, "bare")
    url = postgresql.url("bare").replace("postgres@", "postgres:hunter2@")
    app = create_app(_with(settings, url, None), clock)
    with pytest.raises(StartError, match="run 'quart-jwt db upgrade'") as caught:
        await app.extensions["quart-jwt-service"].database.open()
    await app.extensions["quart-jwt-service"].close()

    assert "hunter2" not in str(caught.value)


def test_upgrading_a_database_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    """Exit status 1, the reason, no password."""
    url = f"postgresql+asyncpg://ada:hunter2@/x?host={tmp_path}"
    for environ in ({"DATABASE_URL": url}, {"STORE_URL": url}):
        done = _upgrade(**environ)
        assert done.exit_code == 1
        assert done.output.startswith("Error: the ")
        assert "hunter2" not in done.output


def test_upgrading_says_what_has_no_tables(
    tmp_path: Path, redis: real_servers.Redis
) -> None:
    """With sessions in Redis there are none to upgrade, and no file is made."""
    done = _upgrade(STORE_URL=redis.url)
    assert (done.exit_code, done.output) == (0, "sessions: their store has no tables\n")
    assert not (tmp_path / ".quart-jwt" / "service.db").exists()


def test_upgrading_the_embedded_default_is_fine(tmp_path: Path) -> None:
    """It is done at every start, and can be done before."""
    done = _upgrade()
    assert done.output == "accounts: up to date\nsessions: up to date\n"
    assert (tmp_path / ".quart-jwt" / "service.db").exists()


@pytest.mark.parametrize("url", ["mysql://hunter2", "hunter2", "redis:hunter2"])
def test_a_store_that_does_not_exist_is_a_fault(url: str) -> None:
    """The setting is named, and what could stand there, and not its value."""
    with pytest.raises(SettingsError, match="QUART_JWT_STORE_URL must begin") as caught:
        read_storage_settings({"QUART_JWT_STORE_URL": url})
    assert "hunter2" not in str(caught.value)


def test_a_driver_that_is_missing_is_a_fault(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says what to install."""
    entry = Entry("not_installed_anywhere", "from_url", "redis")
    monkeypatch.setattr(urls, "SCHEMES", {"redis": entry})
    url = settings.storage.database_url
    with pytest.raises(SettingsError, match=r"quart-jwt\[redis\]"):
        create_app(_with(settings, url, "redis://host"), clock)


@pytest.mark.parametrize(
    ("store_url", "timeout_s"),
    [(None, 5), ("redis://host", 0.25), ("sqlite+aiosqlite:///x.db", 5)],
)
def test_a_file_has_more_time_than_a_server(
    settings: Settings, store_url: str | None, timeout_s: float
) -> None:
    """Writers of a file queue; a server that does not answer is away."""
    storage = dataclasses.replace(
        settings.storage, store_url=store_url, store_timeout_ms=None
    )
    assert timeout_s == storage.store_timeout_s
