"""``quart-jwt config``: what an operator reads before he starts anything."""

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from quart_jwt.service.commands.main import cli
from quart_jwt.service.settings.declared import Setting
from quart_jwt.service.settings.masking import masked
from quart_jwt.service.settings.settings import NAMES
from quart_jwt.service.settings.settings import TABLE
from service.kit import SECRET
from source_tree import ROOT

URL = "redis://user:hunter2@host:1/0?password=hunter3&timeout=5"


@pytest.fixture(autouse=True)
def _kept_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())


def _run(*arguments: str, **environ: str) -> Any:
    variables = {f"QUART_JWT_{name}": value for name, value in environ.items()}
    return CliRunner().invoke(cli, arguments, env=variables)


def test_good_settings_are_called_fine() -> None:
    """Where they stand is said, and what a start would find."""
    result = _run("config", "check")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "the settings are valid (environment)",
        "the databases can be used",
        "there are no users yet: add the first user with `quart-jwt users add NAME`",
    ]
    Path("quart-jwt.toml").write_text("access_token_expires = 60\n")
    assert "(environment and quart-jwt.toml)" in _run("config", "check").output


def test_everything_wrong_is_listed() -> None:
    """On standard error, with status 1."""
    Path("other.toml").write_text('access_token_expires = "soon"\n')
    result = _run("--settings", "other.toml", "config", "check", MODE="hunter2")
    assert result.exit_code == 1
    assert "QUART_JWT_MODE must be" in result.stderr
    assert "other.toml: access_token_expires must be" in result.stderr
    assert "hunter2" not in result.output + result.stderr


def test_the_server_s_settings_are_checked_too() -> None:
    """A slip in hypercorn.toml stops a start as well."""
    Path("hypercorn.toml").write_text("bnid = 'x'\n")
    result = _run("config", "check")
    assert result.exit_code == 1
    assert "bnid" in result.stderr


def test_a_settings_file_has_to_exist() -> None:
    """As a fault of the command line."""
    assert _run("--settings", "no.toml", "config", "check").exit_code == 2


def test_nothing_is_made() -> None:
    """Looking is not starting."""
    assert _run("config", "check").exit_code == _run("config", "show").exit_code == 0
    assert list(Path().iterdir()) == []


def test_every_setting_is_shown_with_its_origin() -> None:
    """In one order, so that two machines can be compared."""
    Path("quart-jwt.toml").write_text("access_token_expires = 60\n")
    result = _run("config", "show", SECRET_KEY=SECRET, STORE_URL=URL)
    rows = {line.split()[0]: line.split()[1:] for line in result.output.splitlines()}
    assert [f"QUART_JWT_{name}" for name in NAMES] == list(rows)
    assert rows["QUART_JWT_ACCESS_TOKEN_EXPIRES"] == ["60", "quart-jwt.toml"]
    assert rows["QUART_JWT_REFRESH_TOKEN_EXPIRES"] == ["2592000", "default"]
    assert rows["QUART_JWT_SECRET_KEY"] == ["********", "environment"]


def test_what_was_read_is_shown_before_what_is_wrong() -> None:
    """That is when somebody looks; the faults stand on standard error, status 1."""
    result = _run("config", "show", MODE="prod", SECRET_KEY="short", MOOD="x")
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()}
    assert [f"QUART_JWT_{name}" for name in NAMES] == list(rows)
    assert rows["QUART_JWT_MODE"] == ["prod", "environment"]
    assert rows["QUART_JWT_SECRET_KEY"] == ["********", "environment"]
    for name in ("MODE", "SECRET_KEY", "MOOD"):
        assert f"QUART_JWT_{name} " in result.stderr
    assert result.exit_code == 1


def test_secrets_are_masked() -> None:
    """Whole ones, and those inside of a URL."""
    result = _run("config", "show", SECRET_KEY=SECRET, STORE_URL=URL)
    assert result.exit_code == 0
    assert SECRET not in result.output
    assert "hunter" not in result.output
    assert "redis://user:********@host:1/0?password=********&timeout=5" in result.output


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("KEY_ENCRYPTION_KEY", "AAAA", "********"),
        ("KEY_ENCRYPTION_KEY", "", ""),
        ("DATABASE_URL", "postgresql+asyncpg://a:p@ss@h/d", "a:********@h/d"),
        ("DATABASE_URL", "postgresql+asyncpg://a:p/w@h/d", "a:********@h/d"),
        ("DATABASE_URL", "postgresql+asyncpg://:pw@h/d", "://:********@h/d"),
        ("DATABASE_URL", "postgresql+asyncpg://a@h:5432/d", "://a@h:5432/d"),
        ("DATABASE_URL", "sqlite+aiosqlite:///a/b.db", "sqlite+aiosqlite:///a/b.db"),
        ("ISSUER", "https://login.example:8443/x", "https://login.example:8443/x"),
        ("USER_DIRECTORY_BIND", "hunter2", "********"),
        ("CORS_CREDENTIALS", "true", "true"),
        ("PASSWORD_HASHING", "owasp", "owasp"),
    ],
)
def test_what_may_be_shown(name: str, text: str, shown: str) -> None:
    """A password is masked also where it was not percent-encoded."""
    result = masked(name, text)
    assert result.endswith(shown)
    assert "pw" not in result
    assert "p@ss" not in result


def _row(one: Setting) -> str:
    """How docs/operate/service.md says a setting."""
    default = one.shown_default()
    if one.unset is None:
        default = f"`{default}`"
    if one.in_development != one.default:
        default += f"; `{one.shown_default('development')}` in development"
    return f"| `QUART_JWT_{one.name}` | {default} | {one.meaning} |"


def test_the_page_is_what_the_table_says() -> None:
    """docs/operate/service.md lists every setting as declared, and nothing else."""
    page = (ROOT / "docs" / "operate" / "service.md").read_text("utf-8")
    listed = [line for line in page.splitlines() if line.startswith("| `QUART_JWT_")]
    assert listed == [_row(one) for one in TABLE]
