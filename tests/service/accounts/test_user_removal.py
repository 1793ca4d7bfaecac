"""``quart-jwt users remove``, ``rename`` and ``sessions``, while the service runs."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result
from quart import Quart

from quart_jwt.service.app import create_app
from quart_jwt.service.commands.main import cli
from quart_jwt.service.settings.settings import read_settings
from service.kit import PATIENCE_S
from service.kit import SECRET

PASSWORD = "correct horse battery staple"


def _run(*arguments: str, stdin: str | None = None, **environ: str) -> Result:
    env = {f"QUART_JWT_{name}": text for name, text in environ.items()}
    return CliRunner().invoke(cli, ["users", *arguments], input=stdin, env=env)


async def _ran(*arguments: str, stdin: str | None = None, **environ: str) -> Result:
    """Run a command in a thread, because it has an event loop of its own."""
    return await asyncio.to_thread(_run, *arguments, stdin=stdin, **environ)


def _audited() -> Any:
    """The only line of the audit log."""
    (line,) = Path("audit").read_text().splitlines()
    return json.loads(line)


@pytest.fixture(name="app")
def _app() -> Quart:
    _run("add", "alice", "--init", "--password-stdin", stdin=PASSWORD)
    environ = {"SECRET_KEY": SECRET, "SESSION_DETAILS": "user_agent"}
    return create_app(
        read_settings({f"QUART_JWT_{name}": text for name, text in environ.items()})
    )


async def _login(client: Any, name: str = "alice") -> Any:
    given = {"username": name, "password": PASSWORD}
    answer = await client.post("/login", json=given)
    return await answer.get_json() if answer.status_code == 200 else answer.status_code


async def _statuses(client: Any, tokens: Any) -> tuple[int, int]:
    access = {"Authorization": f"Bearer {tokens['access_token']}"}
    refresh = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    return (
        (await client.get("/protected", headers=access)).status_code,
        (await client.post("/refresh", headers=refresh)).status_code,
    )


async def _signed_out(client: Any, tokens: Any) -> None:
    """Wait until the access token is refused: the feed of another process says so."""
    access = {"Authorization": f"Bearer {tokens['access_token']}"}
    async with asyncio.timeout(PATIENCE_S):
        while (await client.get("/protected", headers=access)).status_code != 401:  # noqa: ASYNC110 - it happens elsewhere
            await asyncio.sleep(0.02)
    assert (await _statuses(client, tokens)) == (401, 401)


async def test_a_removed_user_is_signed_out(app: Quart) -> None:
    """A namesake who is added later gets nothing of the old sessions."""
    async with app.test_app():
        client = app.test_client()
        tokens = await _login(client)
        done = await _ran("remove", "alice", "--yes", AUDIT_LOG="audit")
        assert done.stdout == "removed alice; all sessions ended\n"
        await _signed_out(client, tokens)
        assert await _login(client) == 401
        await _ran("add", "alice", "--password-stdin", stdin=PASSWORD)
        assert (await _statuses(client, tokens))[1] == 401
        assert await _statuses(client, await _login(client)) == (200, 200)
    assert _audited()["event"] == "user_removed"


async def test_a_renamed_user_signs_in_by_the_new_name(app: Quart) -> None:
    """With the same password; sessions of the old name are over."""
    async with app.test_app():
        client = app.test_client()
        tokens = await _login(client)
        done = await _ran("rename", "alice", "e\u0301ve", AUDIT_LOG="audit")
        assert done.stdout == "renamed alice to \u00e9ve; all sessions ended\n"
        await _signed_out(client, tokens)
        assert await _login(client) == 401
        assert await _statuses(client, await _login(client, "\u00e9ve")) == (200, 200)
    event = _audited()
    assert (event["event"], event["subject"]) == ("user_renamed", "alice")
    assert event["new_name"] == "\\xe9ve"  # a line of ASCII


async def test_sessions_are_listed_and_ended(app: Quart) -> None:
    """All of one user, who may sign in again at once."""
    async with app.test_app():
        client = app.test_client()
        tokens = [await _login(client) for _ in range(2)]
        rows = json.loads((await _ran("sessions", "alice", "--json")).stdout)
        assert len({row["id"] for row in rows}) == 2
        lines = (await _ran("sessions", "alice")).stdout.splitlines()
        assert [line.split("\t")[0] for line in lines] == [row["id"] for row in rows]
        done = await _ran("sessions", "alice", "--end", AUDIT_LOG="audit")
        assert done.stdout == "ended 2 sessions of alice\n"
        for one in tokens:
            await _signed_out(client, one)
        assert await _statuses(client, await _login(client)) == (200, 200)
    assert _audited()["event"] == "sessions_ended"
    assert (await _ran("sessions", "nobody")).stdout == ""


def test_a_removal_is_asked_about(app: Quart) -> None:
    """Without a terminal it needs --yes; nothing has happened."""
    del app
    done = _run("remove", "alice")
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: there is no terminal: use --yes\n",
    )
    assert len(_run("list").stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("remove", "bob", "--yes"), "there is no user named 'bob'"),
        (("rename", "bob", "carol"), "there is no user named 'bob'"),
        (("rename", "alice", "alice"), "there is a user named 'alice' already"),
        (("rename", "alice", " x"), "must not begin or end with whitespace"),
        (("sessions", "\0"), "must not contain control characters"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    app: Quart, arguments: tuple[str, ...], message: str
) -> None:
    """With status 1; the user is as before."""
    del app
    done = _run(*arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert message in done.stderr
    assert _run("list").stdout.startswith("alice\tenabled")


def test_sessions_in_memory_cannot_be_seen(app: Quart) -> None:
    """They are another process's."""
    del app
    done = _run("sessions", "alice", STORE_URL="memory://")
    assert "in the memory of the running service" in done.stderr
    done = _run("sessions", "alice", STORE_URL="redis://127.0.0.1:1/0")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
