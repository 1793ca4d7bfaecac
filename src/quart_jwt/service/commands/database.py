"""
The ``quart-jwt db`` commands: the tables of the databases that the environment names.
"""

import asyncio
import os

import click

from quart_jwt.building_blocks import POSTGRESQL
from quart_jwt.building_blocks import SQLITE
from quart_jwt.building_blocks import SQLStore
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import StoreError
from quart_jwt.service.commands.output import examples
from quart_jwt.service.commands.output import json_option
from quart_jwt.service.commands.output import print_done
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.settings.settings import read_storage_settings
from quart_jwt.service.settings.storage import Storage

UP_TO_DATE = "up to date"


@click.group(
    "db",
    epilog=examples(
        "QUART_JWT_DATABASE_URL=postgresql://user@host/name quart-jwt db upgrade",
    ),
)
def db() -> None:
    """
    Upgrade database schemas. The service upgrades a SQLite file itself.
    """


@db.command("upgrade", epilog=examples("quart-jwt db upgrade"))
@json_option
def upgrade(*, as_json: bool) -> None:
    """
    Upgrade the database schema to this version.

    Upgrades the databases of QUART_JWT_DATABASE_URL and QUART_JWT_STORE_URL. Run it
    before you start workers of the new version; workers of the old version keep
    working. A database that is up to date is not changed.
    """
    storage = read_storage_settings(os.environ)
    storage.prepare()
    done = asyncio.run(_upgrade(storage))
    lines = "\n".join(f"{what}: {state}" for what, state in done.items())
    print_done(lines, as_json=as_json, **done)


async def _upgrade(storage: Storage) -> dict[str, str]:
    done = {}
    if storage.store_url is None or storage.is_database_named:
        await _upgrade_accounts(storage.database_url)
        done["accounts"] = UP_TO_DATE
    if storage.sessions_url.partition("://")[0] in {SQLITE, POSTGRESQL}:
        await _upgrade_sessions(storage.sessions_url)
        done["sessions"] = UP_TO_DATE
    else:
        done["sessions"] = "their store has no tables"
    return done


async def _upgrade_accounts(url: str) -> None:
    database = Database(url)
    try:
        await database.upgrade()
    finally:
        await database.close()


async def _upgrade_sessions(url: str) -> None:
    try:
        store = SQLStore(url)
    except ConfigurationError as error:
        raise StartError(f"QUART_JWT_STORE_URL cannot be used: {error}") from error
    try:
        await store.upgrade()
    except StoreError as error:
        cause = getattr(error.__cause__, "orig", error.__cause__) or error
        raise StartError(f"the sessions cannot be upgraded: {cause}") from error
    finally:
        await store.close()
