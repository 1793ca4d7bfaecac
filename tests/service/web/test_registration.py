import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.events import Event
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.events import security_events
from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.settings.settings import Settings
from service.kit import claims
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service
from service.kit import with_registration

OTHER = "another password"


async def _register(service: Service, name: Any = NAME, password: Any = OTHER) -> Any:
    return await service.client.post(
        "/register", json={"username": name, "password": password}
    )


@pytest.fixture(name="events")
async def _events() -> AsyncIterator[list[Event]]:
    heard: list[Event] = []
    with security_events.connected_to(heard.append):
        yield heard


async def test_it_is_off_by_default(service: Service) -> None:
    """Without the setting there is no such page, whatever is sent."""
    assert (await _register(service)).status_code == 404
    assert (await service.client.get("/register")).status_code == 404
    assert await service.resources.accounts.count() == 0


async def test_a_stranger_becomes_a_user(
    anywhere: Service, events: list[Event]
) -> None:
    """Registered, normalised, told, and let in; without any rights."""
    response = await _register(anywhere, "e\u0301ve")
    assert (response.status_code, await response.get_json()) == (
        202,
        {"accepted": True},
    )
    assert events == [Event(kind=Kind.REGISTERED, subject="\u00e9ve")]
    tokens = await anywhere.log_in("\u00e9ve", OTHER)
    assert not {"roles", "scope"} & set(claims(tokens["access_token"]))


async def test_a_taken_name_is_not_told(
    anywhere: Service, events: list[Event], hashed: list[str], verified: list[str]
) -> None:
    """The same answer byte for byte, and the same hash; the user is untouched."""
    before = await anywhere.add()
    hashed.clear()
    free = await _register(anywhere, "bob")
    taken = await _register(anywhere)
    for answer in (free, taken):
        del answer.headers["X-Request-ID"]  # each request has its own
    assert list(free.headers) == list(taken.headers)
    assert (free.status_code, await free.get_data()) == (
        taken.status_code,
        await taken.get_data(),
    )
    assert (hashed, verified) == ([OTHER, OTHER], [])
    assert before == await anywhere.resources.accounts.find(NAME)
    assert [event.subject for event in events] == ["bob"]
    assert await anywhere.log_in()


async def test_a_taken_name_writes_as_much(service: Service) -> None:
    """A commit that has nothing to write is quicker, and would tell."""
    accounts = service.resources.accounts
    database = service.resources.database
    wal = service.resources.settings.storage.state_dir / "test.db-wal"
    await accounts.add(NAME, "h")
    sizes = [wal.stat().st_size]
    for name in ("bob", NAME, "carol", NAME):
        await accounts.register(name, f"hash for {name}", Grants())
        sizes.append(wal.stat().st_size)
    grown = [after - before for before, after in pairwise(sizes)]
    assert all(size > 0 for size in grown)
    await database.ping()


async def test_a_disabled_user_stays_so(anywhere: Service) -> None:
    """Registering the name of somebody who was shut out opens nothing."""
    await anywhere.add()
    await anywhere.resources.accounts.disable(NAME)
    assert (await _register(anywhere)).status_code == 202
    response = await anywhere.client.post(
        "/login", json={"username": NAME, "password": OTHER}
    )
    assert response.status_code == 401


async def test_new_users_get_what_the_settings_say(
    settings: Settings, clock: Clock
) -> None:
    """Roles and scopes of the settings, and none that the client sends."""
    granted = Grants(roles=("reader",), scopes=("orders:read",))
    app = create_app(with_registration(settings, granted), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        body = {"username": NAME, "password": OTHER, "roles": ["admin"]}
        response = await service.client.post("/register", json=body)
        assert (await response.get_json())["code"] == "unknown_field"
        await _register(service)
        tokens = await service.log_in(password=OTHER)
    said = claims(tokens["access_token"])
    assert (said["roles"], said["scope"]) == (["reader"], "orders:read")


BREAKING: dict[str, tuple[str, Any, str]] = {
    "no-name": ("", OTHER, "invalid_username"),
    "long-name": ("a" * 257, OTHER, "invalid_username"),
    "nul": ("a\0", OTHER, "malformed_json"),
    "7-characters": ("a", "x" * 7, "invalid_password"),
    "1025-bytes": ("a", "x" * 1025, "invalid_password"),
    "1025-utf-8": ("a", "\u20ac" * 341 + "xy", "invalid_password"),
    "nul-password": ("a", "a\0bcdefgh", "malformed_json"),
    "null": ("a", None, "wrong_field_type"),
}


async def test_what_breaks_the_rules_is_never_hashed(
    anywhere: Service, hashed: list[str]
) -> None:
    """Such an answer says something about what was sent, and nothing about users."""
    hashed.clear()
    for fault, (name, password, code) in BREAKING.items():
        response = await _register(anywhere, name, password)
        said = (response.status_code, (await response.get_json())["code"])
        assert said == (400, code), fault
    assert hashed == []


@pytest.mark.parametrize("password", ["x" * 8, "x" * 1024, "\U0001f600" * 256])
async def test_a_password_counts_to_its_last_byte(
    anywhere: Service, password: str
) -> None:
    """From 8 characters to 1,024 bytes, and nothing is cut off."""
    await _register(anywhere, password=password)
    assert await anywhere.log_in(password=password)
    response = await anywhere.client.post(
        "/login", json={"username": NAME, "password": password[:-1]}
    )
    assert response.status_code == 401


async def test_a_form_cannot_register(anywhere: Service) -> None:
    """What a page of another site can send without asking is refused."""
    response = await anywhere.client.post(
        "/register", form={"username": "a", "password": OTHER}
    )
    assert response.status_code == 415
    assert await anywhere.resources.accounts.count() == 0


async def test_a_flood_is_turned_away(
    anywhere: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full queue answers 503 for free and for taken names alike."""
    await anywhere.add()
    monkeypatch.setattr(anywhere.resources.passwords, "_limit", 0)
    answers = set()
    for name in (NAME, "bob"):
        response = await _register(anywhere, name)
        answers.add((response.status_code, await response.get_data()))
    assert {503} == {status for status, _ in answers}
    assert len(answers) == 1
    assert await anywhere.resources.accounts.count() == 1


async def test_of_many_at_once_one_gets_the_name(
    anywhere: Service, events: list[Event]
) -> None:
    """Ten who want a name at once hear the same; one of them can log in."""
    passwords = [f"password {number}" for number in range(10)]
    answers = await asyncio.gather(
        *(_register(anywhere, password=password) for password in passwords)
    )
    assert {202} == {answer.status_code for answer in answers}
    statuses = [
        (
            await anywhere.client.post(
                "/login", json={"username": NAME, "password": password}
            )
        ).status_code
        for password in (*passwords, PASSWORD)
    ]
    assert statuses.count(200) == 1
    assert [event.kind for event in events].count(Kind.REGISTERED) == 1
