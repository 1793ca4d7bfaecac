"""Races between signing in, going on, and being signed out, on two workers."""

import asyncio
import dataclasses
import random
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

import real_servers
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.throttling import Throttling
from service.kit import bearer
from service.kit import claims
from service.kit import PASSWORD
from service.kit import patient_app
from service.kit import Service

ROUNDS = [3, pytest.param(300, marks=pytest.mark.slow)]
SPREAD_S = 0.02
"""What takes part in a race begins within it: a login takes about as long."""
OFTEN = Throttling(free_failures=1_000, address_per_minute=60_000)

Workers = tuple[Service, Service]


@pytest.fixture(name="workers", params=["sqlite", "postgresql", "redis"])
async def _workers(
    request: pytest.FixtureRequest, settings: Settings
) -> AsyncIterator[Workers]:
    """Give two workers that share users and sessions, and nothing else."""
    storage = settings.storage
    if request.param == "postgresql":
        url = request.getfixturevalue("accounts_url")
        storage = dataclasses.replace(storage, database_url=url)
        await asyncio.to_thread(request.getfixturevalue("emptied"))
    if request.param == "redis":
        redis: real_servers.Redis = request.getfixturevalue("redis")
        await asyncio.to_thread(redis.empty)
        storage = dataclasses.replace(storage, store_url=redis.url)
    settings = dataclasses.replace(settings, storage=storage, throttling=OFTEN)
    clock: Any = time.time
    first, second = patient_app(settings, clock), patient_app(settings, clock)
    async with first.test_app(), second.test_app():
        yield (
            Service(app=first, client=first.test_client(), clock=clock),
            Service(app=second, client=second.test_client(), clock=clock),
        )


async def _soon(work: Any) -> Any:
    await asyncio.sleep(random.uniform(0, SPREAD_S))  # noqa: S311 - no secret
    return await work


async def _post(worker: Service, path: str, token: str | None, **body: Any) -> Any:
    """Return the tokens of the answer; None if it is a refusal."""
    response = await worker.client.post(
        path, json=body or None, headers=bearer(token) if token else None
    )
    if response.status_code == 200:
        return await response.get_json()
    assert response.status_code in {401, 403}, await response.get_data()
    return None


async def _log_in(worker: Service, name: str) -> Any:
    return await _post(worker, "/login", None, username=name, password=PASSWORD)


async def _refresh(worker: Service, tokens: Any) -> Any:
    return await _post(worker, "/refresh", tokens["refresh_token"])


async def _is_dead(tokens: Any, *workers: Service) -> None:
    """Hold that tokens come to be refused, and that their session is over."""
    if tokens is None:
        return
    assert await _refresh(workers[0], tokens) is None
    for worker in workers:
        await worker.becomes(401, "/protected", tokens["access_token"])


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_a_login_does_not_survive_that_its_user_is_disabled(
    workers: Workers, rounds: int
) -> None:
    """Whichever comes first, on whichever worker: nobody is signed in afterwards."""
    one, other = workers
    for number in range(rounds):
        name = f"user {number}"
        await one.add(name)
        tokens, _ = await asyncio.gather(
            _soon(_log_in(one, name)), _soon(other.changes.disable(name))
        )
        await _is_dead(tokens, one, other)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_a_refresh_does_not_survive_that_its_user_is_disabled(
    workers: Workers, rounds: int
) -> None:
    """Neither the tokens from before the refresh, nor those that it gave."""
    one, other = workers
    for number in range(rounds):
        name = f"user {number}"
        await one.add(name)
        before = await _log_in(one, name)
        after, _ = await asyncio.gather(
            _soon(_refresh(one, before)), _soon(other.changes.disable(name))
        )
        await _is_dead(before, other)
        await _is_dead(after, one, other)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_the_first_token_after_a_password_change_works(
    workers: Workers, rounds: int
) -> None:
    """And what the old password was exchanged for meanwhile, or before, is dead."""
    one, other = workers
    new = "a new password"
    for number in range(rounds):
        name = f"user {number}"
        await one.add(name)
        before = await _log_in(one, name)
        meanwhile, first = await asyncio.gather(
            _soon(_log_in(one, name)),
            _soon(
                _post(
                    other,
                    "/password",
                    before["access_token"],
                    current_password=PASSWORD,
                    new_password=new,
                )
            ),
        )
        for worker in workers:
            token = first["access_token"]
            assert await worker.status("GET", "/protected", token) == 200
        await _is_dead(before, one, other)
        await _is_dead(meanwhile, one, other)
        assert await _refresh(one, first) is not None


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_a_login_under_the_new_password_survives_a_late_sign_out(
    workers: Workers, rounds: int
) -> None:
    """Sessions that began under the new epoch are not ended with the older ones."""
    one, other = workers
    for number in range(rounds):
        name = f"user {number}"
        account = await one.add(name)
        _, tokens = await asyncio.gather(
            other.changes.set_password(name, account.password_hash),
            _log_in_under(one, name, account.session_epoch + 1),
        )
        assert await one.status("GET", "/protected", tokens["access_token"]) == 200
        assert await _refresh(other, tokens) is not None


async def _log_in_under(worker: Service, name: str, epoch: int) -> Any:
    """Log in as soon as the epoch has come, while the sessions before it end."""
    while True:
        account = await worker.resources.accounts.find(name)
        if account is not None and account.session_epoch == epoch:
            return await _log_in(worker, name)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_no_access_token_with_the_old_roles_survives_a_change(
    workers: Workers, rounds: int
) -> None:
    """Neither one from before, nor one of a refresh or login that ran meanwhile."""
    one, other = workers
    for number in range(rounds):
        name = f"user {number}"
        await one.add(name, grants=Grants(roles=("admin",)))
        before = await _log_in(one, name)
        after, meanwhile, _ = await asyncio.gather(
            _soon(_refresh(one, before)),
            _soon(_log_in(one, name)),
            _soon(
                other.changes.change_grants(
                    name, lambda _grants: Grants(), sign_out=False
                )
            ),
        )
        for tokens in (before, after, meanwhile):
            if "roles" in _claims(tokens):
                await one.becomes(401, "/protected", tokens["access_token"])
                await other.becomes(401, "/protected", tokens["access_token"])
        # The session goes on, with the roles of now.
        assert "roles" not in _claims(await _refresh(other, after))


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_nothing_goes_on_after_a_log_out_everywhere(
    workers: Workers, rounds: int
) -> None:
    """A refresh that runs meanwhile gives tokens that die with the session."""
    one, other = workers
    for number in range(rounds):
        name = f"user {number}"
        await one.add(name)
        before, asking = await _log_in(one, name), await _log_in(other, name)
        after, _ = await asyncio.gather(
            _soon(_refresh(one, before)),
            _soon(_post(other, "/logout/all", asking["access_token"])),
        )
        for tokens in (before, after, asking):
            await _is_dead(tokens, one, other)
        assert await _log_in(one, name) is not None


def _claims(tokens: Any) -> Any:
    return claims(tokens["access_token"])
