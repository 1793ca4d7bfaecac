"""A storm of logins leaves the event loop to everybody else."""

import asyncio
import dataclasses
import logging
import threading
from typing import Any

import pytest
from argon2 import PasswordHasher

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.passwords import OWASP_MINIMUM
from quart_jwt.service.settings import Settings
from service.kit import bearer
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

STORM = 24

logger = logging.getLogger(__name__)


async def test_login_storm_leaves_the_loop_alone(
    settings: Settings,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While passwords are hashed at full cost, protected requests are served."""
    threads: set[int] = set()
    verify = PasswordHasher.verify

    def spy(self: PasswordHasher, stored: str, password: str) -> bool:
        threads.add(threading.get_ident())
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", spy)
    app = create_app(dataclasses.replace(settings, hash_cost=OWASP_MINIMUM), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        token = (await service.log_in())["access_token"]
        storm = asyncio.gather(*(_log_in(service) for _ in range(STORM)))
        lags, served = await _probe(service, token, storm)
        statuses = await storm
    caplog.set_level(logging.INFO)
    logger.info("worst lag of the loop: %.1f ms", max(lags) * 1000)
    assert statuses == [200] * STORM
    assert threading.get_ident() not in threads
    # One request at a time, each on a loop that hashes nothing itself.
    assert served >= STORM


async def _log_in(service: Service) -> int:
    credentials = {"username": NAME, "password": PASSWORD}
    response = await service.app.test_client().post("/login", json=credentials)
    return int(response.status_code)


async def _probe(
    service: Service, token: str, storm: "asyncio.Future[Any]"
) -> tuple[list[float], int]:
    """Ask for ``/protected`` until the storm is over; gives lags (s) and answers."""
    loop = asyncio.get_running_loop()
    lags, served = [], 0
    while not storm.done():
        before = loop.time()
        await asyncio.sleep(0)
        lags.append(loop.time() - before)
        response = await service.client.get("/protected", headers=bearer(token))
        served += response.status_code == 200
    return lags, served
