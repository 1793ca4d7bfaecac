"""The real command in a process of its own, over real sockets."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from required import missing
from service.kit import bearer
from service.kit import SECRET

ROOT = Path(__file__).parents[3]
DEADLINE_S = 60
COMMAND = [sys.executable, "-c", "from quart_jwt.cli import main; main()"]

Start = Callable[..., "Running"]


@dataclass(frozen=True, slots=True)
class Running:
    """A started service and what it prints."""

    process: subprocess.Popen[str]
    output: Path
    address: str

    @property
    def text(self) -> str:
        """Everything printed so far."""
        return self.output.read_text()

    @property
    def password(self) -> str:
        """The demo account's password."""
        found = re.search(r"^  password  (\S+)$", self.text, re.MULTILINE)
        assert found is not None
        return found[1]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)


def _environ(**settings: str) -> dict[str, str]:
    named = {f"QUART_JWT_{name}": value for name, value in settings.items()}
    return {**os.environ, "PYTHONUNBUFFERED": "1", **named}


def _until(ready: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Poll until something is so; fail at the deadline or when the process ends."""
    deadline = time.monotonic() + DEADLINE_S
    while not ready():
        assert process.poll() is None, "the service has ended"
        assert time.monotonic() < deadline, "the deadline has passed"
        time.sleep(0.02)


@pytest.fixture(name="start")
def _start(tmp_path: Path) -> Iterator[Start]:
    """Start the service on a free port; whatever happens, it is ended."""
    started: list[subprocess.Popen[str]] = []

    def start(command: list[str] | None = None, **settings: str) -> Running:
        output = tmp_path / f"output-{len(started)}"
        with output.open("w") as file:
            process = subprocess.Popen(  # noqa: S603 - our own command
                command or [*COMMAND, "serve", "--port", "0"],
                cwd=tmp_path,
                env=_environ(**settings),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                text=True,
            )
        started.append(process)
        pattern = re.compile(r"Running on (http://\S+)")
        _until(lambda: pattern.search(output.read_text()) is not None, process)
        found = pattern.search(output.read_text())
        assert found is not None
        return Running(process, output, found[1])

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def _expires(client: httpx.Client, **headers: str) -> None:
    """Poll /protected until its token has expired."""
    deadline = time.monotonic() + DEADLINE_S
    while (answer := client.get("/protected", headers=headers)).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")


def _in_time(attempt: Callable[[], httpx.Response]) -> httpx.Response:
    """Renew and ask again while a token of one second has expired on its way."""
    deadline = time.monotonic() + DEADLINE_S
    while (answer := attempt()).status_code == 401:
        assert time.monotonic() < deadline
    return answer


def test_the_whole_way_with_headers(start: Start) -> None:
    """Login, protected, expiry, refresh, logout, over a real socket."""
    running = start(MODE="development", ACCESS_TOKEN_EXPIRES="1")
    login = {"username": "demo", "password": running.password}
    with httpx.Client(base_url=running.address, timeout=60) as client:
        tokens = client.post("/login", json=login).json()
        assert tokens["expires_in"] in {0, 1}
        _expires(client, **bearer(tokens["access_token"]))
        refreshing = bearer(tokens["refresh_token"])

        def renew_and_log_out() -> httpx.Response:
            renewed = client.post("/refresh", headers=refreshing).json()
            refreshing.update(bearer(renewed["refresh_token"]))
            return client.post("/logout", headers=bearer(renewed["access_token"]))

        answer = _in_time(renew_and_log_out)
        assert (answer.status_code, answer.json()) == (200, {"logged_out": True})
        answer = client.post("/refresh", headers=refreshing)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers
    assert running.stop() == 0
    log = running.text.split("Running on", maxsplit=1)[1]
    assert '"POST /login 1.1" 200' in log
    assert "eyJ" not in log
    assert running.password not in log


def test_the_whole_way_with_cookies(start: Start) -> None:
    """The same in a browser's way: a cookie jar and the CSRF header."""
    running = start(MODE="development", ACCESS_TOKEN_EXPIRES="1")
    login = {"username": "demo", "password": running.password, "cookies": True}
    with httpx.Client(base_url=running.address, timeout=60) as client:
        expected = [{"cookies": True, "expires_in": seconds} for seconds in (0, 1)]
        assert client.post("/login", json=login).json() in expected
        _expires(client)
        assert client.post("/refresh").json()["code"] == "csrf_failed"
        kept: dict[str, str] = {}

        def renew_and_log_out() -> httpx.Response:
            csrf = {"X-CSRF-TOKEN": client.cookies["csrf_refresh_token"]}
            assert client.post("/refresh", headers=csrf).json() in expected
            kept.update(client.cookies)
            csrf = {"X-CSRF-TOKEN": kept.get("csrf_access_token", "")}
            return client.post("/logout", headers=csrf)

        assert _in_time(renew_and_log_out).status_code == 200
        assert dict(client.cookies) == {}
        refresh = kept["refresh_token_cookie"]
        csrf = {"X-CSRF-TOKEN": kept["csrf_refresh_token"]}
        client.cookies.set("refresh_token_cookie", refresh)
        answer = client.post("/refresh", headers=csrf)
        assert answer.json()["code"] == "token_revoked"
    assert running.stop(signal.SIGINT) == 0


def _lines(text: str, tool: str) -> str:
    """Cut the lines for one tool out of a banner; a log line begins with its year."""
    return re.split(r"\n(?:#|20)", text.split(f"with {tool}\n", maxsplit=1)[1])[0]


@pytest.mark.parametrize(("tool", "program"), [("curl", "curl"), ("httpie", "http")])
def test_the_printed_lines_work(start: Start, tool: str, program: str) -> None:
    """What a first start prints can be pasted into a POSIX shell."""
    if shutil.which(program) is None:
        missing(f"{program} is not installed")
    running = start(MODE="development")
    done = subprocess.run(
        ["/bin/sh", "-eu"],
        input=_lines(running.text, tool),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    assert done.stderr == ""
    assert '{"logged_in_as":"demo"}' in done.stdout.replace('": "', '":"')
    assert done.stdout.count('"access_token"') == 1
    assert "msg" not in done.stdout


def test_a_second_start_finds_everything(start: Start, tmp_path: Path) -> None:
    """Users, secret and sessions survive; the password is not shown again."""
    first = start(MODE="development")
    login = {"username": "demo", "password": first.password}
    with httpx.Client(base_url=first.address, timeout=60) as client:
        kept = client.post("/login", json=login).json()
        ended = client.post("/login", json=login).json()
        client.post("/logout", headers=bearer(ended["access_token"]))
    assert first.stop() == 0
    second = start(MODE="development")
    assert first.password not in second.text
    assert "users set-password demo" in second.text
    assert "YOUR-PASSWORD" in second.text
    with httpx.Client(base_url=second.address, timeout=60) as client:
        for tokens, status in ((kept, 200), (ended, 401)):
            answer = client.get("/protected", headers=bearer(tokens["access_token"]))
            assert status == answer.status_code
        kept = client.post("/login", json=login).json()
        answer = client.get("/protected", headers=bearer(kept["access_token"]))
        assert answer.status_code == 200
        _users(tmp_path, "set-password", "demo", "--password-stdin", stdin="different")
        answer = client.get("/protected", headers=bearer(kept["access_token"]))
        assert answer.status_code == 401
        login["password"] = "different"
        assert client.post("/login", json=login).status_code == 200
    assert second.stop() == 0
    state = tmp_path / ".quart-jwt"
    files = [path for path in state.rglob("*") if path.is_file()]
    assert {0o600} == {path.stat().st_mode & 0o777 for path in files}
    assert len(list(state.glob("keys/*.pem"))) == 1
    assert state.stat().st_mode & 0o777 == 0o700


def _users(where: Path, *arguments: str, stdin: str = "") -> str:
    return subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "users", *arguments],
        cwd=where,
        env=_environ(),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    ).stdout


def test_production_serves_its_users_and_makes_none(
    start: Start, tmp_path: Path
) -> None:
    """A production start prints no password and no lines; a user added works."""
    running = start(SECRET_KEY=SECRET)
    assert "There are no users yet" in running.text
    assert "curl" not in running.text
    assert _users(tmp_path, "list") == ""
    _users(tmp_path, "add", "alice", "--password-stdin", stdin="a password")
    with httpx.Client(base_url=running.address, timeout=60) as client:
        login = {"username": "alice", "password": "a password", "cookies": True}
        answer = client.post("/login", json=login)
        assert answer.status_code == 200
        cookies = answer.headers.get_list("Set-Cookie")
        assert all("Secure" in cookie for cookie in cookies)
    assert running.stop() == 0
    assert SECRET not in running.text
    assert not (tmp_path / ".quart-jwt" / "keys").exists()


def test_production_refuses(tmp_path: Path) -> None:
    """One sentence that names the setting and not its value; nothing is made."""
    weak = "hunter2hunter2hunter2hunter2hun"
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "serve", "--port", "0"],
        cwd=tmp_path,
        env=_environ(SECRET_KEY=weak),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    message = "Error: QUART_JWT_SECRET_KEY is too weak: it has 31 bytes"
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert weak not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    """No traceback, status 1, and no demo account whose password nobody saw."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(  # noqa: S603 - our own command
            [*COMMAND, "serve", "--port", str(port)],
            cwd=tmp_path,
            env=_environ(MODE="development"),
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, "")
    message = (
        f"Error: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "--port takes another one\n"
    )
    assert message == done.stderr.splitlines(keepends=True)[0]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".quart-jwt" / "service.db").exists()


def test_plain_hypercorn_serves_it_too(start: Start) -> None:
    """``hypercorn -c hypercorn.toml quart_jwt.service.asgi:app`` works."""
    command = [sys.executable, "-m", "hypercorn", "-c", str(ROOT / "hypercorn.toml")]
    application = "quart_jwt.service.asgi:app"
    running = start([*command, "-b", "127.0.0.1:0", application], SECRET_KEY=SECRET)
    assert httpx.get(f"{running.address}/healthz", timeout=60).json() == {
        "status": "ok"
    }
    assert running.stop() == 0
    assert '"GET /healthz 1.1" 200' in running.text
