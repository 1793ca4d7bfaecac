"""
What a start would find in the databases, read without making or changing anything.

Whether settings, drivers and folders are right is ``start_check``'s question.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from quart_jwt import Store
from quart_jwt.building_blocks import Connections
from quart_jwt.building_blocks import POSTGRESQL
from quart_jwt.building_blocks import require_schema
from quart_jwt.building_blocks import SQLITE
from quart_jwt.exceptions import StoreError
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.resources import session_store
from quart_jwt.service.settings.settings import Settings

TIMEOUT_S = 10.0
"""For each database, connecting included: an operator waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """
    What a start would find.

    Attributes:
        faults: A sentence for each thing that keeps it from serving.
        has_users: Whether anybody can sign in; None if it could not be read.
    """

    faults: Sequence[str]
    has_users: bool | None


def forecast(settings: Settings) -> Forecast:
    """
    Look into the databases that the settings name.

    A SQLite file that does not exist is made at the start, and has no users.
    """
    return asyncio.run(_forecast(settings))


async def _forecast(settings: Settings) -> Forecast:
    faults = []
    has_users: bool | None = None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            has_users = await _has_users(settings)
    except StartError as error:
        faults.append(str(error))
    except TimeoutError:
        faults.append(f"the database did not answer within {TIMEOUT_S:.0f} seconds")
    if faults and settings.storage.store_url is None:
        return Forecast(faults=faults, has_users=None)  # the same database
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await _find_sessions(settings)
    except (StoreError, TimeoutError) as error:
        why = str(error) or f"no answer within {TIMEOUT_S:.0f} seconds"
        faults.append(f"the session store cannot be used: {why}")
    return Forecast(faults=faults, has_users=has_users)


async def _has_users(settings: Settings) -> bool:
    storage = settings.storage
    path = storage.database_file
    if path is not None and not path.is_file():
        return settings.accounts.directory is not None
    database = Database(storage.database_url)
    try:
        if path is None:
            await database.require()
        if settings.accounts.directory is not None:
            return True
        return await Accounts(database, time.time).count() > 0
    finally:
        await database.close()


async def _find_sessions(settings: Settings) -> None:
    """Raise StoreError unless the session store could be used at once."""
    url = settings.storage.sessions_url
    scheme = url.partition("://")[0]
    if scheme == SQLITE:
        return  # its file and its tables are made at the start
    if scheme == POSTGRESQL:
        connections = Connections(url)
        try:
            await require_schema(connections)
        finally:
            await connections.close()
        return
    store: Store = session_store(settings.storage)
    try:
        await store.ping()
    finally:
        await store.close()
