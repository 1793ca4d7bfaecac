"""The real service, its clock in the test's hand: tokens that end under load."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from typing import Literal

import httpx
import pytest
from quart import Quart
from quart import request

from client.asking import Ask
from client.asking import in_tasks
from client.asking import in_threads
from clock import Clock
from docs.running import serving
from quart_jwt.client import JWTAuth
from quart_jwt.service.app import create_app
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import Storage
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import QUICK
from service.kit import SECRET
from service.kit import Service

AT_ONCE = 200
LIFE_S = 900


class Served:
    """
    The service under Hypercorn.

    Attributes:
        url: Its address.
        asked: How often each path was asked.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: Counter[str] = Counter()
        self._mark = 0
        self._reached = asyncio.Event()

    async def count(self) -> None:
        """Runs before each request."""
        self.asked[request.path] += 1
        if self.asked["/protected"] >= self._mark:
            self._reached.set()

    def next_requests(self, number: int) -> asyncio.Event:
        """An event that is set when so many requests more have come."""
        self._mark = self.asked["/protected"] + number
        self._reached.clear()
        return self._reached


@pytest.fixture(name="served")
async def _served(tmp_path: Path, clock: Clock) -> AsyncIterator[Served]:
    app: Quart = create_app(
        Settings(
            storage=Storage(
                mode="production",
                state_dir=tmp_path,
                database_url=f"sqlite+aiosqlite:///{tmp_path}/test.db",
                store_timeout_ms=60_000,  # a loaded machine may take its time
            ),
            secret_key=SECRET,
            access_token_expires_s=LIFE_S,
            cookie_secure=False,
            hash_cost=QUICK,
        ),
        clock,
    )
    served = Served()
    app.before_request(served.count)
    async with (
        serving(app, include_date_header=False) as served.url,
        httpx.AsyncClient(timeout=60) as client,
    ):
        assert (await client.get(f"{served.url}/healthz")).is_success
        await Service(app=app, client=None, clock=clock).add()
        yield served


slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("ask", "location", "expiries"),
    [
        pytest.param(in_tasks, "headers", 2, id="tasks"),
        pytest.param(in_threads, "cookies", 2, id="threads-cookies"),
        pytest.param(in_tasks, "cookies", 5, id="tasks-cookies", marks=slow),
        pytest.param(in_threads, "headers", 5, id="threads", marks=slow),
    ],
)
async def test_tokens_end_while_requests_are_on_their_way(
    served: Served,
    clock: Clock,
    ask: Ask,
    location: Literal["headers", "cookies"],
    expiries: int,
) -> None:
    """Of two hundred at once all are served, by one login and one renewal each time."""
    credentials: dict[str, Any] = {"username": NAME, "password": PASSWORD}
    if location == "cookies":
        credentials["cookies"] = True
    auth = JWTAuth(served.url, credentials, location=location, clock=clock)
    for expiry in range(1, expiries + 1):
        amid = served.next_requests(AT_ONCE // 4)
        asking = asyncio.ensure_future(
            ask(auth, f"{served.url}/protected", times=AT_ONCE)
        )
        await amid.wait()
        clock.advance(LIFE_S)
        responses = await asking

        assert {200} == {one.status_code for one in responses}
        assert served.asked["/refresh"] == expiry
    assert served.asked["/login"] == 1
