import asyncio
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any
from typing import NoReturn

import pytest

from clock import Clock
from quart_jwt.exceptions import StoreError
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import DirectoryError
from quart_jwt.service.ground.events import Event
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.events import security_events
from quart_jwt.service.ground.grants import Grants
from service.kit import bearer
from service.kit import claims
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

NEW = "a new pass phrase"


async def _change(
    service: Service, token: str, current: Any = PASSWORD, new: Any = NEW
) -> Any:
    return await service.client.post(
        "/password",
        json={"current_password": current, "new_password": new},
        headers=bearer(token),
    )


async def _log_in_status(service: Service, password: str) -> int:
    response = await service.client.post(
        "/login", json={"username": NAME, "password": password}
    )
    return int(response.status_code)


@pytest.fixture(name="events")
async def _events() -> AsyncIterator[list[Event]]:
    heard: list[Event] = []
    with security_events.connected_to(heard.append):
        yield heard


async def test_a_new_password_ends_every_session_but_the_new_one(
    anywhere: Service, events: list[Event]
) -> None:
    """Old tokens are dead at once, the answer's tokens live; other users stay."""
    await anywhere.add(grants=Grants(roles=("admin",)))
    await anywhere.add("bob")
    here, there = await anywhere.log_in(), await anywhere.log_in()
    other = await anywhere.log_in("bob")
    response = await _change(anywhere, here["access_token"])
    pair = await response.get_json()

    assert response.status_code == 200
    assert set(here) == set(pair)
    for old in (here, there):
        for method, path, which in (
            ("GET", "/protected", "access_token"),
            ("POST", "/refresh", "refresh_token"),
        ):
            assert await anywhere.code(method, path, old[which]) == "token_revoked"
    said = claims(pair["access_token"])
    assert (said["fresh"], said["roles"]) == (True, ["admin"])
    assert said["sid"] != claims(here["access_token"])["sid"]
    assert await anywhere.status("GET", "/protected", pair["access_token"]) == 200
    assert await anywhere.status("POST", "/refresh", pair["refresh_token"]) == 200
    assert await anywhere.status("GET", "/protected", other["access_token"]) == 200
    changes = [event for event in events if event.kind is Kind.PASSWORD_CHANGED]
    assert changes == [Event(kind=Kind.PASSWORD_CHANGED, subject=NAME)]


async def test_only_the_new_password_counts(anywhere: Service) -> None:
    """The old one is refused from then on, and the list has one session."""
    await anywhere.add()
    tokens = await anywhere.log_in()
    pair = await (await _change(anywhere, tokens["access_token"])).get_json()
    listed = await anywhere.client.get(
        "/sessions", headers=bearer(pair["access_token"])
    )
    assert len((await listed.get_json())["sessions"]) == 1
    assert await _log_in_status(anywhere, PASSWORD) == 401
    assert await _log_in_status(anywhere, NEW) == 200


@pytest.mark.parametrize(
    "current",
    ["wrong", "", "x" * 1025, PASSWORD + " ", PASSWORD.upper(), NEW],
    ids=["wrong", "empty", "1025-bytes", "longer", "upper-case", "new"],
)
async def test_a_wrong_current_password_changes_nothing(
    anywhere: Service, events: list[Event], hashed: list[str], current: str
) -> None:
    """One code for whatever is wrong with it; no hash, no change, no session lost."""
    await anywhere.add()
    tokens = await anywhere.log_in()
    hashed.clear()
    response = await _change(anywhere, tokens["access_token"], current)
    assert (response.status_code, await response.get_json()) == (
        403,
        {"msg": "The current password is wrong", "code": "wrong_password"},
    )
    assert hashed == []
    assert events[-1] == Event(
        kind=Kind.PASSWORD_CHANGE_REFUSED, subject=NAME, reason="wrong_password"
    )
    assert Kind.PASSWORD_CHANGED not in {event.kind for event in events}
    assert await anywhere.status("GET", "/protected", tokens["access_token"]) == 200
    assert await _log_in_status(anywhere, PASSWORD) == 200


async def test_a_change_costs_one_verification_and_one_hash(
    anywhere: Service, hashed: list[str], verified: list[str]
) -> None:
    """An old hash is not brought up to date just before it is replaced."""
    await anywhere.add()
    tokens = await anywhere.log_in()
    hashed.clear()
    verified.clear()
    await _change(anywhere, tokens["access_token"])
    assert (verified, hashed) == (["8,1,1"], [NEW])


@pytest.mark.parametrize(
    ("new", "code"),
    [
        pytest.param("x" * 7, "invalid_password", id="7-characters"),
        pytest.param("x" * 1025, "invalid_password", id="1025-bytes"),
        pytest.param("\u20ac" * 7, "invalid_password", id="21-bytes"),
        pytest.param(None, "wrong_field_type", id="null"),
    ],
)
async def test_a_new_password_keeps_the_rules(
    anywhere: Service, verified: list[str], new: Any, code: str
) -> None:
    """What cannot be the new one is refused before anything is hashed."""
    await anywhere.add()
    tokens = await anywhere.log_in()
    verified.clear()
    response = await _change(anywhere, tokens["access_token"], new=new)
    assert (400, code) == (response.status_code, (await response.get_json())["code"])
    assert verified == []


@pytest.mark.parametrize("new", ["x" * 8, "x" * 1024, "\U0001f600" * 256])
async def test_a_new_password_counts_to_its_last_byte(
    anywhere: Service, new: str
) -> None:
    """From 8 characters to 1,024 bytes."""
    await anywhere.add()
    tokens = await anywhere.log_in()
    assert (await _change(anywhere, tokens["access_token"], new=new)).status_code == 200
    assert await _log_in_status(anywhere, new[:-1]) == 401
    assert await _log_in_status(anywhere, new) == 200


async def test_it_takes_an_access_token(service: Service) -> None:
    """Nobody, and no refresh token, can change a password."""
    await service.add()
    tokens = await service.log_in()
    response = await service.client.post(
        "/password", json={"current_password": PASSWORD, "new_password": NEW}
    )
    assert (await response.get_json())["code"] == "missing_token"
    response = await _change(service, tokens["refresh_token"])
    assert (await response.get_json())["code"] == "wrong_token_type"
    assert await _log_in_status(service, PASSWORD) == 200


async def _cookies(response: Any) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    for line in response.headers.getlist("Set-Cookie"):
        jar.load(line)
    return {name: cookie.value for name, cookie in jar.items()}


async def test_who_came_with_cookies_goes_on_with_cookies(service: Service) -> None:
    """The four cookies are set anew, and no token stands in the body."""
    await service.add()
    body = {"username": NAME, "password": PASSWORD, "cookies": True}
    before = await _cookies(await service.client.post("/login", json=body))
    response = await service.client.post(
        "/password",
        json={"current_password": PASSWORD, "new_password": NEW},
        headers={"X-CSRF-TOKEN": before["csrf_access_token"]},
    )
    after = await _cookies(response)
    assert await response.get_json() == {"cookies": True, "expires_in": 900}
    assert set(before) == set(after)
    assert all(before[name] != after[name] for name in before)
    assert (await service.client.get("/protected")).status_code == 200


@pytest.mark.parametrize("value", [None, "wrong"])
async def test_another_site_cannot_change_it(
    service: Service, value: str | None
) -> None:
    """With a cookie the CSRF value is needed."""
    await service.add()
    body = {"username": NAME, "password": PASSWORD, "cookies": True}
    await service.client.post("/login", json=body)
    headers = {} if value is None else {"X-CSRF-TOKEN": value}
    response = await service.client.post(
        "/password",
        json={"current_password": PASSWORD, "new_password": NEW},
        headers=headers,
    )
    assert (response.status_code, (await response.get_json())["code"]) == (
        401,
        "csrf_failed",
    )
    assert await _log_in_status(service, PASSWORD) == 200


async def test_other_processes_hear_of_it_within_the_bound(
    anywhere: Service, clock: Clock
) -> None:
    """A second process with the same database refuses the old tokens."""
    app = create_app(anywhere.resources.settings, clock)
    async with app.test_app():
        other = Service(app=app, client=app.test_client(), clock=clock)
        await anywhere.add()
        tokens = await anywhere.log_in()
        assert await other.status("GET", "/protected", tokens["access_token"]) == 200
        pair = await (await _change(anywhere, tokens["access_token"])).get_json()
        assert await other.status("POST", "/refresh", tokens["refresh_token"]) == 401
        await other.becomes(401, "/protected", tokens["access_token"])
        assert await other.status("GET", "/protected", pair["access_token"]) == 200


async def test_of_changes_at_once_one_counts(anywhere: Service) -> None:
    """Ten changes from one password: one is done, nine are told that it is wrong."""
    await anywhere.add()
    tokens = await anywhere.log_in()
    passwords = [f"new password {number}" for number in range(10)]
    answers = await asyncio.gather(
        *(_change(anywhere, tokens["access_token"], new=new) for new in passwords)
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 403, 401}
    done = passwords[statuses.index(200)]
    assert await _log_in_status(anywhere, done) == 200


async def test_a_user_who_is_disabled_meanwhile_keeps_the_old_password(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that was overtaken by the operator is none."""
    await service.add()
    tokens = await service.log_in()
    resources = service.resources
    make = resources.passwords.hash

    async def overtaken(password: str) -> str:
        await resources.accounts.disable(NAME)
        return await make(password)

    monkeypatch.setattr(resources.passwords, "hash", overtaken)
    response = await _change(service, tokens["access_token"])
    assert response.status_code == 403
    await resources.accounts.enable(NAME)
    assert await _log_in_status(service, PASSWORD) == 200


async def test_without_the_session_store_old_sessions_are_not_refreshed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is a 503. The password is changed; access tokens run out."""
    await service.add()
    tokens = await service.log_in()

    async def away(*_arguments: Any, **_options: Any) -> Any:
        raise StoreError("away")

    monkeypatch.setattr(service.resources.sessions, "end_all", away)
    assert (await _change(service, tokens["access_token"])).status_code == 503
    monkeypatch.undo()
    assert await service.status("POST", "/refresh", tokens["refresh_token"]) == 401
    assert await service.status("GET", "/protected", tokens["access_token"]) == 401
    assert await _log_in_status(service, NEW) == 200


async def test_a_directory_that_cannot_tell_ends_the_sessions(
    service: Service, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have changed the password and have failed afterwards."""

    async def fail(*_: str) -> NoReturn:
        raise DirectoryError

    await service.add()
    tokens = await service.log_in()
    changing = service.resources.users.password_changing
    monkeypatch.setattr(changing, "change_password", fail)
    assert (await _change(service, tokens["access_token"])).status_code == 503
    assert await service.status("GET", "/protected", tokens["access_token"]) == 401
    assert await service.status("POST", "/refresh", tokens["refresh_token"]) == 401
    (event,) = [one for one in events if one.kind is Kind.PASSWORD_CHANGED]
    assert (event.subject, event.reason) == (NAME, "unknown")
