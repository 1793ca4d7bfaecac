"""What the tests of the service share: a running service and quick hashes."""

import asyncio
import dataclasses
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import jwt
from quart import Quart

from clock import Clock
from quart_jwt.service.accounts.account_rows import Account
from quart_jwt.service.accounts.user_changes import UserChanges
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.grants import NONE
from quart_jwt.service.ground.values import HashCost
from quart_jwt.service.resources import EXTENSION
from quart_jwt.service.resources import Resources
from quart_jwt.service.settings.groups import AccountOptions
from quart_jwt.service.settings.settings import Settings

QUICK = HashCost(memory_kib=8, iterations=1, lanes=1)
SECRET = "k8-f0Yw2mQm1cB6sJ3vXoZ7pRtUeLhNa9dGqWiCbTyE"
NAME = "alice"
PASSWORD = "correct horse battery staple"
PATIENCE_S = 60
"""What takes longer will never come, even on a loaded machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service and what a test wants of it."""

    app: Quart
    client: Any  # quart.typing's protocol knows fewer arguments than the client
    clock: Clock

    @property
    def resources(self) -> Resources:
        """The parts of the service."""
        resources: Resources = self.app.extensions[EXTENSION]
        return resources

    @property
    def changes(self) -> UserChanges:
        """What an operator changes, by way of this process, which knows it at once."""
        sessions = self.app.extensions["quart-jwt.settings"](self.app.config).sessions
        opened: Any = SimpleNamespace(
            open=_is_open, end_all=sessions.store.end_all, revoke=sessions.store.revoke
        )
        return UserChanges(
            self.resources.accounts,
            opened,
            clock=self.clock,
            access_life_s=self.resources.settings.access_token_expires_s,
        )

    async def becomes(self, status: int, path: str, token: str) -> None:
        """Wait until a request is answered so, because another process has acted."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.status("GET", path, token) != status:  # noqa: ASYNC110 - it happens elsewhere
                await asyncio.sleep(0.01)

    async def add(
        self, name: str = NAME, password: str = PASSWORD, grants: Grants = NONE
    ) -> Account:
        """Add a user."""
        resources = self.resources
        added = await resources.accounts.add(
            name, await resources.passwords.hash(password), grants
        )
        account = await resources.accounts.find(added)
        assert account is not None
        return account

    async def log_in(self, name: str = NAME, password: str = PASSWORD) -> Any:
        """Log in and return the tokens."""
        response = await self.client.post(
            "/login", json={"username": name, "password": password}
        )
        assert response.status_code == 200
        return await response.get_json()

    async def status(self, method: str, path: str, token: str) -> int:
        """Return the status of a request with a token."""
        response = await self.client.open(path, method=method, headers=bearer(token))
        return int(response.status_code)

    async def code(self, method: str, path: str, token: str) -> str:
        """Return the error code of a request with a token."""
        response = await self.client.open(path, method=method, headers=bearer(token))
        return str((await response.get_json())["code"])


async def _is_open(*, now: float) -> None:
    """The application has opened it."""


def with_registration(settings: Settings, grants: Grants = NONE) -> Settings:
    """Return settings with which strangers can become users."""
    options = AccountOptions(
        registration=True,
        registration_roles=grants.roles,
        registration_scopes=grants.scopes,
    )
    return dataclasses.replace(settings, accounts=options)


def claims(token: str) -> dict[str, Any]:
    """Return what a token of the service says, whenever it is good."""
    return jwt.decode(
        token,
        SECRET,
        ["HS256"],
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def http_scope(path: str, **changes: Any) -> dict[str, Any]:
    """Return the ASGI scope of one HTTP request."""
    return {
        "type": "http",
        "asgi": {"spec_version": "2.1", "version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": b"",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "state": {},
        "extensions": {},
        **changes,
    }
