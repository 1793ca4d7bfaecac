"""A clock that steps by an hour, at each point of a session's life, and steps back."""

import dataclasses
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

import pytest

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.settings.settings import Settings
from service.kit import bearer
from service.kit import Service

HOUR_S = 3_600
PAST_GRACE_S = 11

Tokens = list[dict[str, str]]
"""Of one session, in their order."""
Step = Callable[[Service, Tokens], Awaitable[None]]


async def _logs_in(service: Service, tokens: Tokens) -> None:
    tokens.append(await service.log_in())


async def _is_used(service: Service, tokens: Tokens) -> None:
    await service.status("GET", "/protected", tokens[-1]["access_token"])


async def _refreshes(service: Service, tokens: Tokens) -> None:
    refresh = bearer(tokens[-1]["refresh_token"])
    response = await service.client.post("/refresh", headers=refresh)
    if response.status_code == 200:
        tokens.append(await response.get_json())


async def _waits(service: Service, _tokens: Tokens) -> None:
    service.clock.advance(PAST_GRACE_S)


async def _ages(service: Service, _tokens: Tokens) -> None:
    """From now on, the first refresh token is not of the future after any step."""
    service.clock.advance(2 * HOUR_S)


OUT = (_logs_in, _is_used, _refreshes, _is_used, _waits, _refreshes)
REPLAYED = (_logs_in, _is_used, _ages, _refreshes, _is_used, _waits)


async def _walked(
    service: Service, steps: tuple[Step, ...], at: int, moved: int
) -> Tokens:
    """Take the steps, the clock moved before one of them."""
    await service.add()
    tokens: Tokens = []
    for number, step in enumerate(steps):
        if number == at:
            service.clock.advance(moved)
        await step(service, tokens)
    if at == len(steps):
        service.clock.advance(moved)
    return tokens


async def _accepted(service: Service, tokens: Tokens) -> list[Any]:
    """What of a session is still accepted, at three readings of the clock."""
    accepted = []
    for moved in (0, HOUR_S, -2 * HOUR_S):
        service.clock.advance(moved)
        for number, each in enumerate(tokens):
            for method, path, kind in (
                ("GET", "/protected", "access_token"),
                ("POST", "/refresh", "refresh_token"),
            ):
                if await service.status(method, path, each[kind]) == 200:
                    accepted.append((moved, number, path))
    return accepted


@pytest.mark.parametrize("moved", [HOUR_S, -HOUR_S], ids=["ahead", "back"])
@pytest.mark.parametrize("at", range(1, len(OUT) + 1))
async def test_what_was_logged_out_stays_out(
    service: Service, at: int, moved: int
) -> None:
    """Under the stepped clock; with tokens of its future, when it is right again."""
    tokens = await _walked(service, OUT, at, moved)
    access = tokens[-1]["access_token"]
    if await service.status("POST", "/logout", access) != 200:
        service.clock.advance(-moved)
        assert await service.status("POST", "/logout", access) == 200

    assert await _accepted(service, tokens) == []


@pytest.mark.parametrize("moved", [HOUR_S, -HOUR_S], ids=["ahead", "back"])
@pytest.mark.parametrize("at", range(1, len(REPLAYED) + 1))
async def test_a_replay_ends_the_session(service: Service, at: int, moved: int) -> None:
    """The grace period is over, whatever the clock has said meanwhile."""
    tokens = await _walked(service, REPLAYED, at, moved)
    replayed = tokens[0]["refresh_token"]
    assert await service.status("POST", "/refresh", replayed) == 401
    if len(tokens) == 1:  # a token of the future did not refresh: this was no replay
        return
    service.clock.advance(-moved)
    assert await service.status("POST", "/refresh", replayed) == 401

    assert await _accepted(service, tokens) == []


@pytest.mark.parametrize("moved", [HOUR_S, -HOUR_S], ids=["ahead", "back"])
async def test_a_new_session_works_under_the_new_time(
    service: Service, moved: int
) -> None:
    """Nothing that was remembered under the old time stands in its way."""
    await service.add()
    before: Tokens = []
    await _logs_in(service, before)
    await _is_used(service, before)
    service.clock.advance(moved)
    after = await service.log_in()

    assert await service.status("GET", "/protected", after["access_token"]) == 200
    assert await service.status("POST", "/refresh", after["refresh_token"]) == 200


@pytest.mark.parametrize(
    ("skew_s", "ahead_s", "status"), [(5, 5, 200), (5, 6, 401), (20, 20, 200)]
)
async def test_another_machine_may_be_ahead_by_the_setting(
    settings: Settings, clock: Clock, skew_s: int, ahead_s: int, status: int
) -> None:
    """Its new tokens are of our future."""
    app = create_app(dataclasses.replace(settings, clock_skew_s=skew_s), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        tokens = await service.log_in()
        clock.advance(-ahead_s)
        access = tokens["access_token"]
        assert await service.status("GET", "/protected", access) == status
