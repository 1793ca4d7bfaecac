"""Chromium signs in, reads on and signs out, through each gateway that sends it."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import async_playwright
from playwright.async_api import expect
from playwright.async_api import Page

from browser.conftest import QUIET
from gateways.products import Product
from gateways.stages import SITE
from gateways.stages import Stage
from gateways.stages import Stages
from gateways.stages import USER
from required import missing

pytestmark = pytest.mark.slow  # a browser each: `make test-slow` runs them

PATIENCE_MS = 60_000
DEEP = f"{SITE}/deep?a=1&b=2"


@pytest.fixture(name="stage")
def _stage(stages: Stages, product: Product) -> Stage:
    stage = stages.with_sign_in_page(product)
    stage.application.arrivals.clear()
    return stage


@pytest.fixture(name="page")
async def _page(stage: Stage) -> AsyncIterator[Page]:
    """A page of a browser for which the gateway is ``SITE``."""
    path = shutil.which("chromium")
    if path is None:
        missing("no chromium: install Debian's package of that name")
    host = SITE.removeprefix("http://")
    rules = f"--host-resolver-rules=MAP {host} 127.0.0.1:{stage.gateway.port}"
    quiet = [one for one in QUIET if not one.startswith("--host-resolver-rules")]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=[*quiet, rules]
        )
        context = await browser.new_context(locale="en", java_script_enabled=False)
        context.set_default_timeout(PATIENCE_MS)
        yield await context.new_page()
        await browser.close()


async def _sign_in(page: Page, password: str) -> None:
    await page.fill("[name=username]", USER)
    await page.fill("[name=password]", password)
    await page.keyboard.press("Enter")


async def _shows(page: Page, path: str) -> None:
    """Expect the application's answer, which no other page gives."""
    shown = page.locator("body")
    await expect(shown).to_have_text(f'{{"page": "{path}"}}', timeout=PATIENCE_MS)


async def test_there_and_back_and_out(page: Page, stage: Stage) -> None:
    """First visit, wrong password, the deep link, an expired token, signing out."""
    await page.goto(DEEP)
    assert page.url.startswith(f"{SITE}/sign-in?return_to=")
    await _sign_in(page, "wrong")
    await expect(page.locator("[role=alert]")).to_be_visible(timeout=PATIENCE_MS)
    assert stage.application.arrivals == []
    await _sign_in(page, stage.service.password)
    await _shows(page, "/deep")
    assert page.url == DEEP

    # A browser drops the cookie with its token's end, or sends it in vain.
    await page.context.clear_cookies(name="access_token_cookie")
    await page.goto(f"{SITE}/next?a=1&b=2")
    await _shows(page, "/next")
    assert page.url == f"{SITE}/next?a=1&b=2"
    subjects = [each.named("X-Auth-Subject") for each in stage.application.arrivals]
    assert subjects == [[USER]] * len(subjects)

    await page.goto(f"{SITE}/sign-out")
    await page.click("button")
    await expect(page.locator("h1")).to_have_text("You are signed out")
    await page.goto(DEEP)
    assert page.url.startswith(f"{SITE}/sign-in?return_to=")
