"""
What lives as long as the application: made with it, opened and closed by it.

A route finds its resources with ``current_resources()``; nothing is global.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial

from quart import current_app

from quart_jwt import JWTManager
from quart_jwt import Store
from quart_jwt.building_blocks import current_settings
from quart_jwt.building_blocks import store_from_url
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.authentication import Authentication
from quart_jwt.service.accounts.directory import Users
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.accounts.plugged_in import plugged_in
from quart_jwt.service.accounts.remembered_users import RememberedUsers
from quart_jwt.service.accounts.sql_directory import SqlDirectory
from quart_jwt.service.accounts.throttle_names import exact_name
from quart_jwt.service.clients.clients import Clients
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.ground.values import Clock
from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.observed_store import observed
from quart_jwt.service.observability.readiness import NowAndThen
from quart_jwt.service.observability.readiness import Readiness
from quart_jwt.service.settings.groups import AccountOptions
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.sources import PREFIX
from quart_jwt.service.settings.storage import Storage
from quart_jwt.service.throttling.chosen import make_throttle
from quart_jwt.service.throttling.throttle import Throttle

EXTENSION = "quart-jwt-service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """
    The parts of one running service.

    Attributes:
        settings: What the operator wants.
        clock: Gives the time in seconds since 1970.
        database: The engine.
        users: Who may log in: the directory that the settings name.
        remembered_users: The same, asked no more often than the bound on revocations
            wants; for a directory from elsewhere.
        accounts: The rows of our own directory.
        clients: Which programs may ask about tokens.
        passwords: The hashing pool of our own directory.
        authentication: Checks credentials against it.
        throttle: Says who has tried too often.
        sessions: Where sessions are kept; opened and closed by the ``JWTManager``.
        readiness: Whether all of that answers.
        metrics: What is counted and measured.
    """

    settings: Settings
    clock: Clock
    database: Database
    users: Users
    remembered_users: RememberedUsers
    accounts: Accounts
    clients: Clients
    passwords: Passwords
    authentication: Authentication
    throttle: Throttle
    sessions: Store
    readiness: Readiness
    metrics: Metrics

    async def serving(self) -> AsyncGenerator[None, None]:
        """Open before the first request and close after the last."""
        try:
            await self.database.open()
            await self.users.directory.open()
            yield
        finally:
            await self.close()

    async def close(self) -> None:
        """Finish what is under way and let go of threads and connections."""
        await self.users.directory.close()
        await self.passwords.close()
        await self.throttle.close()
        await self.database.close()


def make_resources(settings: Settings, clock: Clock) -> Resources:
    """Put the parts together; nothing is opened and no thread is started yet."""
    metrics = Metrics()
    database = Database(
        settings.storage.database_url, timed=partial(metrics.timed, "accounts")
    )
    accounts = Accounts(database, clock)
    passwords = Passwords(settings.hash_cost)
    sessions = session_store(settings.storage)  # says which driver is missing
    authentication = Authentication(accounts, passwords)
    own = SqlDirectory(accounts, passwords, authentication)
    users = users_elsewhere(settings.accounts) or Users(
        directory=own,
        throttle_name=exact_name,
        password_changing=own,
        registering=own,
    )
    return Resources(
        settings=settings,
        clock=clock,
        database=database,
        users=users,
        remembered_users=RememberedUsers(
            users.directory, bound_s=lambda: current_settings().revocation_bound_s
        ),
        accounts=accounts,
        clients=Clients(database, clock),
        passwords=passwords,
        authentication=authentication,
        throttle=make_throttle(
            settings, database, clock, at_once=passwords.load().limit
        ),
        sessions=observed(sessions, metrics),
        readiness=_readiness(database),
        metrics=metrics,
    )


def _readiness(database: Database) -> Readiness:
    return Readiness(
        {
            "database": database.ping,
            "sessions": ping_sessions,
            "database (writing)": NowAndThen(database.try_writing),
            "sessions (writing)": NowAndThen(partial(ping_sessions, writing=True)),
        }
    )


def users_elsewhere(options: AccountOptions) -> Users | None:
    """
    Return the directory from elsewhere that the settings name; None for our own.

    Raises:
        SettingsError: It cannot be had, or cannot do what the settings want.
    """
    if options.directory is None:
        return None
    users = plugged_in(options.directory)
    if options.registration and users.registering is None:
        raise SettingsError(
            [f"{PREFIX}REGISTRATION is true, but the user directory cannot add users"]
        )
    return users


def session_store(storage: Storage) -> Store:
    """
    Make the store of the sessions; nothing is opened yet.

    Raises:
        SettingsError: Its driver is not installed, or its URL cannot work.
    """
    try:
        return store_from_url(storage.sessions_url)
    except ConfigurationError as error:
        raise SettingsError([f"{PREFIX}STORE_URL cannot be used: {error}"]) from error


def current_resources() -> Resources:
    """Return the resources of the application that serves this request."""
    resources: Resources = current_app.extensions[EXTENSION]
    return resources


async def ping_sessions(*, writing: bool = False) -> None:
    """
    Come back if the session store of the current application answers.

    Within a request, or in a task that the start of the application has begun.

    Args:
        writing: Whether to write something, too.

    Raises:
        StoreUnavailableError: It does not.
    """
    manager: JWTManager = current_app.extensions["quart-jwt"]
    await manager.ping_store(writing=writing)
