"""``quart-jwt users``: roles, scopes, and users who are elsewhere."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result

from quart_jwt.service.commands.main import cli


def _run(*arguments: str, **environ: str) -> Result:
    env = {f"QUART_JWT_{name}": text for name, text in environ.items()}
    return CliRunner().invoke(cli, ["users", *arguments], input="x" * 8, env=env)


def _add(*more: str) -> Result:
    return _run("add", "alice", *more, "--init", "--password-stdin")


def _listed() -> list[str]:
    (line,) = _run("list").stdout.splitlines()
    name, state, _added, *grants = line.split("\t")
    assert (name, state) == ("alice", "enabled")
    return grants


def test_a_user_is_added_with_roles_and_scopes() -> None:
    """The list shows them, with blanks between."""
    done = _add("--role", "b", "--role", "a", "--scope", "orders:read")
    assert (done.exit_code, done.stdout) == (0, "added alice\n")
    assert _listed() == ["b a", "orders:read"]


def test_without_any_there_are_none() -> None:
    """The columns are there, and empty."""
    _add()
    assert _listed() == ["", ""]


def test_roles_and_scopes_are_given_and_taken() -> None:
    """Each command says what there is now, and what it has revoked."""
    _add("--role", "a")
    done = _run("grant", "alice", "--role", "b", "--role", "a", "--scope", "x")
    assert done.stdout == "alice: roles a b; scopes x; access tokens revoked\n"
    done = _run("revoke", "alice", "--role", "a", "--scope", "x", "--sign-out")
    assert done.stdout == "alice: roles b; scopes none; all sessions ended\n"
    assert _listed() == ["b", ""]


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_a_change_needs_a_user_and_something_to_change(command: str) -> None:
    """A sentence and status 1 for nobody, a usage error for nothing."""
    _run("add", "bob", "--init", "--password-stdin")
    done = _run(command, "alice", "--role", "a")
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: there is no user named 'alice'\n",
    )
    done = _run(command, "alice")
    assert done.exit_code == 2
    assert "--role ROLE or --scope SCOPE" in done.stderr


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("a b", "A role must be visible ASCII without spaces"),
        ('"', "A role must be visible ASCII without spaces"),
        ("x" * 65, "A role has at most 64 characters"),
    ],
)
@pytest.mark.parametrize("command", ["add", "grant", "revoke"])
def test_a_word_that_breaks_the_rules(command: str, word: str, message: str) -> None:
    """Refused before a password is asked for."""
    done = _run(command, "alice", "--role", word)
    assert done.exit_code == 1
    assert message in done.stderr


def test_a_user_has_only_so_many() -> None:
    """The thirty-third is refused, and nothing is changed."""
    many = [word for number in range(32) for word in ("--scope", f"s{number}")]
    _add(*many)
    done = _run("grant", "alice", "--scope", "one-more")
    assert done.exit_code == 1
    assert "A user has at most 32 scopes" in done.stderr
    assert len(_listed()[1].split()) == 32


@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_help_shows_how(command: str) -> None:
    """With examples to copy."""
    done = _run(command, "--help")
    assert f"quart-jwt users {command} alice" in done.stdout


def test_hashes_cost_what_the_settings_say() -> None:
    """The commands hash as the service does; an unknown cost is refused."""
    _add()
    assert _run("list", PASSWORD_HASHING="rfc9106-low-memory").exit_code == 0
    done = _run("list", PASSWORD_HASHING="md5")
    assert "QUART_JWT_PASSWORD_HASHING must be one of owasp, rfc" in done.stderr


def test_users_of_another_directory_are_not_here() -> None:
    """Nobody adds a user where none would be looked for."""
    for arguments in (
        ("list",),
        ("disable", "alice"),
        ("add", "a", "--init", "--password-stdin"),
    ):
        done = _run(*arguments, USER_DIRECTORY="ldap", USER_DIRECTORY_URL="x")
        assert (done.exit_code, done.stderr) == (
            1,
            "Error: users are in the directory 'ldap', not here\n",
        )


@pytest.mark.parametrize(
    ("store_url", "why"),
    [
        (
            "redis://127.0.0.1:1",
            (
                "the session store is unavailable; run the command again when it is "
                "available again (Redis does not answer)"
            ),
        ),
        (
            "memory://",
            (
                "sessions are in the memory of the running service, so this command "
                "cannot end them"
            ),
        ),
    ],
)
@pytest.mark.parametrize(
    "arguments",
    [
        ("disable", "alice"),
        ("set-password", "alice", "--password-stdin"),
        ("grant", "alice", "--role", "a"),
        ("revoke", "alice", "--role", "a", "--sign-out"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_without_the_session_store_the_user_is_changed_all_the_same(
    tmp_path: Path, arguments: tuple[str, ...], store_url: str, why: str
) -> None:
    """Status 1, one sentence that says what is left to do, and a line for the audit."""
    _add("--role", "a")
    audit = tmp_path / "audit.log"
    before = _row()
    done = _run(*arguments, STORE_URL=store_url, AUDIT_LOG=str(audit))

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: the user is changed, but access tokens stay valid for up to 15 minutes,"
        f" because {why}\n"
    )
    assert len(audit.read_text().splitlines()) == 1
    if arguments[0] != "grant":
        assert _row() != before


def test_a_session_store_that_cannot_be_used_is_found_before_anything_changes() -> None:
    """A URL that cannot work is a fault of the settings."""
    _add()
    before = _row()
    done = _run("disable", "alice", STORE_URL="redis://[")

    assert done.exit_code == 1
    assert "QUART_JWT_STORE_URL cannot be used" in done.stderr
    assert _row() == before


def _row() -> tuple[object, ...]:
    with closing(sqlite3.connect(".quart-jwt/service.db")) as database:
        row: tuple[object, ...] = database.execute("SELECT * FROM users").fetchone()
    return row
