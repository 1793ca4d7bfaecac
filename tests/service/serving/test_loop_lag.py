"""A storm of logins leaves the event loop to everybody else."""

import asyncio
import dataclasses

import pytest
from argon2 import PasswordHasher

from clock import Clock
from held import Held
from metronome import metronome
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.values import OWASP_MINIMUM
from quart_jwt.service.settings.groups import Throttling
from quart_jwt.service.settings.settings import Settings
from service.kit import bearer
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

STORM = 24


@pytest.fixture(name="held")
def _held(monkeypatch: pytest.MonkeyPatch) -> Held:
    """Where every verification of a password stops until it is released."""
    held = Held()
    verify = PasswordHasher.verify

    def stopping(self: PasswordHasher, stored: str, password: str) -> bool:
        held.stop_here()
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", stopping)
    return held


async def test_login_storm_leaves_the_loop_alone(
    settings: Settings, clock: Clock, held: Held
) -> None:
    """While passwords are hashed at full cost, protected requests are served."""
    dear = dataclasses.replace(
        settings, hash_cost=OWASP_MINIMUM, throttling=Throttling(enabled=False)
    )
    app = create_app(dear, clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        async with metronome() as beating:
            storm = asyncio.gather(*(_log_in(service) for _ in range(STORM)))
            await held.is_running()
            before = beating.turns
            served = [await service.client.get("/healthz") for _ in range(STORM)]
            assert not storm.done()
            assert beating.turns - before >= STORM
            held.release()
            statuses = await storm
    assert [answer.status_code for answer in served] == [200] * STORM
    assert statuses == [200] * STORM
    assert not held.was_on_the_loop()
    # Something that blocks in every login would be seen once for each of them.
    assert beating.stalls < STORM / 2


async def _log_in(service: Service) -> int:
    credentials = {"username": NAME, "password": PASSWORD}
    client = service.app.test_client()
    answer = await client.post("/login", json=credentials)
    token = (await answer.get_json())["access_token"]
    return (await client.get("/protected", headers=bearer(token))).status_code
