"""Pages of other origins, in a browser that enforces what the service says."""

import asyncio
import dataclasses
import socket
from collections.abc import AsyncIterator
from typing import Any

import hypercorn.asyncio
import pytest
from hypercorn.config import Config
from playwright.async_api import Browser
from playwright.async_api import BrowserContext
from playwright.async_api import Page
from quart import Quart

from browser.conftest import NAME
from browser.conftest import Served
from quart_jwt.service.settings.groups import Cors
from quart_jwt.service.settings.settings import Settings
from service.kit import PASSWORD

pytestmark = pytest.mark.slow

LOGIN = {"username": NAME, "password": PASSWORD}
CSRF_NAMES = ("csrf_access_token", "csrf_refresh_token")
REFUSED = "TypeError"
"""What ``fetch`` throws for whatever the browser does not let a page see."""

ASK = """
async ([url, method, headers, body, credentials]) => {
  try {
    const answer = await fetch(url, {method, headers, body, credentials});
    const challenge = answer.headers.get("WWW-Authenticate");
    return {status: answer.status, challenge, ...await answer.json()};
  } catch (error) { return {status: error.name}; }
}
"""


class Elsewhere:
    """A page of one origin, asking the service at another."""

    def __init__(self, page: Page, service: str) -> None:
        self.page = page
        self._service = service

    async def ask(
        self,
        method: str,
        path: str,
        body: str | None = None,
        *,
        credentials: str = "omit",
        **headers: str,
    ) -> Any:
        """Ask by ``fetch``, and give the status and what the page may read."""
        if body is not None:
            headers["Content-Type"] = "application/json"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.page.evaluate(
            ASK, [self._service + path, method, named, body, credentials]
        )

    async def sign_in(self, *, cookies: bool = False) -> Any:
        """Sign in, for tokens or for cookies."""
        members = f'"username": "{NAME}", "password": "{PASSWORD}"'
        body = f'{{{members}, "cookies": {"true" if cookies else "false"}}}'
        credentials = "include" if cookies else "omit"
        return await self.ask("POST", "/login", body, credentials=credentials)


@pytest.fixture(name="port")
async def _port() -> AsyncIterator[int]:
    """Serve an empty page, under every name, and give its port."""
    app = Quart(__name__)
    app.add_url_rule("/", "page", lambda: "<!doctype html><title>page</title>")
    stop, config = asyncio.Event(), Config()
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
        config.bind, config.errorlog = [f"fd://{bound.detach()}"], None
        serving = asyncio.create_task(
            hypercorn.asyncio.serve(app, config, shutdown_trigger=stop.wait)
        )
        yield port
        stop.set()
        await serving


@pytest.fixture(name="settings")
def _settings(settings: Settings, port: int) -> Settings:
    hosts = ("127.0.0.1", "app.example.test", "app.other.test")
    origins = tuple(f"http://{host}:{port}" for host in hosts)
    cors = Cors(origins=origins, credentials=True)
    return dataclasses.replace(settings, cors=cors)


async def _at(
    browser: Browser | BrowserContext, host: str, port: int, service: str
) -> Elsewhere:
    page = await browser.new_page()
    await page.goto(f"http://{host}:{port}/")
    return Elsewhere(page, service)


def _named(served: Served, host: str) -> str:
    return served.address.replace("127.0.0.1", host)


@pytest.mark.parametrize("host", ["127.0.0.1", "app.example.test", "app.other.test"])
async def test_tokens_in_headers_work_from_any_listed_origin(
    served: Served, chromium: Browser, port: int, host: str
) -> None:
    """Sign in, read the page, refresh, sign out; a refusal says why."""
    here = await _at(chromium, host, port, _named(served, "auth.example.test"))
    refused = await here.ask("GET", "/protected")
    assert (refused["status"], refused["challenge"]) == (401, "Bearer")
    tokens = await here.sign_in()
    access = f"Bearer {tokens['access_token']}"
    said = await here.ask("GET", "/protected", Authorization=access)
    assert (said["status"], said["logged_in_as"]) == (200, NAME)
    refresh = f"Bearer {tokens['refresh_token']}"
    fresh = await here.ask("POST", "/refresh", Authorization=refresh)
    access = f"Bearer {fresh['access_token']}"
    assert (await here.ask("POST", "/logout", Authorization=access))["status"] == 200
    said = await here.ask("GET", "/protected", Authorization=access)
    assert (said["status"], said["code"]) == (401, "token_revoked")


async def _cookie_walk(here: Elsewhere, first: Any, csrf: str) -> None:
    """From a sign-in with cookies to the sign-out."""
    said = await here.ask("GET", "/protected", credentials="include")
    assert (said["status"], said["logged_in_as"]) == (200, NAME)
    without = await here.ask("POST", "/refresh", credentials="include")
    assert (without["status"], without["code"]) == (401, "csrf_failed")
    fresh = await here.ask("POST", "/refresh", credentials="include", X_CSRF_TOKEN=csrf)
    assert fresh["status"] == 200
    assert fresh["csrf_access_token"] != first["csrf_access_token"]
    value = fresh["csrf_access_token"]
    out = await here.ask("POST", "/logout", credentials="include", X_CSRF_TOKEN=value)
    assert out["status"] == 200
    said = await here.ask("GET", "/protected", credentials="include")
    assert said["status"] == 401


async def test_cookies_work_from_another_port(
    served: Served, chromium: Browser, port: int
) -> None:
    """Cookies do not know ports: the page reads the CSRF value as ours does."""
    here = await _at(chromium, "127.0.0.1", port, served.address)
    first = await here.sign_in(cookies=True)
    read = await here.page.evaluate("document.cookie")
    jar = dict(pair.split("=", 1) for pair in read.split("; "))
    assert jar == {name: first[name] for name in CSRF_NAMES}
    await _cookie_walk(here, first, jar["csrf_refresh_token"])


async def test_cookies_work_from_another_host_of_the_site(
    served: Served, chromium: Browser, port: int
) -> None:
    """The page cannot read our cookies, and has the CSRF value from the answer."""
    service = _named(served, "auth.example.test")
    here = await _at(chromium, "app.example.test", port, service)
    first = await here.sign_in(cookies=True)
    assert await here.page.evaluate("document.cookie") == ""
    await _cookie_walk(here, first, first["csrf_refresh_token"])


async def test_cookies_do_not_work_from_another_site(
    served: Served, chromium: Browser, port: int
) -> None:
    """SameSite=Lax keeps them at home, listed origin or not: use headers there."""
    service = _named(served, "auth.example.test")
    here = await _at(chromium, "app.other.test", port, service)
    assert (await here.sign_in(cookies=True))["status"] == 200
    said = await here.ask("GET", "/protected", credentials="include")
    assert (said["status"], said["code"]) == (401, "missing_token")


async def test_an_origin_that_is_not_listed_is_refused_by_the_browser(
    served: Served, chromium: Browser, port: int
) -> None:
    """It can read no answer, cannot sign in, and act with nobody's cookies."""
    service = _named(served, "auth.example.test")
    context = await chromium.new_context()
    ours = await _at(context, "app.example.test", port, service)
    await ours.sign_in(cookies=True)
    here = await _at(context, "evil.example.test", port, service)
    assert (await here.sign_in())["status"] == REFUSED
    assert (await here.ask("GET", "/protected"))["status"] == REFUSED
    said = await here.ask("GET", "/protected", credentials="include")
    assert said["status"] == REFUSED
    out = await here.ask("POST", "/logout/all", credentials="include")
    assert out["status"] == REFUSED
    said = await ours.ask("GET", "/protected", credentials="include")
    assert said["status"] == 200
