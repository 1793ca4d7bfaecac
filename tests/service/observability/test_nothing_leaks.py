"""A whole life of a service in its logs: nothing forged, nothing secret (K06)."""

import json
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.kit import bearer
from service.serving.test_process import _start
from service.serving.test_process import Running
from service.serving.test_process import Start

start = _start

SECRET = "Zk3-pQ8vLw1xRt6yUb9nMc2sHd5gJf7aKe0iToXzVqE"
PASSWORD = "correct horse battery staple"
FORGED = 'HEAD-forged"}\r\n{"level": "ERROR", "message": "forged"}\r\n'
LINE = {"json": r"\{", "text": r"[0-9]{4}-[0-9]{2}-[0-9]{2} "}
NAMES = [
    "typed-into-the-wrong-field",
    "a\nb",
    "a\r\n{}",
    "\x1b[2J\x1b[31m",
    "\u2028\u202e",
    "x" * 1_000_000,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJyZWFsIn0.c2ln",
]


def _address(running: Running) -> tuple[str, int]:
    found = re.search(r"http://([\d.]+):(\d+)", running.address)
    assert found is not None
    return found[1], int(found[2])


def _raw(running: Running, request: bytes) -> None:
    """Send bytes as they are, and read whatever comes back."""
    with socket.create_connection(_address(running), 30) as connection:
        connection.sendall(request)
        connection.makefile("rb").read()


def _live(running: Running) -> list[str]:
    """Do everything that a log might keep; give what it must not."""
    secrets: list[str] = []
    with httpx.Client(base_url=running.address, timeout=60) as client:
        login = {"username": "demo", "password": running.password}
        for _ in range(2):
            tokens = client.post("/login", json=login).json()
            secrets += [tokens["access_token"], tokens["refresh_token"]]
        for name in NAMES:
            _log_in_as(running, name)
        for token in secrets:
            client.get(f"/protected/{token}?access_token={token}")
            client.get("/protected", headers={"Referer": token, "User-Agent": token})
            client.get("/protected", headers={"X-Request-ID": token})
            client.get("/protected", headers=bearer(token + "x"))
            client.get("/auth/verify", headers=bearer(token[:-4]))
            client.get("/healthz", headers={"Cookie": f"access_token_cookie={token}"})
            _send_unasked(running, token)
        client.post("/refresh", headers=bearer(secrets[1]))
        client.post("/logout", headers=bearer(secrets[0]))
        client.get("/protected", headers=bearer(secrets[0]))
        client.get("/%0d%0aforged%00%1b[2J/%e2%80%a8")
    _raw(running, b"GET /\x1b[2J HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    _raw(running, f"GET / HTTP/1.1\r\nHost: x\r\nX-A: {FORGED}\r\n\r\n".encode())
    return [part for token in secrets for part in (token, token.split(".")[2])]


def _send_unasked(running: Running, body: str) -> None:
    # The answer may come, and the connection end, before all has been sent.
    with suppress(httpx.TransportError):
        httpx.request("GET", f"{running.address}/login", content=body, timeout=60)


def _log_in_as(running: Running, name: str) -> None:
    body = {"username": name, "password": PASSWORD}
    # What is far too long is refused before it has been sent.
    with suppress(httpx.TransportError):
        httpx.post(
            f"{running.address}/login",
            json=body,
            headers={"X-Request-ID": "a b"},
            timeout=60,
        )


def _is_readable(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_readable, value))
    return not isinstance(value, str) or (value.isascii() and value.isprintable())


@pytest.mark.parametrize("form", ["json", "text"])
def test_logs_hold_nothing_forged_and_nothing_secret(
    start: Start, tmp_path: Path, form: str
) -> None:
    """Every line can be parsed, and no token, password or wrong name is in any."""
    audit = tmp_path / "audit.log"
    running = start(
        MODE="development", SECRET_KEY=SECRET, LOG_FORMAT=form, AUDIT_LOG=str(audit)
    )
    secrets = _live(running)
    assert running.stop() == 0
    # The banner shows the demo account's password; what begins otherwise is its.
    lines = [line for line in running.text.splitlines() if re.match(LINE[form], line)]
    assert len(lines) > 30
    for line in lines:
        assert line.isascii()
        assert line.isprintable()
    if form == "json":
        parsed = [json.loads(line) for line in lines]
        assert {line["logger"] for line in parsed} == {
            "hypercorn.access",
            "hypercorn.error",
            "quart_jwt",  # once: the forged token looks like one of another key
            "quart_jwt.service.observability.readiness",
            "quart_jwt.service.serving.server",
        }
        asked = [line for line in parsed if line["logger"] == "hypercorn.access"]
        assert all(re.fullmatch("[0-9a-f]{16}", line["request_id"]) for line in asked)
        good = [line for line in asked if line["path"] == "/refresh"]
        assert good[0]["jti"]
        assert good[0]["sid"]
        assert all(_is_readable(value) for line in parsed for value in line.values())
    events = [json.loads(line) for line in audit.read_text().splitlines()]
    assert all(_is_readable(value) for line in events for value in line.values())
    assert {line["event"] for line in events} >= {
        "signed_in",
        "sign_in_refused",
        "refreshed",
        "session_ended",
    }
    everything = "\n".join([*lines, audit.read_text()])
    hidden = [
        *secrets,
        running.password,
        SECRET,
        PASSWORD,
        "eyJ",
        "typed-into",
        '{"level": "ERROR"',
    ]
    assert [secret for secret in hidden if secret in everything] == []
    assert "Traceback" not in running.text
