"""
The demo account of development mode: made once, with a random password.

It is made only when there is no user at all, and only in development. Its
password is returned to be shown once, and is stored nowhere but as a hash.
"""

import secrets
import string
from dataclasses import dataclass
from dataclasses import field

from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.ground.errors import NameTakenError
from quart_jwt.service.settings.storage import Mode

DEMO_NAME = "demo"
PASSWORD_LENGTH = 20
"""Letters and digits: 119 random bits that no shell and no double click cuts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """
    What a start can say about the demo account.

    Attributes:
        users: How many users there are.
        exists: Whether one of them is the demo user.
        elsewhere: Whether users come from another directory than ours.
        password: Its password if this start has made it, else None.
    """

    users: int
    exists: bool
    password: str | None = field(default=None, repr=False)
    elsewhere: bool = False


async def ensure_demo(
    accounts: Accounts, passwords: Passwords, mode: Mode
) -> DemoAccount:
    """Make the demo account on the first start in development."""
    users = await accounts.count()
    if users == 0 and mode == "development":
        password = _random_password()
        try:
            await accounts.add(DEMO_NAME, await passwords.hash(password))
        except NameTakenError:  # another first start was quicker
            return DemoAccount(users=1, exists=True)
        return DemoAccount(users=1, exists=True, password=password)
    return DemoAccount(users=users, exists=await accounts.find(DEMO_NAME) is not None)


def _random_password() -> str:
    characters = string.ascii_letters + string.digits
    return "".join(secrets.choice(characters) for _ in range(PASSWORD_LENGTH))
