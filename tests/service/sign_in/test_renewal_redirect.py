"""A browser that a gateway has refused comes back with a renewed session."""

from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

import pytest

from quart_jwt.exceptions import StoreError
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.sign_in import SignIn
from quart_jwt.service.sign_in.renewal_redirect import COUNT_LASTS_S
from quart_jwt.service.sign_in.renewal_redirect import MAX_RENEWALS
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

SITE = "https://app.example.org"
DEEP = f"{SITE}/deep?a=1&b=2"
ASKED = f"/refresh/return?return_to={DEEP}"
SIGN_IN = f"../sign-in?return_to={quote(DEEP, safe='')}"
ACCESS = "access_token_cookie"
REFRESH = "refresh_token_cookie"
EXPIRED_S = 901


@pytest.fixture(name="settings")
def _settings(settings: Settings) -> Settings:
    return replace(settings, sign_in=SignIn(origins=(SITE,)))


def _cookies(response: Any) -> dict[str, Any]:
    jar: SimpleCookie = SimpleCookie()
    for line in response.headers.getlist("Set-Cookie"):
        jar.load(line)
    return dict(jar)


async def _sign_in(service: Service) -> dict[str, Any]:
    await service.add()
    body = {"username": NAME, "password": PASSWORD, "cookies": True}
    return _cookies(await service.client.post("/login", json=body))


async def _visit(service: Service, token: str, path: str = ASKED) -> Any:
    """Ask with this refresh token and no other cookie."""
    client = service.app.test_client(use_cookies=False)
    return await client.get(path, headers={"Cookie": f"{REFRESH}={token}"})


async def test_session_is_renewed_on_the_way_back(service: Service) -> None:
    """The browser gets every cookie of a refresh, and its page with the query."""
    first = await _sign_in(service)
    service.clock.advance(EXPIRED_S)
    assert (await service.client.get("/protected")).status_code == 401

    response = await service.client.get(ASKED)

    assert (response.status_code, response.headers["Location"]) == (303, DEEP)
    assert first.keys() < _cookies(response).keys()
    for name, cookie in first.items():
        renewed = _cookies(response)[name]
        assert renewed.value != cookie.value
        for attribute in ("path", "httponly", "samesite", "secure"):
            assert renewed[attribute] == cookie[attribute]
    assert (await service.client.get("/protected")).status_code == 200


async def test_refresh_cookie_comes_along_and_goes_nowhere_else(
    service: Service,
) -> None:
    """Its path is that of ``/refresh``, which this address lies below."""
    assert (await _sign_in(service))[REFRESH]["path"] == "/refresh"


@pytest.mark.parametrize("what", ["nothing", "nonsense", "access", "ended", "two"])
async def test_without_a_session_one_signs_in(service: Service, what: str) -> None:
    """The sign-in page gets the return address, and no cookie is set."""
    first = await _sign_in(service)
    good = first[REFRESH].value
    given = {
        "nothing": "",
        "access": first[ACCESS].value,
        "ended": good,
        "two": f"evil; {REFRESH}={good}",
    }
    if what == "ended":
        csrf = {"X-CSRF-TOKEN": first["csrf_access_token"].value}
        assert (await service.client.post("/logout", headers=csrf)).status_code == 200

    response = await _visit(service, given.get(what, what))

    assert (response.status_code, response.headers["Location"]) == (303, SIGN_IN)
    assert _cookies(response) == {}


async def test_used_refresh_token_ends_the_session(service: Service) -> None:
    """Reuse is detected here as everywhere."""
    first = await _sign_in(service)
    second = _cookies(await _visit(service, first[REFRESH].value))
    service.clock.advance(EXPIRED_S)

    for token in (first[REFRESH].value, second[REFRESH].value):
        response = await _visit(service, token)
        assert response.headers["Location"] == SIGN_IN


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/x"])
async def test_no_open_redirect(service: Service, to: str) -> None:
    """Another site is not returned to, and the token is as good as before."""
    await _sign_in(service)
    response = await service.client.get(f"/refresh/return?return_to={to}")
    location = response.headers["Location"]
    assert (location, _cookies(response)) == ("../sign-in?return_to=refused", {})
    page = await service.client.get("/sign-in?return_to=refused")
    assert page.status_code == 400


async def test_gateway_that_goes_on_refusing_makes_no_loop(service: Service) -> None:
    """The sign-in page comes after a few returns, and a moment later it works again."""
    await _sign_in(service)
    found = [await service.client.get(ASKED) for _ in range(MAX_RENEWALS + 1)]
    places = [response.headers["Location"] for response in found]
    assert places == [*[DEEP] * MAX_RENEWALS, SIGN_IN]
    assert _cookies(found[0])["renewals"]["max-age"] == str(COUNT_LASTS_S)


async def test_store_that_is_away_is_no_sign_out(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser is not sent to sign in again for an outage."""

    async def away(*_arguments: Any, **_options: Any) -> Any:
        raise StoreError("away")

    await _sign_in(service)
    settings_of = service.app.extensions["quart-jwt.settings"]
    store = settings_of(service.app.config).sessions.store
    monkeypatch.setattr(store, "rotate", away)
    response = await service.client.get(ASKED)
    assert (response.status_code, _cookies(response)) == (503, {})


async def test_gateway_shows_the_redirect_at_any_address(service: Service) -> None:
    """The query arrives at the renewal as it is; the location is not relative."""
    query = f"return_to={quote(DEEP, safe='')}"
    response = await service.client.get(f"/sign-in/redirect?{query}")

    assert response.status_code == 303
    assert response.headers["Location"] == f"/refresh/return?{query}"
    assert response.headers["Cache-Control"] == "no-store"


async def test_redirect_leads_nowhere_else(service: Service) -> None:
    """The location begins with a path of the service, whatever the query is."""
    for query in ("//evil.example", "return_to=https://evil.example", "\\evil"):
        response = await service.client.get(f"/sign-in/redirect?{query}")
        assert response.headers["Location"].startswith("/refresh/return?")
