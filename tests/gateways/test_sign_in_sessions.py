"""Chromium and the sessions behind the sign-in page, through one gateway."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser
from playwright.async_api import expect
from playwright.async_api import Page

from gateways import browsers
from gateways.products import PRODUCTS
from gateways.stages import SITE
from gateways.stages import Stage
from gateways.stages import Stages

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

NGINX = PRODUCTS[0]
PAGE = f"{SITE}/page"
SIGN_IN = f"{SITE}/sign-in?return_to="
FREE_FAILURES = 10
THROTTLED = "There were too many attempts. Wait a little and try again."


@pytest.fixture(name="stage", scope="module")
def _stage(stages: Stages) -> Stage:
    NGINX.program()
    return stages.with_sign_in_page(NGINX)


@pytest_asyncio.fixture(name="chromium", scope="module", loop_scope="module")
async def _chromium(stage: Stage) -> AsyncIterator[Browser]:
    async with browsers.chromium(stage.gateway) as chromium:
        yield chromium


@pytest_asyncio.fixture(name="page", loop_scope="module")
async def _page(chromium: Browser, stage: Stage) -> AsyncIterator[Page]:
    """A page of a user who is signed in."""
    page = await _signed_in(chromium, stage)
    yield page
    await page.context.close()


async def _signed_in(chromium: Browser, stage: Stage) -> Page:
    page = await (await browsers.user_of(chromium)).new_page()
    await page.goto(PAGE)
    await browsers.sign_in(page, stage.service.password)
    await browsers.shows(page, "/page")
    return page


async def test_two_tabs_renew_at_once(page: Page, stage: Stage) -> None:
    """Both send the same refresh token and show their page; the session goes on."""
    tab = await page.context.new_page()
    await page.context.clear_cookies(name="access_token_cookie")
    # The gateway redirects to here. The service answers after both have asked.
    renewal = f"{SITE}/refresh/return?return_to={SITE}"
    async with asyncio.TaskGroup() as both:
        with stage.service.process.stopped():
            for one, path in ((page, "/one"), (tab, "/two")):
                async with one.expect_request("**/refresh/return?**"):
                    both.create_task(one.goto(f"{renewal}{path}"))
    await browsers.shows(page, "/one")
    await browsers.shows(tab, "/two")

    await page.context.clear_cookies(name="access_token_cookie")
    await page.goto(PAGE)
    await browsers.shows(page, "/page")


async def test_signed_out_everywhere(
    chromium: Browser, page: Page, stage: Stage
) -> None:
    """A user who signs out everywhere in one browser has to sign in in each."""
    other = await _signed_in(chromium, stage)
    cookies = {one["name"]: one["value"] for one in await other.context.cookies()}
    headers = {
        "Cookie": f"access_token_cookie={cookies['access_token_cookie']}",
        "X-CSRF-TOKEN": cookies["csrf_access_token"],
    }
    async with _service(stage) as service:
        ended = await service.post("/logout/all", headers=headers)
    assert ended.json()["ended"] >= 2

    for one in (page, other):
        await one.goto(PAGE)
        assert one.url.startswith(SIGN_IN)
    await other.context.close()


async def test_throttled_sign_in(chromium: Browser, stage: Stage) -> None:
    """The page says so, with the status and the wait of the service."""
    page = await (await browsers.user_of(chromium)).new_page()
    await page.goto(PAGE)
    name = "no-such-user"  # counted as any other
    async with _service(stage) as service:
        for _ in range(FREE_FAILURES):
            wrong = {"username": name, "password": "wrong"}
            assert (await service.post("/login", json=wrong)).status_code == 401

    async with page.expect_response(lambda one: one.request.method == "POST") as sent:
        await browsers.sign_in(page, "wrong", name=name)
    response = await sent.value
    assert response.status == 429
    assert int(response.headers["retry-after"]) > 0
    await expect(page.locator("[role=alert]")).to_have_text(
        THROTTLED, timeout=browsers.PATIENCE_MS
    )
    await page.context.close()


def _service(stage: Stage) -> httpx.AsyncClient:
    address = f"http://127.0.0.1:{stage.service.port}"
    return httpx.AsyncClient(
        base_url=address,
        timeout=60,
        verify=False,  # noqa: S501 - no TLS here, and reading its roots takes long
    )
