"""A user directory from elsewhere, installed as any distribution is."""

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from clock import Clock
from quart_jwt.service.accounts.plugged_in import OptionsRead
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.settings.settings import read_settings
from service.installing import FROM_A_FILE
from service.installing import FROM_A_SERVER
from service.installing import install
from service.installing import THAT_CAN_ALL
from service.kit import bearer
from service.kit import claims
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import SECRET
from service.kit import Service

People = dict[str, dict[str, Any]]
Write = Callable[[People], None]
Opened = Callable[..., Any]


@pytest.fixture(name="site")
def _site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of installed distributions, which are forgotten afterwards."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(str(site))
    for module in ("people", "ldapish", "other"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return site


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Write:
    """Write the file of the people."""

    def write(people: People) -> None:
        (tmp_path / "people.json").write_text(json.dumps(people))

    return write


@pytest.fixture(name="opened")
def _opened(tmp_path: Path, clock: Clock) -> Opened:
    """Give a running service as the environment describes it."""

    @asynccontextmanager
    async def opened(**environ: str) -> AsyncIterator[Service]:
        app = create_app(_settings(tmp_path, **environ), clock)
        async with app.test_app():
            yield Service(app=app, client=app.test_client(), clock=clock)

    return opened


def _settings(tmp_path: Path, **environ: str) -> Any:
    named = {
        "SECRET_KEY": SECRET,
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/test.db",
        **environ,
    }
    return read_settings({f"QUART_JWT_{name}": text for name, text in named.items()})


def _in_a_file(site: Path, tmp_path: Path) -> dict[str, str]:
    install(site, "people", FROM_A_FILE, name="people", factory="FileDirectory")
    path = str(tmp_path / "people.json")
    return {"USER_DIRECTORY": "people", "USER_DIRECTORY_PATH": path}


async def _log_in(service: Service, name: str = NAME, password: str = PASSWORD) -> Any:
    return await service.client.post(
        "/login", json={"username": name, "password": password}
    )


async def test_a_user_of_a_file_signs_in(
    site: Path, tmp_path: Path, write: Write, opened: Opened
) -> None:
    """Sign in with the file's roles, refresh with today's, be let in, sign out."""
    write({NAME: {"password": PASSWORD, "roles": ["admin"]}})
    async with opened(**_in_a_file(site, tmp_path)) as service:
        tokens = await service.log_in()
        assert claims(tokens["access_token"])["roles"] == ["admin"]
        assert await service.status("GET", "/protected", tokens["access_token"]) == 200
        write({NAME: {"password": PASSWORD, "roles": ["reader"]}})
        response = await service.client.post(
            "/refresh", headers=bearer(tokens["refresh_token"])
        )
        renewed = (await response.get_json())["access_token"]
        assert claims(renewed)["roles"] == ["reader"]
        assert await service.status("POST", "/logout", renewed) == 200
        assert await service.status("GET", "/protected", renewed) == 401


@pytest.mark.parametrize(
    "person",
    [
        pytest.param(None, id="gone"),
        pytest.param({"password": PASSWORD, "enabled": False}, id="disabled"),
        pytest.param({"password": PASSWORD, "epoch": 1}, id="signed-out"),
    ],
)
async def test_a_change_in_the_file_counts_within_the_bound(
    site: Path, tmp_path: Path, write: Write, opened: Opened, person: Any
) -> None:
    """Who is gone, disabled or signed out there has no good token here."""
    write({NAME: {"password": PASSWORD}})
    async with opened(**_in_a_file(site, tmp_path)) as service:
        tokens = await service.log_in()
        write({} if person is None else {NAME: person})
        for method, path, which in (
            ("GET", "/protected", "access_token"),
            ("GET", "/auth/verify", "access_token"),
            ("POST", "/refresh", "refresh_token"),
        ):
            assert await service.status(method, path, tokens[which]) == 401


async def test_every_failed_login_looks_the_same(
    site: Path, tmp_path: Path, write: Write, opened: Opened
) -> None:
    """Unknown, wrong and disabled, as with our own directory."""
    write(
        {
            NAME: {"password": PASSWORD},
            "carol": {"password": PASSWORD, "enabled": False},
        }
    )
    answers = set()
    async with opened(**_in_a_file(site, tmp_path)) as service:
        for name, password in (("bob", PASSWORD), (NAME, "x"), ("carol", PASSWORD)):
            response = await _log_in(service, name, password)
            body = await response.get_data()
            del response.headers["X-Request-ID"]
            answers.add((response.status_code, body, str(list(response.headers))))
    assert len(answers) == 1
    assert b"invalid_credentials" in answers.pop()[1]


async def test_what_it_cannot_do_is_not_there(
    site: Path, tmp_path: Path, write: Write, opened: Opened
) -> None:
    """No password change for a directory without one, and no registration."""
    write({NAME: {"password": PASSWORD}})
    async with opened(**_in_a_file(site, tmp_path)) as service:
        tokens = await service.log_in()
        for path in ("/password", "/register"):
            assert await service.status("POST", path, tokens["access_token"]) == 404
    with pytest.raises(SettingsError, match="REGISTRATION is true, but the user dir"):
        create_app(
            _settings(
                tmp_path,
                USER_DIRECTORY="people",
                USER_DIRECTORY_PATH="x",
                REGISTRATION="true",
            )
        )


async def test_what_it_can_do_is_there(
    site: Path, tmp_path: Path, write: Write, opened: Opened
) -> None:
    """Registration and password changes go to the directory, and by our rules."""
    write({NAME: {"password": PASSWORD}})
    install(site, "other", THAT_CAN_ALL, name="other", factory="WholeDirectory")
    path = str(tmp_path / "people.json")
    options = {"USER_DIRECTORY": "other", "USER_DIRECTORY_PATH": path}
    granted = {"REGISTRATION": "true", "REGISTRATION_ROLES": "reader"}
    async with opened(**options, **granted) as service:
        for name in (NAME, "bob"):
            body = {"username": name, "password": "a new password"}
            response = await service.client.post("/register", json=body)
            assert response.status_code == 202
        tokens = await service.log_in("bob", "a new password")
        assert claims(tokens["access_token"])["roles"] == ["reader"]
        statuses = []
        for current in ("wrong", "a new password"):
            body = {"current_password": current, "new_password": "a newer password"}
            response = await service.client.post(
                "/password", json=body, headers=bearer(tokens["access_token"])
            )
            statuses.append(response.status_code)
        pair = await response.get_json()
        assert statuses == [403, 200]
        assert await service.status("GET", "/protected", tokens["access_token"]) == 401
        assert await service.status("GET", "/protected", pair["access_token"]) == 200
        assert await service.log_in("bob", "a newer password")
        assert await service.log_in()


def test_options_show_no_values() -> None:
    """A factory may print them, count them and go through them."""
    options = OptionsRead({"url": "x", "password": "hunter2"})
    assert repr(options) == "OptionsRead(password, url)"
    assert (len(options), sorted(options)) == (2, ["password", "url"])
    assert options.unread == {"url", "password"}
    assert {**options} == {"url": "x", "password": "hunter2"}
    assert options.unread == set()


async def test_one_that_cannot_be_opened_is_no_start(
    site: Path, tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """One sentence names it, and the log says why."""
    environ = _in_a_file(site, tmp_path)
    app = create_app(_settings(tmp_path, **environ), clock)
    resources = app.extensions["quart-jwt-service"]
    with pytest.raises(StartError, match="'people' cannot be opened"):
        await resources.users.directory.open()
    await resources.close()
    assert re.search(r"'people' failed: FileNotFoundError at /", caplog.text)


class Ldapish:
    """A directory server of one user, which can be broken."""

    def __init__(self) -> None:
        self.broken = False
        self.asked: list[str] = []

    async def answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one line."""
        line = (await reader.readline()).decode().strip()
        self.asked.append(line)
        known = line in {f"BIND {NAME} {PASSWORD}", f"SEARCH {NAME}"}
        verb, _, _rest = line.partition(" ")
        no = "invalidCredentials" if verb == "BIND" else "noSuchObject"
        answer = "unwillingToPerform" if self.broken else "success" if known else no
        writer.write(f"{answer}\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture(name="ldapish")
async def _ldapish(site: Path, tmp_path: Path) -> AsyncIterator[Ldapish]:
    """Serve a small directory on a Unix socket, and install its client."""
    install(site, "ldapish", FROM_A_SERVER, name="ldapish", factory="ServerDirectory")
    ldapish = Ldapish()
    server = await asyncio.start_unix_server(ldapish.answer, tmp_path / "s")
    async with server:
        yield ldapish


async def test_a_user_of_a_server_signs_in(
    ldapish: Ldapish, tmp_path: Path, opened: Opened
) -> None:
    """The server is asked for the sign-in and for each request."""
    options = {"USER_DIRECTORY_SOCKET": str(tmp_path / "s"), "USER_DIRECTORY_ROLE": "x"}
    async with opened(USER_DIRECTORY="ldapish", **options) as service:
        tokens = await service.log_in()
        assert claims(tokens["access_token"])["roles"] == ["x"]
        assert await service.status("GET", "/protected", tokens["access_token"]) == 200
        assert (await _log_in(service, password="wrong")).status_code == 401
        assert (await _log_in(service, "bob")).status_code == 401
    assert ldapish.asked[:2] == [f"BIND {NAME} {PASSWORD}", f"SEARCH {NAME}"]


async def test_an_empty_password_never_reaches_it(
    ldapish: Ldapish, tmp_path: Path, opened: Opened
) -> None:
    """To LDAP it would be a success (RFC 4513 §5.1.2)."""
    socket = str(tmp_path / "s")
    async with opened(USER_DIRECTORY="ldapish", USER_DIRECTORY_SOCKET=socket) as one:
        response = await _log_in(one, password="")
    assert (await response.get_json())["code"] == "invalid_password"
    assert ldapish.asked == []


@pytest.mark.parametrize("how", ["broken", "away"])
async def test_a_server_that_does_not_answer_lets_nobody_in(
    ldapish: Ldapish,
    tmp_path: Path,
    opened: Opened,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    """A 503 at every door, and no password in the log although the error has it."""
    caplog.set_level(logging.DEBUG)
    socket = tmp_path / "s"
    async with opened(
        USER_DIRECTORY="ldapish", USER_DIRECTORY_SOCKET=str(socket)
    ) as service:
        tokens = await service.log_in()
        ldapish.broken = how == "broken"
        if how == "away":
            socket.unlink()
        refused = [await _log_in(service)]
        for method, path, which in (
            ("GET", "/protected", "access_token"),
            ("GET", "/auth/verify", "access_token"),
            ("POST", "/refresh", "refresh_token"),
        ):
            refused.append(
                await service.client.open(
                    path, method=method, headers=bearer(tokens[which])
                )
            )
        for response in refused:
            assert response.status_code == 503
            assert response.headers["Retry-After"]
        body = await refused[0].get_json()
    assert body == {
        "msg": "The user directory is not available",
        "code": "directory_unavailable",
    }
    assert "'ldapish' failed: " in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    ("source", "environ", "message"),
    [
        pytest.param("", {}, "names a directory that cannot be loaded", id="nothing"),
        pytest.param(
            "raise OSError('no libldap')",
            {},
            "cannot be loaded: OSError: no libldap",
            id="import",
        ),
        pytest.param(
            "def make(options): return 1", {}, "not a user directory", id="int"
        ),
        pytest.param(
            "def make(options): return type('D', (), {'find': 1, 'open': 1})()",
            {},
            "not a user directory",
            id="half",
        ),
        pytest.param(
            "def make(options): raise ValueError(options['password'])",
            {"USER_DIRECTORY_PASSWORD": "hunter2"},
            "names a directory that raised ValueError",
            id="raises",
        ),
        pytest.param(
            "from quart_jwt.exceptions import ConfigurationError\n"
            "def make(options): raise ConfigurationError('url has no host')",
            {},
            "names a directory with wrong options: url has no host",
            id="says-why",
        ),
        pytest.param(
            "def make(options): return options['url']",
            {},
            "QUART_JWT_USER_DIRECTORY_URL is not set, and the user directory needs it",
            id="missing",
        ),
        pytest.param(
            FROM_A_FILE + "\nmake = FileDirectory",
            {"USER_DIRECTORY_PATH": "x", "USER_DIRECTORY_PHAT": "hunter2"},
            "QUART_JWT_USER_DIRECTORY_PHAT is not an option of the user directory",
            id="misspelt",
        ),
    ],
)
def test_a_directory_that_cannot_be_used_is_no_start(
    site: Path, tmp_path: Path, source: str, environ: dict[str, str], message: str
) -> None:
    """Each is one sentence that names the setting and repeats no value."""
    install(site, "other", source, name="other", factory="make")
    settings = _settings(tmp_path, USER_DIRECTORY="other", **environ)
    with pytest.raises(SettingsError, match=re.escape(message)) as caught:
        create_app(settings)
    assert "hunter2" not in str(caught.value)
    assert len(caught.value.faults) == 1


def test_the_name_has_to_be_one_directorys(site: Path, tmp_path: Path) -> None:
    """Of none nothing is guessed, and of two none is taken."""
    settings = _settings(tmp_path, USER_DIRECTORY="peeple")
    with pytest.raises(
        SettingsError, match="installed user directory; installed: none"
    ):
        create_app(settings)
    install(site, "people", FROM_A_FILE, name="people", factory="FileDirectory")
    with pytest.raises(SettingsError, match="installed: people"):
        create_app(settings)
    install(site, "other", FROM_A_FILE, name="people", factory="FileDirectory")
    with pytest.raises(SettingsError, match="several installed user directories"):
        create_app(_settings(tmp_path, USER_DIRECTORY="people"))


def test_a_real_process_serves_it(tmp_path: Path, write: Write) -> None:
    """``quart-jwt serve`` finds it, makes no demo account, and signs its user in."""
    write({NAME: {"password": PASSWORD}})
    options = _in_a_file(tmp_path / "site", tmp_path)
    environ = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "site"),
        "PYTHONUNBUFFERED": "1",
        "QUART_JWT_MODE": "development",
        **{f"QUART_JWT_{name}": text for name, text in options.items()},
    }
    command = [
        sys.executable,
        "-c",
        "from quart_jwt.cli import main; main()",
    ]
    output = tmp_path / "output"
    with output.open("w") as file:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "serve", "--port", "0"],
            cwd=tmp_path,
            env=environ,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        address = _address(output, process)
        response = httpx.post(
            f"{address}/login",
            json={"username": NAME, "password": PASSWORD},
            timeout=60,
        )
    finally:
        process.terminate()
        process.wait(60)
    assert response.status_code == 200
    assert "Sign in as a user of your user directory." in output.read_text()


def _address(output: Path, process: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + 60
    while not (found := re.search(r"on (http://\S+)\n", output.read_text())):
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found[1]
