"""``JWTAuth`` against the real service under Hypercorn, over real sockets."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import pytest

from client.asking import Ask
from client.asking import in_tasks
from client.asking import in_threads
from client.lossy_proxy import LossyProxy
from client.running_service import DEADLINE_S
from client.running_service import password_in
from client.running_service import running_service
from client.running_service import RunningService
from quart_jwt.client import FileTokenStore
from quart_jwt.client import JWTAuth

LIFE_S = 3
AT_ONCE = 20
EXPIRIES = 2


@pytest.fixture(name="state", scope="module")
def _state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(name="service", scope="module")
def _service(state: Path) -> Iterator[RunningService]:
    with running_service(state, "first-output", life_s=LIFE_S) as service:
        yield service


@pytest.fixture(name="credentials")
def _credentials(service: RunningService) -> dict[str, object]:
    return {"username": "demo", "password": password_in(service.output)}


async def _all_are_served(ask: Ask, auth: JWTAuth, url: str, times: int = 1) -> None:
    """A token may expire on its way only if this machine is that slow."""
    began = time.monotonic()
    answers = await ask(auth, f"{url}/protected", times=times)
    may_expire = time.monotonic() - began >= LIFE_S
    for answer in answers:
        if answer.status_code == 401 and may_expire:
            assert answer.json()["code"] == "token_expired"
            continue
        assert (answer.status_code, answer.json()["logged_in_as"]) == (200, "demo")


slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("ask", "ahead_s", "location"),
    [
        pytest.param(in_tasks, 600, "headers", id="tasks-fast"),
        pytest.param(in_threads, -600, "cookies", id="threads-slow-cookies"),
        pytest.param(in_tasks, 0, "cookies", id="tasks-cookies", marks=slow),
        pytest.param(in_tasks, -600, "headers", id="tasks-slow", marks=slow),
        pytest.param(in_threads, 0, "headers", id="threads", marks=slow),
        pytest.param(in_threads, 600, "headers", id="threads-fast", marks=slow),
    ],
)
async def test_a_wrong_clock_renews_as_rarely_as_a_right_one(
    service: RunningService,
    credentials: dict[str, object],
    ask: Ask,
    ahead_s: float,
    location: Literal["headers", "cookies"],
) -> None:
    """Ten minutes off to either side, over several expiries in real time."""
    if location == "cookies":
        credentials["cookies"] = True
    auth = JWTAuth(
        service.url,
        credentials,
        location=location,
        clock=lambda: time.time() + ahead_s,
    )
    logins, refreshes = service.asked("POST /login"), service.asked("POST /refresh")
    deadline = time.monotonic() + DEADLINE_S
    while service.asked("POST /refresh") < refreshes + EXPIRIES:
        assert time.monotonic() < deadline
        await _all_are_served(ask, auth, service.url, AT_ONCE)

    assert service.asked("POST /login") == logins + 1
    # The last round may have seen one more pass.
    assert service.asked("POST /refresh") <= refreshes + EXPIRIES + 1


@pytest.mark.parametrize("ask", [in_tasks, in_threads])
async def test_a_lost_answer_costs_no_request(
    service: RunningService, credentials: dict[str, object], ask: Ask
) -> None:
    """The server has renewed and its answer is lost, twice: nobody notices."""
    async with LossyProxy(service.url).running() as proxy:
        auth = JWTAuth(proxy.url, credentials)
        logins = service.asked("POST /login")
        proxy.lose_answers("/refresh", 2)
        deadline = time.monotonic() + DEADLINE_S
        while proxy.lost < 2:
            assert time.monotonic() < deadline
            await _all_are_served(ask, auth, proxy.url, AT_ONCE)
        await _all_are_served(ask, auth, proxy.url, AT_ONCE)
        assert service.asked("POST /login") == logins + 1


async def test_a_session_survives_the_server(
    state: Path, service: RunningService, credentials: dict[str, object], tmp_path: Path
) -> None:
    """While the server is away requests fail as httpx says; then all goes on."""
    async with LossyProxy(service.url).running() as proxy:
        store = FileTokenStore(tmp_path / "tokens.json")
        auth = JWTAuth(proxy.url, credentials, store=store)
        await _all_are_served(in_tasks, auth, proxy.url, AT_ONCE)
        proxy.target = None
        with pytest.raises(httpx.TransportError):
            await in_tasks(auth, f"{proxy.url}/protected")
        with running_service(state, "second-output", life_s=LIFE_S) as second:
            proxy.target = second.url
            before = store.load()
            deadline = time.monotonic() + LIFE_S + DEADLINE_S
            while store.load() == before:
                assert time.monotonic() < deadline
                await _all_are_served(in_tasks, auth, proxy.url)
            assert second.asked("POST /login") == 0
            assert second.asked("POST /refresh") == 1
