"""
Where the ``users`` commands work: the accounts, and the session store if a change has
to revoke something.
"""

import asyncio
import os
import time
from collections.abc import Awaitable
from collections.abc import Callable
from typing import TypeVar

from quart_jwt import MemoryStore
from quart_jwt import Store
from quart_jwt.exceptions import StoreError
from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.accounts.opened import opened_accounts
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.accounts.user_changes import TIMEOUT_S
from quart_jwt.service.accounts.user_changes import UserChanges
from quart_jwt.service.commands.database_file import find_database
from quart_jwt.service.commands.operator_acts import operator_acts
from quart_jwt.service.ground.errors import ElsewhereError
from quart_jwt.service.ground.errors import SignOutError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.settings.settings import read_user_settings
from quart_jwt.service.settings.settings import UserSettings

T = TypeVar("T")
Work = Callable[[Accounts, Passwords], Awaitable[T]]
Change = Callable[[UserChanges, Passwords], Awaitable[T]]


def own_settings(*, init: bool = False) -> UserSettings:
    """
    Read the settings of our own directory, before a password is asked for in vain.

    Args:
        init: Whether the database may be made later.

    Raises:
        ElsewhereError: Users are in another one.
        StartError: Its database is not there, or cannot be used.
    """
    settings = read_user_settings(os.environ)
    elsewhere = settings.accounts.directory
    if elsewhere is not None:
        raise ElsewhereError(f"users are in the directory {elsewhere.name!r}, not here")
    if not init:
        settings.storage.require_database()
    return settings


def with_accounts(work: Work[T], *, init: bool = False) -> T:
    """
    Run ``work`` with the accounts of the configured database.

    Args:
        work: Gets the accounts and a hashing pool.
        init: Whether to make a database that is not there.
    """
    settings = own_settings(init=init)
    find_database(settings.storage, init=init)

    async def run() -> T:
        url = settings.storage.database_url
        async with opened_accounts(url, settings.hash_cost) as (accounts, passwords):
            return await work(accounts, passwords)

    return asyncio.run(run())


def changing(
    kind: Kind, name: str, change: Change[T], *, new_name: str | None = None
) -> T:
    """
    Change a user in both stores, and have it in the audit log.

    Args:
        kind: What happens.
        name: The user.
        change: Makes the change.
        new_name: The user's name from now on, if the change is that.

    Raises:
        SignOutError: The user is changed, but access tokens could not be revoked.
    """
    # Late, because it loads Quart and the drivers, which a list of users does without.
    from quart_jwt.service.resources import session_store  # noqa: PLC0415

    settings = own_settings()
    sessions = session_store(settings.storage)  # before anything is changed

    async def work(accounts: Accounts, passwords: Passwords) -> T:
        changes = UserChanges(
            accounts,
            sessions,
            clock=time.time,
            access_life_s=settings.access_token_expires_s,
        )
        try:
            return await change(changes, passwords)
        finally:
            await sessions.close()

    with operator_acts(os.environ) as say:
        try:
            changed = with_accounts(work)
        except SignOutError:
            say(kind, subject=normalised_name(name), new_name=new_name)
            raise
        say(kind, subject=normalised_name(name), new_name=new_name)
    return changed


def with_sessions(work: Callable[[Store], Awaitable[T]]) -> T:
    """
    Run ``work`` with the opened session store.

    Raises:
        StartError: It cannot be used from here.
    """
    # Late, as in changing.
    from quart_jwt.service.resources import session_store  # noqa: PLC0415

    settings = read_user_settings(os.environ)
    store = session_store(settings.storage)
    if isinstance(store, MemoryStore):
        raise StartError("sessions are in the memory of the running service")
    if settings.storage.store_url is None:
        settings.storage.require_database()

    async def run() -> T:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await store.open(now=time.time())
                return await work(store)
        except (StoreError, TimeoutError) as error:
            why = str(error) or "no answer in time"
            raise StartError(f"the session store cannot be used: {why}") from error
        finally:
            await store.close()

    return asyncio.run(run())


def await_next_second() -> None:
    """
    Wait until tokens have another ``iat`` than those that were just revoked: it has
    whole seconds, and a login that follows this command must not be revoked with them.
    """
    time.sleep(1 - time.time() % 1)
