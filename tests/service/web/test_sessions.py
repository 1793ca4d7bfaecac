"""Sessions of the service: rotation, reuse, lists, and every way to end them."""

import asyncio
from typing import Any

import pytest

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from service.kit import bearer
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import SECRET
from service.kit import Service


async def _ask(service: Service, method: str, path: str, token: str) -> Any:
    response = await service.client.open(path, method=method, headers=bearer(token))
    return response.status_code, await response.get_json()


async def _refresh(service: Service, token: str) -> Any:
    return await _ask(service, "POST", "/refresh", token)


async def test_a_refresh_rotates(service: Service) -> None:
    """Each refresh gives a new refresh token, and the next one goes on with it."""
    await service.add()
    tokens = await service.log_in()
    seen = {tokens["refresh_token"]}
    for _ in range(5):
        status, tokens = await _refresh(service, tokens["refresh_token"])
        assert status == 200
        seen.add(tokens["refresh_token"])
        service.clock.advance(60)

    assert len(seen) == 6


@pytest.mark.parametrize(("moved", "status"), [(9, 200), (10, 401), (11, 401)])
async def test_a_used_refresh_token_has_ten_seconds(
    service: Service, moved: int, status: int
) -> None:
    """Then it is reuse: both it and its successor are dead, and so is the session."""
    await service.add()
    first = await service.log_in()
    _, second = await _refresh(service, first["refresh_token"])
    service.clock.advance(moved)
    answer = await _refresh(service, first["refresh_token"])

    assert answer[0] == status
    if status == 200:
        assert answer[1]["refresh_token"] == second["refresh_token"]
    else:
        assert answer[1]["code"] == "token_revoked"
    assert (await _refresh(service, second["refresh_token"]))[0] == status
    assert await service.status("GET", "/protected", second["access_token"]) == status


async def test_refreshes_at_once_are_one(service: Service) -> None:
    """A hundred of one token get the same successor, and nobody is logged out."""
    await service.add()
    tokens = await service.log_in()
    answers = await asyncio.gather(
        *(_refresh(service, tokens["refresh_token"]) for _ in range(100))
    )

    assert {status for status, _ in answers} == {200}
    assert len({body["refresh_token"] for _, body in answers}) == 1


async def test_sessions_are_listed(service: Service) -> None:
    """When each began, when it was refreshed and ends, and which one asks."""
    await service.add()
    await service.add("bob")
    await service.log_in("bob")
    first = await service.log_in()
    service.clock.advance(60)
    await service.log_in()
    _, first = await _refresh(service, first["refresh_token"])
    status, listed = await _ask(service, "GET", "/sessions", first["access_token"])
    shown = [{**one, "id": None} for one in listed["sessions"]]
    common = {"id": None, "user_agent": None, "address": None}

    assert status == 200
    assert shown == [
        {
            **common,
            "created_at": "2023-11-14T22:13:20Z",
            "refreshed_at": "2023-11-14T22:14:20Z",
            "expires_at": "2023-12-14T22:13:20Z",
            "is_current": True,
        },
        {
            **common,
            "created_at": "2023-11-14T22:14:20Z",
            "refreshed_at": "2023-11-14T22:14:20Z",
            "expires_at": "2023-12-14T22:14:20Z",
            "is_current": False,
        },
    ]


async def test_one_session_is_ended_by_its_id(service: Service) -> None:
    """One's own; another user's is not found, and goes on."""
    await service.add()
    await service.add("bob")
    mine, other = await service.log_in(), await service.log_in("bob")
    ids = {}
    for name, tokens in (("mine", mine), ("other", other)):
        _, listed = await _ask(service, "GET", "/sessions", tokens["access_token"])
        ids[name] = listed["sessions"][0]["id"]
    for one, status in (("other", 404), ("mine", 200)):
        path = f"/sessions/{ids[one]}"
        assert await service.status("DELETE", path, mine["access_token"]) == status

    assert await service.status("GET", "/protected", mine["access_token"]) == 401
    assert await service.status("GET", "/protected", other["access_token"]) == 200


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/logout/all", [401, 401, 401]), ("/logout/others", [401, 200, 401])],
)
async def test_many_sessions_end_at_once(
    service: Service, path: str, expected: list[int]
) -> None:
    """All of them, or all but the one that asks; other users' go on."""
    await service.add()
    await service.add("bob")
    mine = [await service.log_in() for _ in range(3)]
    other = await service.log_in("bob")
    answer = await _ask(service, "POST", path, mine[1]["access_token"])
    statuses = [
        await service.status("GET", "/protected", tokens["access_token"])
        for tokens in mine
    ]

    assert answer == (200, {"ended": expected.count(401)})
    assert statuses == expected
    assert await service.status("GET", "/protected", other["access_token"]) == 200
    again = await service.log_in()
    assert await service.status("GET", "/protected", again["access_token"]) == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sessions"),
        ("DELETE", "/sessions/x"),
        ("POST", "/logout/all"),
        ("POST", "/logout/others"),
    ],
)
async def test_sessions_are_the_users_own_affair(
    service: Service, method: str, path: str
) -> None:
    """Without a token there are none, and a refresh token does not do."""
    await service.add()
    tokens = await service.log_in()
    response = await service.client.open(path, method=method)

    assert (await response.get_json())["code"] == "missing_token"
    assert (
        await service.code(method, path, tokens["refresh_token"]) == "wrong_token_type"
    )


@pytest.mark.parametrize("change", ["password", "disabled"])
async def test_a_session_dies_with_what_it_stands_on(
    service: Service, change: str
) -> None:
    """Another password and disabling end it, and enabling does not bring it back."""
    await service.add()
    tokens = await service.log_in()
    resources = service.resources
    if change == "password":
        await service.changes.set_password(NAME, await resources.passwords.hash("x"))
    else:
        await service.changes.disable(NAME)
        await resources.accounts.enable(NAME)

    for method, path, which in (
        ("GET", "/protected", "access_token"),
        ("POST", "/refresh", "refresh_token"),
        ("GET", "/sessions", "access_token"),
    ):
        assert await service.code(method, path, tokens[which]) == "token_revoked"
    assert await service.status("POST", "/logout", tokens["access_token"]) == 200


async def test_a_refused_user_is_not_refreshed(service: Service) -> None:
    """A refresh of a disabled user is no rotation, and ends the session."""
    await service.add()
    tokens = await service.log_in()
    await service.resources.accounts.disable(NAME)
    status, said = await _refresh(service, tokens["refresh_token"])

    assert (status, said["code"]) == (401, "token_revoked")
    assert await service.resources.sessions.live(NAME, now=service.clock()) == []


async def test_reuse_in_a_cookie_removes_all_cookies(service: Service) -> None:
    """They are dead; a replay within the grace removes none."""
    await service.add()
    login = {"username": NAME, "password": PASSWORD, "cookies": True}
    await service.client.post("/login", json=login)
    jar = {one.name: one.value for one in service.client.cookie_jar}
    headers = {"X-CSRF-TOKEN": jar["csrf_refresh_token"]}
    removed = []
    for moved in (0, 9, 1):
        service.clock.advance(moved)
        service.client.set_cookie(
            "localhost",
            "refresh_token_cookie",
            jar["refresh_token_cookie"],
            path="/refresh",
        )
        response = await service.client.post("/refresh", headers=headers)
        lines = response.headers.getlist("Set-Cookie")
        removed.append(sum("=;" in line for line in lines))

    assert removed == [0, 0, 4]


async def test_health_needs_the_sessions(service: Service) -> None:
    """A store that does not answer makes the service unhealthy."""
    from quart_jwt.exceptions import StoreError

    async def away() -> None:
        raise StoreError("away")

    service.resources.sessions.ping = away  # type: ignore[method-assign]
    response = await service.client.get("/healthz")

    assert response.status_code == 503
    assert (await response.get_json())["code"] == "store_unavailable"
    assert response.headers["Retry-After"] == "1"


async def test_details_are_recorded_where_they_are_allowed(
    settings: Settings, clock: Clock
) -> None:
    """The operator says what a session keeps of the client."""
    import dataclasses

    allowed = dataclasses.replace(settings, session_details=("user_agent",))
    app = create_app(allowed, clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        login = {"username": NAME, "password": PASSWORD}
        headers = {"User-Agent": "a browser"}
        response = await service.client.post("/login", json=login, headers=headers)
        token = (await response.get_json())["access_token"]
        _, listed = await _ask(service, "GET", "/sessions", token)

    assert listed["sessions"][0]["user_agent"] == "a browser"
    assert listed["sessions"][0]["address"] is None


def test_details_are_a_setting() -> None:
    """Two names, separated by commas; another one is a fault."""
    environ = {"QUART_JWT_SECRET_KEY": SECRET}
    name = "QUART_JWT_SESSION_DETAILS"
    both = read_settings({**environ, name: " user_agent, address"})

    assert read_settings(environ).session_details == ()
    assert both.session_details == ("user_agent", "address")
    with pytest.raises(SettingsError, match=name):
        read_settings({**environ, name: "user_agent,nonsense"})
