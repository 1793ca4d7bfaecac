"""Which spellings of a name share a count, and where."""

import json
import sys
from collections.abc import AsyncIterator
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from clock import Clock
from quart_jwt.service.accounts.throttle_names import coarse_name
from quart_jwt.service.accounts.throttle_names import exact_name
from quart_jwt.service.app import create_app
from quart_jwt.service.settings.groups import Throttling
from quart_jwt.service.settings.settings import read_settings
from service.installing import install
from service.installing import THAT_IS_CASELESS
from service.kit import bearer
from service.kit import PASSWORD
from service.kit import SECRET
from service.kit import Service

FREE = Throttling().free_failures
SPELLINGS = [
    "jose",
    "JOSE",
    "jos\u00e9",
    "j o s e",
    "j\u00a0ose",
    "\uff4aose",
    "jo\u017fe",
    "jo\ufe0fse",
    "j\u034fose",
    "j\ufffcose",
]

Opened = Callable[[str], AbstractAsyncContextManager[Service]]


@pytest.fixture(name="opened")
def _opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Opened:
    """Give a service with a directory in which case does not matter."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "caseless", raising=False)
    people = {"ada": {"password": PASSWORD}}
    (tmp_path / "people.json").write_text(json.dumps(people))

    @asynccontextmanager
    async def opened(factory: str) -> AsyncIterator[Service]:
        install(site, "caseless", THAT_IS_CASELESS, name="caseless", factory=factory)
        environ = {
            "SECRET_KEY": SECRET,
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/test.db",
            "USER_DIRECTORY": "caseless",
            "USER_DIRECTORY_PATH": str(tmp_path / "people.json"),
        }
        named = {f"QUART_JWT_{name}": text for name, text in environ.items()}
        app = create_app(read_settings(named), clock)
        async with app.test_app():
            yield Service(app=app, client=app.test_client(), clock=clock)

    return opened


async def _sign_in(
    service: Service, name: str, password: str = "wrong", *, number: int = 0
) -> Any:
    return await service.client.post(
        "/login",
        json={"username": name, "password": password},
        scope_base={"client": (f"203.0.113.{number}", 1)},
    )


def test_spellings_that_a_directory_may_take_for_one_are_one() -> None:
    """RFC 4518 section 2, and accents, which some directories overlook."""
    assert {coarse_name(one) for one in SPELLINGS} == {"jose"}
    assert coarse_name("STRASSE") == coarse_name("stra\u00dfe")
    assert coarse_name("\u212bsa") == coarse_name("a\u030aSA")
    assert coarse_name("ada") != coarse_name("grace")


def test_our_own_names_count_exactly() -> None:
    """Upper and lower case are two users there."""
    assert [exact_name(one) for one in SPELLINGS] == SPELLINGS


@pytest.mark.parametrize("factory", ["CaselessDirectory", "KnowingDirectory"])
async def test_another_spelling_is_no_further_guess(
    opened: Opened, factory: str
) -> None:
    """However an account is written, from however many addresses: ten are free."""
    spellings = ["ada", "Ada", "aDa", "adA", "ADa", "aDA", "AdA", "ADA"] * 2
    async with opened(factory) as service:
        statuses = [
            (await _sign_in(service, name, number=number)).status_code
            for number, name in enumerate(spellings)
        ]
        assert statuses == [401] * FREE + [429] * (len(spellings) - FREE)
        right = await _sign_in(service, "AdA", PASSWORD, number=99)
        assert right.status_code == 429
        service.clock.advance(30)
        right = await _sign_in(service, "AdA", PASSWORD, number=99)
        assert right.status_code == 200


async def test_a_directory_may_know_better(opened: Opened) -> None:
    """To one that says so, an accent is another user."""
    async with opened("KnowingDirectory") as service:
        for number in range(FREE):
            await _sign_in(service, "ada", number=number)
        assert (await _sign_in(service, "ada", number=98)).status_code == 429
        assert (await _sign_in(service, "ad\u00e1", number=99)).status_code == 401


@pytest.mark.parametrize("name", ["raises", "nothing"])
async def test_a_directory_that_cannot_say_lets_nobody_in(
    opened: Opened, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """503, and the name that was typed is not in the log."""
    async with opened("KnowingDirectory") as service:
        answer = await _sign_in(service, name)
        assert answer.status_code == 503
        assert (await answer.get_json())["code"] == "directory_unavailable"
    (said,) = [
        one.getMessage() for one in caplog.records if "caseless" in one.msg % one.args
    ]
    assert f"no name: {name}" not in said


async def test_a_password_change_shares_the_count(opened: Opened) -> None:
    """Whoever has a token gets no further guesses by it."""
    async with opened("ChangingDirectory") as service:
        signed_in = await _sign_in(service, "ADA", PASSWORD, number=99)
        token = (await signed_in.get_json())["access_token"]
        for number in range(FREE):
            await _sign_in(service, "ADA", number=number)
        answer = await service.client.post(
            "/password",
            json={"current_password": "wrong", "new_password": "a new pass phrase"},
            headers=bearer(token),
            scope_base={"client": ("203.0.113.98", 1)},
        )
        assert answer.status_code == 429
