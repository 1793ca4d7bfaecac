"""Chromium in front of a gateway, and what a user does there."""

import contextlib
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import async_playwright
from playwright.async_api import Browser
from playwright.async_api import BrowserContext
from playwright.async_api import expect
from playwright.async_api import Page

from browser.conftest import QUIET
from gateways.products import Gateway
from gateways.stages import SITE
from gateways.stages import USER
from required import missing

PATIENCE_MS = 60_000


@contextlib.asynccontextmanager
async def chromium(gateway: Gateway) -> AsyncIterator[Browser]:
    """A browser for which the gateway is ``SITE``."""
    path = shutil.which("chromium")
    if path is None:
        missing("no chromium: install Debian's package of that name")
    host = SITE.removeprefix("http://")
    rules = f"--host-resolver-rules=MAP {host} 127.0.0.1:{gateway.port}"
    quiet = [one for one in QUIET if not one.startswith("--host-resolver-rules")]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=[*quiet, rules]
        )
        yield browser
        await browser.close()


async def user_of(browser: Browser) -> BrowserContext:
    """Cookies and a cache of their own, and no JavaScript."""
    context = await browser.new_context(locale="en", java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    return context


async def sign_in(page: Page, password: str, *, name: str = USER) -> None:
    """Fill in the form that the page shows, and send it."""
    await page.fill("[name=username]", name)
    await page.fill("[name=password]", password)
    await page.keyboard.press("Enter")


async def sign_out(page: Page) -> None:
    """Sign out on the page for it."""
    await page.goto(f"{SITE}/sign-out")
    await page.click("button")
    heading = page.locator("h1")
    await expect(heading).to_have_text("You are signed out", timeout=PATIENCE_MS)


async def shows(page: Page, path: str) -> None:
    """Expect the application's answer, which no other page gives."""
    shown = page.locator("body")
    await expect(shown).to_have_text(f'{{"page": "{path}"}}', timeout=PATIENCE_MS)
