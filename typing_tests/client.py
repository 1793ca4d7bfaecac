"""
The client and the test kit as type checkers see them; nobody runs this file.
"""

from typing import assert_type

import httpx
from quart import Quart
from quart.typing import TestClientProtocol

from quart_jwt.client import CookieNames
from quart_jwt.client import FileTokenStore
from quart_jwt.client import HeldTokens
from quart_jwt.client import JWTAuth
from quart_jwt.client import MemoryTokenStore
from quart_jwt.client import TokenStore
from quart_jwt.testing import auth_headers
from quart_jwt.testing import authenticated_client
from quart_jwt.testing import make_token
from quart_jwt.testing import moving_clock


class OwnStore:
    def load(self) -> HeldTokens | None:
        return None

    def save(self, pair: HeldTokens | None) -> None:
        self.pair = pair


stores: list[TokenStore] = [OwnStore(), MemoryTokenStore(), FileTokenStore("tokens")]

auth = JWTAuth(
    "https://example.com",
    {"username": "ada", "password": "lovelace"},
    location="cookies",
    cookie_names=CookieNames(access="a"),
    store=stores[0],
    client=httpx.AsyncClient(),
)
clients = httpx.Client(auth=auth), httpx.AsyncClient(auth=auth)
assert_type(auth.forget(), None)


async def with_an_app(app: Quart) -> None:
    await auth.aforget()
    assert_type(await make_token(app, "ada", fault="expired"), str)
    assert_type(await authenticated_client(app, "ada"), TestClientProtocol)
    assert_type(await auth_headers(app, "ada", fresh=True), dict[str, str])
    with moving_clock(app) as clock:
        assert_type(clock(), float)
