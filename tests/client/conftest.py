"""A running token server, and both ways to ask it."""

from collections.abc import AsyncIterator

import pytest

from client.asking import Ask
from client.asking import in_tasks
from client.asking import in_threads
from client.token_server import CREDENTIALS
from client.token_server import TokenServer
from clock import Clock
from docs.running import serving
from quart_jwt.client import JWTAuth


@pytest.fixture(name="server")
def _server(clock: Clock) -> TokenServer:
    return TokenServer(clock)


@pytest.fixture(name="url")
async def _url(server: TokenServer) -> AsyncIterator[str]:
    async with serving(server.app, include_date_header=False) as url:
        yield url


@pytest.fixture(name="auth")
def _auth(url: str, clock: Clock) -> JWTAuth:
    return JWTAuth(url, CREDENTIALS, clock=clock)


@pytest.fixture(name="ask", params=[in_tasks, in_threads])
def _ask(request: pytest.FixtureRequest) -> Ask:
    ask: Ask = request.param
    return ask
