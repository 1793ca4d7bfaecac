# mypy: ignore-errors
# ruff: noqa: ANN202
# Why: what the peers stand on is not installed where types are checked.
"""The service as it is, with one account and the lag probe before it."""

import asyncio
import secrets
import tempfile
from pathlib import Path

from benchmarks.apps.probe import LagProbe
from benchmarks.apps.settings import FOLDER
from benchmarks.apps.settings import SECRET
from benchmarks.login_storm import NAME
from benchmarks.login_storm import PASSWORD
from quart_jwt.service.accounts.opened import opened_accounts
from quart_jwt.service.app import create_app
from quart_jwt.service.settings.groups import Throttling
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import Storage

_folder = Path(tempfile.mkdtemp(prefix=secrets.token_hex(4), dir=FOLDER))
_settings = Settings(
    storage=Storage(
        mode="production",
        state_dir=_folder,
        database_url=f"sqlite+aiosqlite:///{_folder}/service.db",
    ),
    secret_key=SECRET,
    throttling=Throttling(enabled=False),  # sixteen clients are one user
)


async def _add_account():
    url, cost = _settings.storage.database_url, _settings.hash_cost
    async with opened_accounts(url, cost) as (accounts, passwords):
        await accounts.add(NAME, await passwords.hash(PASSWORD))


asyncio.run(_add_account())
app = LagProbe(create_app(_settings))
