"""
Who is signed out: what a question costs, and races between signing in, going on, and
being signed out, on two workers.
"""

import asyncio
import dataclasses
import random
import time
from collections.abc import AsyncIterator
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from click.testing import CliRunner
from redis.asyncio.connection import AbstractConnection as RedisConnection

import real_servers
from extension.asgi import ask
from quart_jwt.service.app import create_app
from quart_jwt.service.commands.main import cli
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.settings.groups import Throttling
from quart_jwt.service.settings.settings import Settings
from quart_jwt.stores.sql.connections import Connections
from service.kit import bearer
from service.kit import claims
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

ROUNDS = [3, pytest.param(300, marks=pytest.mark.slow)]
SPREAD_S = 0.02
PATIENCE_S = 60
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
    first, second = create_app(settings, clock), create_app(settings, clock)
    async with first.test_app(), second.test_app():
        yield (
            Service(app=first, client=first.test_client(), clock=clock),
            Service(app=second, client=second.test_client(), clock=clock),
        )


_COUNTED: ContextVar[list[str] | None] = ContextVar("counted", default=None)


@pytest.fixture(name="asked")
def _asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Give what is sent to databases and Redis because of what the test does."""
    asked: list[str] = []

    def note(what: str) -> None:
        counted = _COUNTED.get()
        if counted is not None:
            counted.append(what)

    send = RedisConnection.send_command

    async def sending(self: Any, *words: Any, **options: Any) -> Any:
        note(str(words[0]))
        return await send(self, *words, **options)

    def lending(verb: str) -> None:
        lend = getattr(Connections, verb)

        async def noted(self: Any, *work: Any, **options: Any) -> Any:
            note(verb)
            return await lend(self, *work, **options)

        monkeypatch.setattr(Connections, verb, noted)

    monkeypatch.setattr(RedisConnection, "send_command", sending)
    for verb in ("read", "write"):
        lending(verb)
    # Of this context and the tasks that it begins: the follower reads meanwhile.
    before = _COUNTED.set(asked)
    yield asked
    _COUNTED.reset(before)


async def test_a_question_in_the_steady_state_asks_no_store(
    workers: Workers, asked: list[str]
) -> None:
    """1,000 questions of a gateway and 1,000 protected requests: no statement."""
    worker, _ = workers
    # On a loaded machine it would be late, and read the feed for those who wait.
    worker.app.config["JWT_REVOCATION_BOUND"] = 60
    await worker.add()
    tokens = await _log_in(worker, NAME)
    token = tokens["access_token"]
    assert await _both(worker, token) == (200, 200)  # as old as the store's data
    assert {"read", "write"} <= set(asked)
    asked.clear()
    for _ in range(1_000):
        assert await _both(worker, token) == (200, 200)
    assert asked == []


async def _both(worker: Service, token: str) -> tuple[int, int]:
    """Return what a gateway's question and a protected request are answered."""
    reply = await ask(worker.app, "/auth/verify", headers=bearer(token))
    return reply.status, await worker.status("GET", "/protected", token)


async def _soon(work: Any) -> Any:
    """Do it at some time soon: which of two races wins is what the rounds vary."""
    waited = asyncio.get_running_loop().create_future()
    after_s = random.uniform(0, SPREAD_S)  # noqa: S311 - no secret
    asyncio.get_running_loop().call_later(after_s, waited.set_result, None)
    await waited
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


@pytest.mark.parametrize(
    ("arguments", "goes_on"),
    [
        (("disable", NAME), False),
        (("set-password", NAME, "--password-stdin"), False),
        (("revoke", NAME, "--role", "admin", "--sign-out"), False),
        (("revoke", NAME, "--role", "admin"), True),
    ],
    ids=["disable", "set-password", "sign-out", "roles"],
)
async def test_the_command_line_signs_out_of_every_worker(
    workers: Workers, arguments: tuple[str, ...], *, goes_on: bool
) -> None:
    """Within the bound, and after it a login gives tokens that work."""
    storage = workers[0].resources.settings.storage
    env = {"DATABASE_URL": storage.database_url, "STORE_URL": storage.sessions_url}
    await workers[0].add(grants=Grants(roles=("admin",)))
    tokens = [await _log_in(worker, NAME) for worker in workers]
    done = await asyncio.to_thread(
        CliRunner().invoke,
        cli,
        ["users", *arguments],
        input=PASSWORD,
        env={f"QUART_JWT_{name}": text for name, text in env.items()},
    )
    assert (done.exit_code, done.stderr) == (0, "")
    for worker in workers:
        for pair in tokens:
            await worker.becomes(401, "/protected", pair["access_token"])
    after = await _refresh(workers[0], tokens[1])
    assert goes_on is (after is not None)
    if arguments[0] != "disable":
        async with asyncio.timeout(PATIENCE_S):
            while not await _works_everywhere(workers, await _log_in(workers[1], NAME)):
                # A role was taken: tokens of the next two seconds do not count, either.
                assert arguments[0] == "revoke"


async def _works_everywhere(workers: Workers, tokens: Any) -> bool:
    token = tokens["access_token"]
    found = [await worker.status("GET", "/protected", token) for worker in workers]
    assert set(found) <= {200, 401}
    return set(found) == {200}
