"""Cookies of sessions: when they are set, and when they are taken away."""

from http.cookies import SimpleCookie
from typing import Any

import pytest
from quart import Quart

from clock import Clock
from extension.session_apps import session_app
from stores.faulty import away
from stores.faulty import faulty_store
from stores.faulty import slow

ALL = {
    "access_token_cookie",
    "csrf_access_token",
    "csrf_refresh_token",
    "refresh_token_cookie",
}


@pytest.fixture(name="store")
def _store() -> Any:
    return faulty_store()


@pytest.fixture(name="app")
def _app(clock: Clock, store: Any) -> Quart:
    return session_app(clock, store)


@pytest.fixture(name="client")
def _client(app: Quart) -> Any:
    return app.test_client()


def _cookies(response: Any) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    for line in response.headers.getlist("Set-Cookie"):
        jar.load(line)
    return {name: cookie.value for name, cookie in jar.items()}


async def _log_in(client: Any) -> dict[str, str]:
    return _cookies(await client.post("/login?cookies=1", json={}))


async def _refresh(client: Any, csrf: str, path: str = "/refresh") -> Any:
    return await client.post(path, headers={"X-CSRF-TOKEN": csrf})


def _replay(client: Any, cookies: dict[str, str]) -> None:
    client.set_cookie(
        "localhost", "refresh_token_cookie", cookies["refresh_token_cookie"]
    )


async def test_a_refresh_sets_all_four(client: Any) -> None:
    """Both tokens are new, and so are their CSRF values."""
    first = await _log_in(client)
    response = await _refresh(client, first["csrf_refresh_token"])
    second = _cookies(response)

    assert response.status_code == 200
    assert set(first) == set(second) == ALL
    assert [name for name in ALL if first[name] == second[name]] == []


async def test_two_tabs_get_the_same_refresh_cookies(client: Any) -> None:
    """The CSRF value, too, so that it does not matter whose answer comes last."""
    first = await _log_in(client)
    one = _cookies(await _refresh(client, first["csrf_refresh_token"]))
    _replay(client, first)
    other = _cookies(await _refresh(client, first["csrf_refresh_token"]))

    for name in ("refresh_token_cookie", "csrf_refresh_token"):
        assert one[name] == other[name] != first[name]


async def test_reuse_takes_the_cookies_away(client: Any, clock: Clock) -> None:
    """They are of no use any more."""
    first = await _log_in(client)
    await _refresh(client, first["csrf_refresh_token"])
    clock.advance(10)
    _replay(client, first)
    response = await _refresh(client, first["csrf_refresh_token"])

    assert response.status_code == 401
    assert _cookies(response) == dict.fromkeys(ALL, "")


async def test_a_session_that_is_gone_takes_the_cookies_away(
    client: Any, app: Quart
) -> None:
    """The rotation itself says so; no other refusal does."""
    first = await _log_in(client)
    logout = await client.post(
        "/logout", headers={"X-CSRF-TOKEN": first["csrf_access_token"]}
    )
    plain = await _refresh(client, first["csrf_refresh_token"])
    gone = await _refresh(client, first["csrf_refresh_token"], "/refresh-unchecked")

    assert (logout.status_code, plain.status_code, gone.status_code) == (200, 401, 401)
    assert _cookies(plain) == {}
    assert _cookies(gone) == dict.fromkeys(ALL, "")


@pytest.mark.parametrize("lost", ["fault", "after"])
async def test_trouble_of_the_store_leaves_the_cookies(
    client: Any, store: Any, lost: str
) -> None:
    """A 503 is no reason to log anybody out, and the next try finds all in place."""
    first = await _log_in(client)
    setattr(store, lost, away)
    response = await _refresh(client, first["csrf_refresh_token"], "/refresh-unchecked")
    assert response.status_code == 503
    assert _cookies(response) == {}
    setattr(store, lost, slow)

    again = await _refresh(client, first["csrf_refresh_token"])
    assert (again.status_code, set(_cookies(again))) == (200, ALL)


async def test_a_token_of_a_header_takes_no_cookies_away(
    client: Any, clock: Clock
) -> None:
    """Reuse in a header says nothing about the cookies of this browser."""
    response = await client.post("/login", json={})
    token = (await response.get_json())["refresh_token"]
    headers = {"Authorization": f"Bearer {token}"}
    await client.post("/refresh", headers=headers)
    clock.advance(10)
    response = await client.post("/refresh", headers=headers)

    assert response.status_code == 401
    assert _cookies(response) == {}


async def test_a_refresh_cookie_needs_its_csrf_value(client: Any) -> None:
    """Another site cannot use up a token; the attempt changes nothing."""
    first = await _log_in(client)
    for value in ("", "wrong", first["csrf_access_token"]):
        response = await _refresh(client, value)
        assert (response.status_code, _cookies(response)) == (401, {})

    assert (await _refresh(client, first["csrf_refresh_token"])).status_code == 200
