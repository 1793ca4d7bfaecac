"""What a command or a process imports: a start should cost what it uses."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from quart_jwt.building_blocks import Schema
from quart_jwt.service.commands.main import COMMANDS
from quart_jwt.service.database.database import ACCOUNTS
from quart_jwt.stores.sql.schema import SESSIONS
from service.kit import SECRET

WEB = {"quart", "werkzeug", "flask", "hypercorn", "uvloop", "quart_schema", "msgspec"}
DATABASES = {"sqlalchemy", "aiosqlite", "asyncpg", "alembic", "redis"}
REST = {"cryptography", "jwt", "argon2", "prometheus_client", "asyncio", "ssl"}

LIST = """
import sys
from quart_jwt.cli import main
sys.argv = ["quart-jwt", *sys.argv[1:]]
try:
    main()
finally:
    print("loaded:", *{name.partition(".")[0] for name in sys.modules})
"""


def _loaded(where: Path, *arguments: str) -> set[str]:
    """Run a command in a process of its own; give the packages that it loaded."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", LIST, *arguments],
        cwd=where,
        env={"PATH": "", "QUART_JWT_SECRET_KEY": SECRET},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    last = done.stdout.splitlines()[-1]
    assert last.startswith("loaded:"), done.stderr
    return set(last.split()[1:])


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_help_loads_nothing_of_the_service(tmp_path: Path, option: str) -> None:
    """Neither web framework nor driver nor cryptography."""
    loaded = _loaded(tmp_path, option)
    assert {"click", "quart_jwt"} <= loaded
    assert loaded & (WEB | DATABASES | REST) == set()


def test_listing_users_loads_no_server_and_no_migrations(tmp_path: Path) -> None:
    """The tables are there and current, which costs one query to see."""
    assert _loaded(tmp_path, "db", "upgrade") >= {"alembic"}
    loaded = _loaded(tmp_path, "users", "list")
    assert {"sqlalchemy", "aiosqlite"} <= loaded
    unneeded = WEB | {"alembic", "redis", "asyncpg", "prometheus_client"}
    assert loaded & unneeded == set()


KEEPER = """
import sys
from quart_jwt.service.serving import keeper
from quart_jwt.service.observability import json_lines
print("loaded:", *{name.partition(".")[0] for name in sys.modules})
"""


def test_the_process_that_keeps_workers_loads_no_application() -> None:
    """It lives as long as the service, and is small."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", KEEPER],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert {"asyncio", "quart_jwt"} <= loaded
    unneeded = WEB | DATABASES | {"click", "cryptography", "jwt", "argon2", "blinker"}
    assert loaded & unneeded == set()


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_list_of_commands_is_true(name: str) -> None:
    """What ``--help`` says of a command without importing it is what it says itself."""
    command = COMMANDS[name].load()
    assert command.name == name
    assert command.get_short_help_str(limit=78) == COMMANDS[name].help


@pytest.mark.parametrize("schema", [ACCOUNTS, SESSIONS], ids=["accounts", "sessions"])
def test_files_are_named_after_their_revisions(schema: Schema) -> None:
    """So that Alembic is not needed to see that a database is current."""
    scripts = ScriptDirectory.from_config(schema.config())
    revisions = [one.revision for one in scripts.walk_revisions()]
    assert schema.known == revisions[::-1]
