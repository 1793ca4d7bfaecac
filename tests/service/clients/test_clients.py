"""Clients in the database: who is known by which secret."""

import hmac
from typing import Any

import pytest

from clock import Clock
from quart_jwt.service.clients import clients as module
from quart_jwt.service.clients.clients import Clients
from quart_jwt.service.database.database import Database


@pytest.fixture(name="clients")
def _clients(database: Database, clock: Clock) -> Clients:
    return Clients(database, clock)


async def test_a_secret_is_its_clients(clients: Clients) -> None:
    """Each knows its own, exactly, and nobody another's."""
    ours, theirs = await clients.add("ours"), await clients.add("theirs")
    assert await clients.knows("ours", ours)
    wrong = [theirs, ours[:-1], ours + "=", ours.swapcase(), "", "\0", "é"]
    assert not any([await clients.knows("ours", secret) for secret in wrong])
    assert not await clients.knows("OURS", ours)


@pytest.mark.parametrize("name", ["nobody", "", "\0", "a:b", "x" * 10_000])
async def test_an_unknown_client_costs_the_same(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One look-up and one comparison of two hashes, whoever asks."""
    await clients.add("known")
    counted: list[str] = []

    async def rows(question: Any) -> Any:
        counted.append("look-up")
        return await asked(question)

    def compared(one: str, other: str) -> bool:
        counted.append(f"{len(one)}:{len(other)}")
        return hmac.compare_digest(one, other)

    asked = clients._database.rows
    monkeypatch.setattr(clients._database, "rows", rows)
    monkeypatch.setattr(module, "compare_digest", compared)
    for asking in ("known", name):
        assert not await clients.knows(asking, "wrong")
    assert counted == ["look-up", "64:64"] * 2
