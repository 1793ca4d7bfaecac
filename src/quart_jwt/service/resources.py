"""
What lives as long as the application: made with it, opened and closed by it.

A route finds its resources with ``current_resources()``; nothing is global.
"""

import time
from collections.abc import AsyncGenerator
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from quart import current_app

from quart_jwt import Store
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.accounts import Clock
from quart_jwt.service.accounts.authentication import Authentication
from quart_jwt.service.accounts.passwords import HashCost
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.database import Database
from quart_jwt.service.errors import SettingsError
from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.observed_store import ObservedStore
from quart_jwt.service.settings.environment import PREFIX
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import Storage
from quart_jwt.stores.urls import store_from_url

EXTENSION = "quart-jwt-service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """
    The parts of one running service.

    Attributes:
        settings: What the operator wants.
        clock: Gives the time in seconds since 1970.
        database: The engine.
        accounts: Who may log in.
        passwords: The hashing pool.
        authentication: Checks credentials.
        sessions: Where sessions are kept; opened and closed by the ``JWTManager``.
        metrics: What is counted and measured.
    """

    settings: Settings
    clock: Clock
    database: Database
    accounts: Accounts
    passwords: Passwords
    authentication: Authentication
    sessions: Store
    metrics: Metrics

    async def serving(self) -> AsyncGenerator[None, None]:
        """Open before the first request and close after the last."""
        try:
            await self.database.open()
            await self.passwords.warm_up()
            yield
        finally:
            await self.close()

    async def close(self) -> None:
        """Finish what is under way and let go of threads and connections."""
        await self.passwords.close()
        await self.database.close()


def make_resources(settings: Settings, clock: Clock) -> Resources:
    """Put the parts together; nothing is opened and no thread is started yet."""
    metrics = Metrics()
    database = Database(
        settings.storage.database_url, timed=partial(metrics.timed, "accounts")
    )
    accounts = Accounts(database, clock)
    passwords = Passwords(settings.hash_cost)
    return Resources(
        settings=settings,
        clock=clock,
        database=database,
        accounts=accounts,
        passwords=passwords,
        authentication=Authentication(accounts, passwords),
        sessions=ObservedStore(_session_store(settings.storage), metrics),
        metrics=metrics,
    )


def _session_store(storage: Storage) -> Store:
    try:
        return store_from_url(storage.sessions_url)
    except ConfigurationError as error:
        raise SettingsError([f"{PREFIX}STORE_URL cannot be used: {error}"]) from error


def current_resources() -> Resources:
    """Return the resources of the application that serves this request."""
    resources: Resources = current_app.extensions[EXTENSION]
    return resources


@asynccontextmanager
async def opened_accounts(
    url: str, cost: HashCost
) -> AsyncIterator[tuple[Accounts, Passwords]]:
    """Lend the accounts of a database and a hashing pool, without an app."""
    database = Database(url)
    passwords = Passwords(cost, slots=1)
    try:
        await database.open()
        yield Accounts(database, time.time), passwords
    finally:
        await passwords.close()
        await database.close()
