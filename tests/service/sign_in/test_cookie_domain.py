"""One sign-in for the hosts of a domain, and what a sibling host cannot do to it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from clock import Clock
from extension.asgi import ask
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.sign_in import SignIn
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import SECRET
from service.kit import Service

DOMAIN = "example.org"
LOGIN = {"username": NAME, "password": PASSWORD, "cookies": True}


@pytest.fixture(name="wide")
async def _wide(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    """Give a service whose cookies are for a domain."""
    sites = SignIn(origins=(f"https://app.{DOMAIN}",))
    given = replace(settings, cookie_domain=DOMAIN, sign_in=sites)
    app = create_app(given, clock)
    async with app.test_app():
        client = app.test_client(use_cookies=False)
        yield Service(app=app, client=client, clock=clock)


def _lines(response: Any, *, domain: bool) -> list[str]:
    return [
        line
        for line in response.headers.getlist("Set-Cookie")
        if (f"Domain={DOMAIN}" in line) is domain
    ]


def _is_removal(line: str) -> bool:
    return line.split(";", maxsplit=1)[0].endswith("=") and "01 Jan 1970" in line


async def test_each_host_of_the_domain_gets_the_cookies(wide: Service) -> None:
    """The cookies name the domain; older ones of the host alone are removed."""
    await wide.add()
    response = await wide.client.post("/login", json=LOGIN)
    assert response.status_code == 200
    ours = _lines(response, domain=True)
    assert sum(not _is_removal(one) for one in ours) == 4
    old = _lines(response, domain=False)
    assert len(old) == 4
    assert all(map(_is_removal, old))


async def test_sign_out_removes_the_cookies_of_the_domain(wide: Service) -> None:
    """Those of the host alone go, too, however one signs out."""
    for path in ("/logout", "/logout/all"):
        await wide.add(f"user-{path.count('/')}")
        login = {**LOGIN, "username": f"user-{path.count('/')}"}
        answer = await wide.client.post("/login", json={**login, "cookies": False})
        access = (await answer.get_json())["access_token"]
        response = await wide.client.post(
            path, headers={"Authorization": f"Bearer {access}"}
        )
        assert response.status_code == 200
        for domain in (True, False):
            lines = _lines(response, domain=domain)
            assert len(lines) == 4
            assert all(map(_is_removal, lines))


async def test_the_pages_do_the_same(wide: Service) -> None:
    """The form's own cookie is of the host alone."""
    await wide.add()
    headers = {"Cookie": f"sign_in={'a' * 43}", "Sec-Fetch-Site": "same-origin"}
    form = {"form_token": "a" * 43, "username": NAME, "password": PASSWORD}
    response = await wide.client.post("/sign-in", form=form, headers=headers)
    assert response.status_code == 303
    set_now = [one for one in _lines(response, domain=True) if not _is_removal(one)]
    assert len(set_now) == 4
    removed = _lines(response, domain=False)
    assert {one.partition("=")[0] for one in removed} == {
        *(one.partition("=")[0] for one in set_now),
        "sign_in",
    }
    assert all(map(_is_removal, removed))
    response = await wide.client.post("/sign-out", form=form, headers=headers)
    assert response.status_code == 303
    assert len(_lines(response, domain=True)) == 4
    assert len(_lines(response, domain=False)) == 5
    assert all(map(_is_removal, response.headers.getlist("Set-Cookie")))


async def test_a_cookie_of_a_sibling_host_is_not_chosen(wide: Service) -> None:
    """Two cookies of one name are refused, whichever comes first."""
    await wide.add()
    response = await wide.client.post("/login", json={**LOGIN, "cookies": False})
    genuine = f"access_token_cookie={(await response.get_json())['access_token']}"
    tossed = "access_token_cookie=of-a-sibling"
    for cookies, status in (
        (genuine, 200),
        (f"{tossed}; {genuine}", 401),
        (f"{genuine}; {tossed}", 401),
        (f"{genuine}; {genuine}", 401),
    ):
        reply = await ask(
            wide.app,
            "/auth/verify",
            headers={"Cookie": cookies, "X-Forwarded-Method": "GET"},
        )
        assert reply.status == status
        page = await wide.client.get("/protected", headers={"Cookie": cookies})
        assert page.status_code == status


@pytest.mark.parametrize(
    "domain",
    [
        *("org", "localhost", "app.localhost", "127.0.0.1", "10.0.0.1", "[::1]"),
        *(".example.org", "Example.org", "example.org.", "exa mple.org", "*.a.org"),
        *("-a.org", "a..org", "example.org:443", "https://example.org", "a_b.org"),
    ],
)
def test_a_domain_that_browsers_refuse_stops_the_start(domain: str) -> None:
    """Cookies for it would be dropped without a word."""
    environ = {"QUART_JWT_SECRET_KEY": SECRET, "QUART_JWT_COOKIE_DOMAIN": domain}
    with pytest.raises(SettingsError, match="QUART_JWT_COOKIE_DOMAIN must"):
        read_settings(environ)


@pytest.mark.parametrize(
    ("sites", "outside"),
    [
        ("https://example.org,https://a.b.example.org:8443", None),
        ("https://app.example.org,https://app.example.com", "app.example.com"),
        ("https://notexample.org", "notexample.org"),
        ("https://org", "https://org"),
    ],
)
def test_every_site_is_in_the_domain(sites: str, outside: str | None) -> None:
    """A site outside would send people to the sign-in page in a circle."""
    environ = {
        "QUART_JWT_SECRET_KEY": SECRET,
        "QUART_JWT_COOKIE_DOMAIN": DOMAIN,
        "QUART_JWT_SIGN_IN_ORIGINS": sites,
    }
    if outside is None:
        assert read_settings(environ).cookie_domain == DOMAIN
        return
    with pytest.raises(SettingsError, match=outside):
        read_settings(environ)
