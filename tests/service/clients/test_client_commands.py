"""The ``quart-jwt clients`` commands."""

import asyncio
import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result

from quart_jwt.service.clients.clients import Clients
from quart_jwt.service.commands import main as commands
from quart_jwt.service.database.database import Database


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(commands.cli, ["clients", *arguments])


async def _knows(name: str, secret: str) -> bool:
    database = Database("sqlite+aiosqlite:///.quart-jwt/service.db")
    await database.open()
    try:
        return await Clients(database, time.time).knows(name, secret)
    finally:
        await database.close()


def test_a_client_is_added_once() -> None:
    """The secret has 256 bits, stands alone on standard output, and is kept nowhere."""
    added = _run("add", "orders-api", "--init")
    secret = added.stdout.strip()
    assert added.exit_code == 0
    assert re.fullmatch(r"[\w-]{43}", secret)
    assert secret not in added.stderr
    assert asyncio.run(_knows("orders-api", secret))
    assert secret.encode() not in Path(".quart-jwt/service.db").read_bytes()

    again = _run("add", "orders-api", "--init")
    assert (again.exit_code, again.stdout) == (1, "")
    assert again.stderr == "Error: there is a client named 'orders-api' already\n"


def test_clients_are_listed_by_name() -> None:
    """Name and date, between tabs; nothing of a secret."""
    for name in ("b", "a"):
        _run("add", name, "--init")
    lines = [line.split("\t") for line in _run("list").stdout.splitlines()]
    assert [line[0] for line in lines] == ["a", "b"]
    assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", line[1]) for line in lines)


def test_a_removed_client_is_gone() -> None:
    """Its secret counts no more, and removing it twice is one sentence."""
    secret = _run("add", "a", "--init").stdout.strip()
    assert _run("remove", "a").stdout == "removed a\n"
    assert not asyncio.run(_knows("a", secret))
    assert _run("remove", "a").stderr == "Error: there is no client named 'a'\n"


@pytest.mark.parametrize(
    ("name", "status"),
    [("a" * 64, 0), ("a" * 65, 1), ("", 1), ("a:b", 1), ("a b", 1), ("ä", 1)],
)
def test_a_name_needs_no_escaping(name: str, status: int) -> None:
    """1 to 64 characters that are the same in a URL, a form and a header."""
    assert _run("add", name, "--init").exit_code == status
