"""What a start would fail at is said before it, all at once, and nothing is made."""

import os
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result
from hypercorn.protocol.h11 import H11Protocol
from quart import Quart

from quart_jwt.service.commands.main import cli
from service.installing import FROM_A_FILE
from service.installing import install
from service.kit import SECRET

POSTGRESQL = "postgresql+asyncpg://ada:hunter2@127.0.0.1:1/x"
NO_ASYNCPG = (
    "Error: QUART_JWT_DATABASE_URL cannot be used: postgresql+asyncpg:// needs "
    "asyncpg: pip install 'quart-jwt[postgresql]'\n"
)


def _run(*arguments: str, **environ: str) -> Result:
    env = {f"QUART_JWT_{name}": text for name, text in environ.items()}
    return CliRunner().invoke(cli, arguments, env=env)


@pytest.fixture(name="without_asyncpg")
def _without_asyncpg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)


@pytest.fixture(name="without_redis")
def _without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("quart_jwt.stores.redis", "quart_jwt.stores.redis.store"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(
            {"KEY_ALGORITHM": "RS257"},
            "QUART_JWT_KEY_ALGORITHM must be one of ES256",
            id="algorithm",
        ),
        pytest.param(
            {"SECRET_KEY": "hunter2hunter2hunter2hunter2hun"},
            "QUART_JWT_SECRET_KEY is too weak: it has 31 bytes",
            id="31-bytes",
        ),
        pytest.param(
            {"SECRET_KEY": "reallyreallyreallyreallyverysafe"},
            "QUART_JWT_SECRET_KEY is too weak: it is in public lists",
            id="known",
        ),
        pytest.param(
            {"SECRET_KEY": SECRET, "SECRET_KEYS": "x"},
            "QUART_JWT_SECRET_KEYS is not a setting; did you mean",
            id="misspelt",
        ),
    ],
)
def test_a_bad_setting_is_one_sentence(settings: dict[str, str], message: str) -> None:
    """It names the setting and not its value; nothing is made."""
    done = _run("serve", "--port", "0", **settings)
    assert (done.exit_code, done.stdout) == (1, "")
    assert f"Error: {message}" in done.stderr
    assert done.stderr.count("\n") == 1
    assert settings.get("SECRET_KEY", "-" * 9) not in done.stderr
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--port", "0"),
        ("serve", "--port", "0", "--workers", "1"),
        ("config", "check"),
        ("users", "list"),
        ("clients", "list"),
        ("keys", "list"),
        ("db", "upgrade"),
    ],
)
@pytest.mark.usefixtures("without_asyncpg")
def test_a_driver_that_is_not_installed_is_one_sentence(
    arguments: tuple[str, ...],
) -> None:
    """Every command says what to install, and shows no password."""
    done = _run(*arguments, DATABASE_URL=POSTGRESQL)
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", NO_ASYNCPG)


@pytest.mark.usefixtures("without_asyncpg", "without_redis")
def test_all_that_is_missing_is_listed_together() -> None:
    """A line each, from the drivers to the folder of the audit log."""
    done = _run(
        "config",
        "check",
        DATABASE_URL=POSTGRESQL,
        STORE_URL="redis://127.0.0.1:1/0",
        USER_DIRECTORY="nobody-has-it",
        AUDIT_LOG="missing/audit",
    )
    lines = done.stderr.removeprefix("Error: ").splitlines()
    assert [line.split(" ")[0] for line in lines] == [
        "QUART_JWT_DATABASE_URL",
        "QUART_JWT_STORE_URL",
        "QUART_JWT_USER_DIRECTORY",
        "QUART_JWT_AUDIT_LOG",
    ]
    assert done.exit_code == 1


def test_the_servers_faults_stand_with_them() -> None:
    """A slip in hypercorn.toml hides nothing."""
    Path("hypercorn.toml").write_text("workers = 65\n")
    done = _run("config", "check", AUDIT_LOG="missing/audit")
    assert "QUART_JWT_AUDIT_LOG cannot" in done.stderr
    assert "workers must be a whole number" in done.stderr


def test_a_user_directory_without_its_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made for a look, as a start would make it, and not opened."""
    install(
        tmp_path / "site",
        "people_of_a_file",
        FROM_A_FILE,
        name="people",
        factory="FileDirectory",
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    done = _run("config", "check", USER_DIRECTORY="people")
    assert "QUART_JWT_USER_DIRECTORY_PATH is not set" in done.stderr
    path = "there-is-no-such-file"
    done = _run("config", "check", USER_DIRECTORY="people", USER_DIRECTORY_PATH=path)
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("AUDIT_LOG", "missing/audit", "there is no directory 'missing'"),
        ("AUDIT_LOG", ".", "'.' is a directory"),
        (
            "DATABASE_URL",
            "sqlite+aiosqlite:///missing/a.db",
            "there is no directory 'missing'",
        ),
    ],
)
@pytest.mark.parametrize("command", [("config", "check"), ("serve", "--port", "0")])
def test_a_file_that_cannot_be_made_stops_the_start(
    command: tuple[str, ...], name: str, text: str, reason: str
) -> None:
    """Without a banner, a traceback, or anything on the disk."""
    done = _run(*command, MODE="development", SECRET_KEY=SECRET, **{name: text})
    assert (done.exit_code, done.stdout, done.stderr) == (
        1,
        "",
        f"Error: QUART_JWT_{name} cannot be used: {reason}\n",
    )
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("is_there", [True, False])
def test_a_file_that_cannot_be_written_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    """Whether it is there or would be made; the superuser may write everywhere."""
    if is_there:
        Path("audit").touch()
    refused = Path("audit") if is_there else Path()
    monkeypatch.setattr(os, "access", lambda path, _mode: path != refused)
    done = _run("config", "check", AUDIT_LOG="audit")
    assert "Error: QUART_JWT_AUDIT_LOG cannot be used: 'audit' cannot be written" in (
        done.stderr
    )


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize(
    ("owner", "part", "sentence"),
    [
        (H11Protocol, "_check_protocol", "Hypercorn .*: H11Protocol has no '_check_"),
        (Quart, "finalize_request", "Quart .*: Quart has no 'finalize_request'"),
    ],
)
def test_a_dependency_that_has_changed_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    owner: type,
    part: str,
    sentence: str,
    workers: str,
) -> None:
    """It is said before anything is bound or made, and names the version."""
    monkeypatch.delattr(owner, part)
    done = _run(
        *("serve", "--port", "0", "--workers", workers),
        MODE="development",
        STATE_DIR=str(tmp_path),
    )
    assert (done.exit_code, done.stdout) == (1, "")
    assert re.match(rf"Error: quart-jwt does not work with {sentence}", done.stderr)
    assert list(tmp_path.iterdir()) == []
