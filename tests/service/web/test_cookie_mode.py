from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.settings.settings import Settings
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import SECRET
from service.kit import Service

LOGIN = {"username": NAME, "password": PASSWORD, "cookies": True}


def _cookies(response: Any) -> dict[str, Any]:
    jar: SimpleCookie = SimpleCookie()
    for line in response.headers.getlist("Set-Cookie"):
        jar.load(line)
    return dict(jar)


async def _log_in(service: Service) -> dict[str, Any]:
    response = await service.client.post("/login", json=LOGIN)
    assert response.status_code == 200
    assert await response.get_json() == {"cookies": True, "expires_in": 900}
    return _cookies(response)


async def test_the_whole_way(service: Service) -> None:
    """Log in, be let in, expire, refresh, be let in again, log out; no token seen."""
    await service.add()
    first = await _log_in(service)
    response = await service.client.get("/protected")
    assert await response.get_json() == {"logged_in_as": NAME}

    service.clock.advance(901)
    assert (await service.client.get("/protected")).status_code == 401
    response = await service.client.post(
        "/refresh", headers={"X-CSRF-TOKEN": first["csrf_refresh_token"].value}
    )
    assert await response.get_json() == {"cookies": True, "expires_in": 900}
    second = _cookies(response)
    assert set(first) == set(second)
    assert (await service.client.get("/protected")).status_code == 200

    response = await service.client.post(
        "/logout", headers={"X-CSRF-TOKEN": second["csrf_access_token"].value}
    )
    assert await response.get_json() == {"logged_out": True}
    assert {""} == {cookie.value for cookie in _cookies(response).values()}
    assert set(first) == set(_cookies(response))
    assert (await service.client.get("/protected")).status_code == 401
    for name, path in (
        ("access_token_cookie", "/"),
        ("refresh_token_cookie", "/refresh"),
    ):
        service.client.set_cookie("localhost", name, first[name].value, path=path)
    response = await service.client.post(
        "/refresh", headers={"X-CSRF-TOKEN": first["csrf_refresh_token"].value}
    )
    assert (await response.get_json())["code"] == "token_revoked"


async def test_cookies_have_their_attributes(service: Service) -> None:
    """Tokens are out of scripts' reach; the refresh token goes to one path only."""
    await service.add()
    cookies = await _log_in(service)
    assert {
        name: (cookie["path"], bool(cookie["httponly"]))
        for name, cookie in cookies.items()
    } == {
        "access_token_cookie": ("/", True),
        "refresh_token_cookie": ("/refresh", True),
        "csrf_access_token": ("/", False),
        "csrf_refresh_token": ("/", False),
    }
    assert {"Lax"} == {cookie["samesite"] for cookie in cookies.values()}
    assert {""} == {cookie["secure"] for cookie in cookies.values()}


async def test_secure_cookies_are_secure(settings: Settings, clock: Clock) -> None:
    """The default keeps cookies on HTTPS."""
    app = create_app(
        Settings(
            storage=settings.storage, secret_key=SECRET, hash_cost=settings.hash_cost
        ),
        clock,
    )
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        cookies = await _log_in(service)
    assert {True} == {cookie["secure"] for cookie in cookies.values()}


@pytest.mark.parametrize("moved", [0, 901], ids=["now", "expired"])
@pytest.mark.parametrize("path", ["/logout", "/refresh"])
async def test_a_post_needs_the_csrf_value(
    service: Service, path: str, moved: int
) -> None:
    """Another site's request is refused, also with an expired token, and harmless."""
    await service.add()
    cookies = await _log_in(service)
    service.clock.advance(moved)
    for value in (None, "", "wrong", "\u00e9", "x" * 5000):
        headers = {} if value is None else {"X-CSRF-TOKEN": value}
        response = await service.client.post(path, headers=headers)
        assert (
            response.status_code,
            (await response.get_json())["code"],
            response.headers["WWW-Authenticate"],
        ) == (401, "csrf_failed", 'Bearer error="invalid_token"'), value
        assert _cookies(response) == {}
    response = await service.client.post(
        "/refresh", headers={"X-CSRF-TOKEN": cookies["csrf_refresh_token"].value}
    )
    assert response.status_code == 200


async def test_another_sessions_csrf_value_does_not_do(service: Service) -> None:
    """The value belongs to the token and not to the user."""
    await service.add()
    other = await _log_in(service)
    await _log_in(service)
    response = await service.client.post(
        "/logout", headers={"X-CSRF-TOKEN": other["csrf_access_token"].value}
    )
    assert (await response.get_json())["code"] == "csrf_failed"


async def test_an_expired_cookie_still_logs_out(service: Service) -> None:
    """Coming back after a quarter of an hour, one can leave without a refresh."""
    await service.add()
    cookies = await _log_in(service)
    service.clock.advance(901)
    response = await service.client.post(
        "/logout", headers={"X-CSRF-TOKEN": cookies["csrf_access_token"].value}
    )
    assert response.status_code == 200
    service.client.set_cookie(
        "localhost",
        "refresh_token_cookie",
        cookies["refresh_token_cookie"].value,
        path="/refresh",
    )
    response = await service.client.post(
        "/refresh", headers={"X-CSRF-TOKEN": cookies["csrf_refresh_token"].value}
    )
    assert (await response.get_json())["code"] == "token_revoked"


async def test_without_cookies_there_is_nobody(service: Service) -> None:
    """No cookie and no header is a missing token, everywhere."""
    calls: list[Callable[[], Any]] = [
        lambda: service.client.get("/protected"),
        lambda: service.client.post("/refresh"),
        lambda: service.client.post("/logout"),
    ]
    for call in calls:
        response = await call()
        assert (await response.get_json())["code"] == "missing_token"
        assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_too_large_for_a_cookie_is_refused(service: Service) -> None:
    """A browser would drop it in silence; the answer says so instead."""
    name = "\U0001f600" * 256
    await service.add(name)
    response = await service.client.post("/login", json={**LOGIN, "username": name})
    assert (
        response.status_code,
        (await response.get_json())["code"],
    ) == (400, "token_too_large")
    assert _cookies(response) == {}


async def test_a_form_of_another_site_cannot_log_in(service: Service) -> None:
    """What an HTML form can send is not taken: no login CSRF."""
    await service.add()
    for content_type in ("text/plain", "application/x-www-form-urlencoded", None):
        headers = {} if content_type is None else {"Content-Type": content_type}
        response = await service.client.post(
            "/login",
            data=b'{"username":"alice","password":"x","cookies":true}',
            headers=headers,
        )
        assert response.status_code == 415


@pytest.mark.parametrize("first", ["evil", None])
async def test_two_cookies_of_one_name_are_refused(
    service: Service, first: str | None
) -> None:
    """A neighbouring host name can set one; signing in goes on all the same."""
    await service.add()
    cookies = await _log_in(service)
    token = cookies["access_token_cookie"].value
    both = [first, token] if first else [token, "evil"]
    line = "; ".join(f"access_token_cookie={one}" for one in both)
    client = service.app.test_client(use_cookies=False)
    headers = {"Cookie": line}
    answer = await client.get("/protected", headers=headers)
    assert answer.status_code == 401
    assert (await answer.get_json())["code"] == "invalid_token"
    assert (await client.post("/login", json=LOGIN, headers=headers)).status_code == 200
