"""Two real workers behind one socket: what one of them counts, the other knows."""

import asyncio
import os
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from quart_jwt.service.settings.groups import Throttling
from real_servers import PostgreSQL
from real_servers import Redis
from service.fleet import COMMAND
from service.fleet import DEADLINE_S
from service.fleet import Fleet
from service.fleet import fleet_of
from service.fleet import SERVICE
from service.kit import PASSWORD

FREE = Throttling().free_failures
GUESSES = 100
AT_ONCE = 20

slow = pytest.mark.slow
ON = [
    pytest.param(["sqlite"], id="sqlite"),
    pytest.param(["postgresql"], id="postgresql", marks=slow),
    pytest.param(["redis"], id="redis", marks=slow),
]


@pytest.fixture(name="environ")
def _environ(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Where accounts and counts are: on disk, in PostgreSQL, or counts in Redis."""
    (where,) = request.param
    environ = {"QUART_JWT_STATE_DIR": str(tmp_path / "state")}
    if where == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        name = f"workers_{abs(hash(request.node.name))}"
        server.create(name)
        environ["QUART_JWT_DATABASE_URL"] = server.url(name)
    if where == "redis":
        redis: Redis = request.getfixturevalue("redis")
        redis.empty()
        environ["QUART_JWT_STORE_URL"] = redis.url
    return environ


def _command(tmp_path: Path, environ: dict[str, str], *words: str) -> None:
    subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *words],
        cwd=tmp_path,
        env={**os.environ, **environ},
        input=PASSWORD,
        text=True,
        check=True,
        capture_output=True,
    )


@pytest.fixture(name="longest_s")
def _longest_s() -> int:
    """The longest wait; a test may choose another."""
    return Throttling().max_wait_s


@pytest.fixture(name="fleet")
def _fleet(tmp_path: Path, environ: dict[str, str], longest_s: int) -> Iterator[Fleet]:
    _command(tmp_path, environ, "db", "upgrade")
    for name in ("ada", "grace"):
        _command(tmp_path, environ, "users", "add", name, "--init", "--password-stdin")
    environ["QUART_JWT_THROTTLE_MAX_WAIT"] = str(longest_s)
    with fleet_of(SERVICE, tmp_path, **environ) as fleet:
        yield fleet


@pytest.fixture(name="client")
async def _client(fleet: Fleet) -> AsyncIterator[httpx.AsyncClient]:
    await fleet.serving()
    limits = httpx.Limits(max_keepalive_connections=0)  # each by any of the workers
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{fleet.port}", timeout=DEADLINE_S, limits=limits
    ) as client:
        yield client


async def _sign_in(
    client: httpx.AsyncClient, name: str, password: str, number: int
) -> httpx.Response:
    return await client.post(
        "/login",
        json={"username": name, "password": password},
        headers={"X-Forwarded-For": f"1.1.1.1, 203.0.113.{number}"},
    )


async def _guess(client: httpx.AsyncClient, name: str) -> Counter[int]:
    """Guess a hundred times, from as many addresses, twenty at once."""
    together = asyncio.Semaphore(AT_ONCE)

    async def guess(number: int) -> int:
        async with together:
            return (await _sign_in(client, name, "wrong", number)).status_code

    return Counter(await asyncio.gather(*map(guess, range(GUESSES))))


@pytest.mark.parametrize("environ", ON, indirect=True)
async def test_f07_workers_let_exactly_the_free_ones_through(
    fleet: Fleet, client: httpx.AsyncClient
) -> None:
    """Both answer, and together they look at ten passwords; others are not held up."""
    for name in ("ada", "nobody"):
        seen = await _guess(client, name)
        # 503 if a machine that is busy takes too long to count one.
        assert seen[401] <= FREE <= seen[401] + seen[503]
        assert seen[401] + seen[429] + seen[503] == GUESSES
        refused = await _sign_in(client, name, PASSWORD, 200)
        assert refused.status_code == 429
        assert refused.json()["code"] == "too_many_attempts"
        assert 1 <= int(refused.headers["Retry-After"]) <= 30
        other = await _sign_in(client, "grace", PASSWORD, 201)
        assert other.status_code == 200
    answered = {
        line.rpartition(" ")[2]
        for line in fleet.text.splitlines()
        if "POST /login" in line
    }
    assert len(answered) == 2


@slow
@pytest.mark.parametrize("longest_s", [8])
@pytest.mark.parametrize("environ", ON, indirect=True)
async def test_f07_after_the_wait_the_owner_gets_in(
    client: httpx.AsyncClient, longest_s: int
) -> None:
    """The wait that was told is the one that is kept, and the account is not locked."""
    seen = await _guess(client, "ada")
    assert seen[401] in range(FREE, FREE + 3)  # the wait may pass meanwhile
    assert seen[401] + seen[429] == GUESSES
    async with asyncio.timeout(DEADLINE_S):
        answer = await _sign_in(client, "ada", PASSWORD, 200)
        assert answer.status_code == 429
        while answer.status_code == 429:
            wait_s = int(answer.headers["Retry-After"])
            assert 1 <= wait_s <= longest_s
            await asyncio.sleep(wait_s)
            answer = await _sign_in(client, "ada", PASSWORD, 200)
    assert answer.status_code == 200
