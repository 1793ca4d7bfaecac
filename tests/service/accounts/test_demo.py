import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from quart_jwt.service.accounts.accounts import Accounts
from quart_jwt.service.accounts.demo import DemoAccount
from quart_jwt.service.accounts.demo import ensure_demo
from quart_jwt.service.accounts.opened import opened_accounts
from quart_jwt.service.accounts.passwords import Passwords
from service.kit import QUICK

Desk = tuple[Accounts, Passwords]


@pytest.fixture(name="desk")
async def _desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened_accounts(f"sqlite+aiosqlite:///{tmp_path}/x.db", QUICK) as desk:
        yield desk


async def test_the_first_start_in_development_makes_it(desk: Desk) -> None:
    """The password is random, shown once, and fits."""
    accounts, passwords = desk
    demo = await ensure_demo(accounts, passwords, "development")
    assert (demo.users, demo.exists) == (1, True)
    assert demo.password is not None
    assert re.fullmatch("[A-Za-z0-9]{20}", demo.password)
    assert demo.password not in repr(demo)
    account = await accounts.find("demo")
    assert account is not None
    assert (await passwords.verify(account.password_hash, demo.password)).matches


async def test_later_starts_do_not_know_the_password(desk: Desk) -> None:
    """The second start finds the account and changes nothing."""
    first = await ensure_demo(*desk, "development")
    again = await ensure_demo(*desk, "development")
    assert DemoAccount(users=1, exists=True) == again
    assert first.password != again.password


async def test_production_never_makes_it(desk: Desk) -> None:
    """An empty database stays empty."""
    demo = await ensure_demo(*desk, "production")
    assert DemoAccount(users=0, exists=False) == demo
    assert await desk[0].count() == 0


async def test_a_database_with_users_gets_none(desk: Desk) -> None:
    """Who has users needs no demo."""
    await desk[0].add("alice", "h")
    demo = await ensure_demo(*desk, "development")
    assert DemoAccount(users=1, exists=False) == demo


async def test_of_two_first_starts_one_makes_it(desk: Desk) -> None:
    """Two at once make one account, and one password is shown."""
    demos = await asyncio.gather(*(ensure_demo(*desk, "development") for _ in range(5)))
    assert sum(demo.password is not None for demo in demos) == 1
    assert await desk[0].count() == 1


async def test_who_comes_second_shows_no_password(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that counted nobody, and then found the name taken, says so."""
    await ensure_demo(*desk, "development")

    async def nobody() -> int:
        return 0

    monkeypatch.setattr(desk[0], "count", nobody)
    demo = await ensure_demo(*desk, "development")
    assert DemoAccount(users=1, exists=True) == demo
