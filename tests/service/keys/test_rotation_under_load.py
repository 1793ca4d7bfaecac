"""A key is rotated while two processes of the service are under load."""

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import jwt as pyjwt
import pytest

import real_servers
from service.kit import bearer
from service.serving.test_process import _environ
from service.serving.test_process import _start  # noqa: F401 - the fixture
from service.serving.test_process import COMMAND
from service.serving.test_process import DEADLINE_S
from service.serving.test_process import Start

WAIT_S = "4"
PATIENT = {"STORE_TIMEOUT_MS": "10000", "THROTTLE": "false"}
"""On a loaded machine a late answer is no fault of a rotation."""
POLL_S = 1
"""An outside verifier that looks at the JWK Set four times in the waiting time."""


class Outsider:
    """Verifies by the published keys alone, which it polls as a gateway does."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._at = 0.0
        self._keys: dict[str, pyjwt.PyJWK] = {}

    def verify(self, token: str) -> str:
        """The kid of a token that the keys in hand verify."""
        if time.monotonic() - self._at > POLL_S:
            document = httpx.get(
                f"{self._url}/.well-known/jwks.json", timeout=60
            ).json()
            self._keys = {key["kid"]: pyjwt.PyJWK(key) for key in document["keys"]}
            self._at = time.monotonic()
        kid = str(pyjwt.get_unverified_header(token)["kid"])
        pyjwt.decode(token, self._keys[kid], algorithms=["ES256"])
        return kid


class Client:
    """Logs in, refreshes at one process and shows its tokens at both."""

    def __init__(self, urls: list[str], password: str, stop: threading.Event) -> None:
        self.kids: list[str] = []
        self.failures: list[str] = []
        self._urls = urls
        self._login = {"username": "demo", "password": password}
        self._stop = stop
        self._refresh = ""

    def run(self) -> None:
        """Work until it is enough; remember every token's kid and every failure."""
        outsider = Outsider(self._urls[1])
        with httpx.Client(timeout=60) as http:
            answer = http.post(f"{self._urls[0]}/login", json=self._login)
            self._refresh = answer.json()["refresh_token"]
            while not self._stop.is_set():
                for url in self._urls:
                    self._round(http, url, outsider)

    def _round(self, http: httpx.Client, url: str, outsider: Outsider) -> None:
        answer = http.post(f"{url}/refresh", headers=bearer(self._refresh))
        self._note(answer)
        if answer.status_code != 200:
            return
        self._refresh = answer.json()["refresh_token"]
        token = answer.json()["access_token"]
        for one in self._urls:
            self._note(http.get(f"{one}/protected", headers=bearer(token)))
            self._note(http.get(f"{one}/auth/verify", headers=bearer(token)))
        try:
            self.kids.append(outsider.verify(token))
        except (KeyError, pyjwt.InvalidTokenError) as error:
            self.failures.append(f"the outsider: {error!r}")

    def _note(self, answer: httpx.Response) -> None:
        if answer.status_code != 200:
            self.failures.append(f"{answer.request.url}: {answer.status_code}")


@pytest.fixture(name="database", params=["sqlite", "postgresql"])
def _database(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The settings of a database that both processes share."""
    if request.param == "sqlite":
        return {}
    server: real_servers.PostgreSQL = request.getfixturevalue("postgresql")
    server.create("rotation")
    settings = {"DATABASE_URL": server.url("rotation")}
    _run(tmp_path, settings, "db", "upgrade")
    return settings


@pytest.mark.slow
def test_a_rotation_under_load_fails_nobody(
    start: Start, tmp_path: Path, database: dict[str, str]
) -> None:
    """Two processes on one database, and an outsider with the JWK Set: no failure."""
    settings = {
        "MODE": "development",
        "PUBLISH_BEFORE_USE": WAIT_S,
        **PATIENT,
        **database,
    }
    first = start(**settings)
    second = start(**settings)
    stop = threading.Event()
    urls = [first.address, second.address]
    clients = [Client(side, first.password, stop) for side in (urls, urls[::-1])]
    with ThreadPoolExecutor(len(clients)) as pool:
        running = [pool.submit(client.run) for client in clients]
        try:
            new_kid = _run(tmp_path, settings, "keys", "rotate").split(" ")[1]
            new_kid = new_kid.rstrip(";")
            deadline = time.monotonic() + DEADLINE_S
            # Until both have used the new key for a while.
            while min(client.kids.count(new_kid) for client in clients) < 20:
                assert time.monotonic() < deadline
                assert not any(future.done() for future in running)
                time.sleep(0.02)
        finally:
            stop.set()
        for future in running:
            future.result()
    for client in clients:
        assert client.failures == []
        # The old key signed before, the new one after, and nothing in between.
        kids = client.kids
        assert kids[0] != new_kid
        assert set(kids[kids.index(new_kid) :]) == {new_kid}
        assert len(set(kids)) == 2


def _run(where: Path, settings: dict[str, str], *words: str) -> str:
    """Run a command of the service beside it, and give what it prints."""
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *words],
        cwd=where,
        env=_environ(**settings),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    return done.stdout
