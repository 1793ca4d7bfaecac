"""What an operator does on the command line is in the audit log."""

import getpass
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result

from quart_jwt.service.commands import main as commands
from quart_jwt.service.commands.operator_acts import operator_acts
from quart_jwt.service.ground.events import Kind

AUDIT_LOG = "QUART_JWT_AUDIT_LOG"


def _run(*arguments: str, stdin: str | None = None, audit: str = "audit") -> Result:
    environ = {AUDIT_LOG: audit, "QUART_JWT_KEY_ALGORITHM": "ES256"}
    return CliRunner().invoke(commands.cli, arguments, input=stdin, env=environ)


def _lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("audit").read_text().splitlines()]


def test_changes_of_users_are_told_with_who_made_them() -> None:
    """One line each, by the system's user; no password, and nothing of a list."""
    word = ("--password-stdin",)
    assert (
        _run("users", "add", "alice", "--init", *word, stdin="a password").exit_code
        == 0
    )
    assert (
        _run("users", "set-password", "alice", *word, stdin="another one").exit_code
        == 0
    )
    assert _run("users", "grant", "alice", "--role", "admin").exit_code == 0
    assert _run("users", "disable", "alice").exit_code == 0
    assert _run("users", "enable", "alice").exit_code == 0
    assert _run("users", "list").exit_code == 0
    lines = _lines()
    assert [line["event"] for line in lines] == [
        "user_added",
        "password_changed",
        "user_grants_changed",
        "user_disabled",
        "user_enabled",
    ]
    for line in lines:
        assert line.keys() == {"time", "event", "subject", "actor"}
        assert (line["subject"], line["actor"]) == ("alice", getpass.getuser())
    assert Path("audit").stat().st_mode & 0o777 == 0o600


def test_changes_of_keys_are_told() -> None:
    """Which key was published, and which one ended."""
    result = _run("keys", "rotate", "--init")
    kid = result.stdout.split(" ")[1].rstrip(";")
    assert _run("keys", "retire", kid).exit_code == 0
    assert [(line["event"], line["key_id"]) for line in _lines()] == [
        ("key_published", kid),
        ("key_retired", kid),
    ]


def test_changes_of_clients_are_told() -> None:
    """Which program got credentials, and lost them; never the credentials."""
    secret = _run("clients", "add", "orders", "--init").stdout.strip()
    assert _run("clients", "remove", "orders").exit_code == 0
    assert [(line["event"], line["client"]) for line in _lines()] == [
        ("client_added", "orders"),
        ("client_removed", "orders"),
    ]
    assert secret not in Path("audit").read_text()


def test_what_was_refused_is_not_told() -> None:
    """Nothing has changed, so nothing has happened."""
    assert _run("users", "disable", "nobody").exit_code == 1
    assert _run("keys", "retire", "nobody").exit_code == 1
    assert _lines() == []


@pytest.mark.parametrize(
    "arguments",
    [("users", "enable", "alice"), ("keys", "rotate")],
    ids=["users", "keys"],
)
def test_nothing_is_changed_without_the_audit_log(arguments: tuple[str, ...]) -> None:
    """A log that cannot be opened is a sentence, before anything is done."""
    result = _run(*arguments, audit="missing/audit")
    assert result.exit_code == 1
    assert "the audit log 'missing/audit' cannot be opened" in result.stderr
    assert not Path(".quart-jwt").exists()


SERVICE_USER = 12_345


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("has_state", [True, False])
def test_root_makes_the_log_for_the_service(tmp_path: Path, *, has_state: bool) -> None:
    """It belongs to whom the state directory belongs, or else its own directory."""
    places = {True: tmp_path / "state", False: tmp_path / "log"}
    for place in places.values():
        place.mkdir(0o700)
    os.chown(places[has_state], SERVICE_USER, SERVICE_USER)
    if not has_state:
        places[True].rmdir()
    log = places[False] / "audit"
    _as_root(log, places[True])
    found = log.stat()
    assert (found.st_uid, found.st_gid) == (SERVICE_USER, SERVICE_USER)
    assert found.st_mode & 0o777 == 0o600
    assert log.read_text().count("user_added") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("is_link", [True, False])
def test_root_gives_away_nothing_that_was_there(
    tmp_path: Path, *, is_link: bool
) -> None:
    """Neither a log of before nor what a link leads to."""
    state = tmp_path / "state"
    state.mkdir(0o700)
    os.chown(state, SERVICE_USER, SERVICE_USER)
    log, target = tmp_path / "audit", tmp_path / "target"
    (target if is_link else log).touch()
    if is_link:
        log.symlink_to(target)
    _as_root(log, state)
    assert log.stat().st_uid == 0


def _as_root(log: Path, state: Path) -> None:
    with operator_acts({AUDIT_LOG: str(log), "QUART_JWT_STATE_DIR": str(state)}) as say:
        say(Kind.USER_ADDED, subject="alice")


def test_without_a_file_the_terminal_stays_as_it_is() -> None:
    """Nobody wants JSON between the lines of a command."""
    result = _run(
        "users",
        "add",
        "alice",
        "--init",
        "--password-stdin",
        stdin="a password",
        audit="",
    )
    assert (result.stdout, result.stderr) == ("added alice\n", "")
