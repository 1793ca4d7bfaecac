"""Counters that cannot be reached: nobody gets in uncounted, and it ends by itself."""

import asyncio
import dataclasses
import signal
from collections.abc import AsyncIterator
from collections.abc import Iterator

import pytest

import real_servers
from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.settings.settings import Settings
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service


@pytest.fixture(name="own_redis")
def _own_redis() -> Iterator[real_servers.Redis]:
    """One that may be stopped: the others are shared."""
    with real_servers.redis() as running:
        yield running


@pytest.fixture(name="counting")
async def _counting(
    settings: Settings, clock: Clock, own_redis: real_servers.Redis
) -> AsyncIterator[Service]:
    storage = dataclasses.replace(
        settings.storage, store_url=own_redis.url, store_timeout_ms=1_000
    )
    app = create_app(dataclasses.replace(settings, storage=storage), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        yield service


async def _status(service: Service, number: int = 1) -> tuple[int, str]:
    answer = await service.client.post(
        "/login",
        json={"username": NAME, "password": PASSWORD},
        scope_base={"client": (f"203.0.113.{number}", 1)},
    )
    return answer.status_code, answer.headers.get("Retry-After", "")


@pytest.mark.parametrize("how", ["hangs", "ends"])
async def test_a_redis_that_is_away_lets_nobody_in(
    counting: Service,
    own_redis: real_servers.Redis,
    how: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """503 within the store's deadline, all at once; 200 when it is there again."""
    assert await _status(counting) == (200, "")
    if how == "hangs":
        own_redis.send(signal.SIGSTOP)
    else:
        await asyncio.to_thread(own_redis.stop)
    try:
        async with asyncio.timeout(60):
            answers = await asyncio.gather(*(_status(counting, n) for n in range(20)))
        assert set(answers) == {(503, "5")}
        # The log names what is away, and how it was seen.
        said = "TimeoutError" if how == "hangs" else "Error"
        assert f"Redis does not answer: {said}" in caplog.text
        assert "The database" not in caplog.text
    finally:
        if how == "hangs":
            own_redis.send(signal.SIGCONT)
        else:
            await asyncio.to_thread(own_redis.start)
    async with asyncio.timeout(60):
        while (await _status(counting))[0] == 503:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    assert await _status(counting) == (200, "")
