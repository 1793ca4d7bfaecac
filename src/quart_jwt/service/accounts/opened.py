"""
Accounts without an application: for the command line, and for a first start.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.values import HashCost


@asynccontextmanager
async def opened_accounts(
    url: str, cost: HashCost
) -> AsyncIterator[tuple[Accounts, Passwords]]:
    """Lend the accounts of a database and a hashing pool."""
    database = Database(url)
    passwords = Passwords(cost, slots=1)
    try:
        await database.open()
        yield Accounts(database, time.time), passwords
    finally:
        await passwords.close()
        await database.close()
