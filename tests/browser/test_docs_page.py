"""The page of the API in a real browser."""

import dataclasses

import pytest
from playwright.async_api import Browser
from playwright.async_api import expect
from playwright.async_api import Page

from browser.conftest import ARTEFACTS
from browser.conftest import Served
from quart_jwt.service.settings.settings import Settings
from service.kit import with_registration
from service.promised import document

pytestmark = pytest.mark.slow


@pytest.fixture(name="settings")
def _settings(settings: Settings) -> Settings:
    return with_registration(dataclasses.replace(settings, docs=True))


async def _opened(browser: Browser, address: str, faults: list[str]) -> Page:
    page = await browser.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.on("requestfailed", lambda request: faults.append(request.url))
    await page.goto(address)
    await expect(page.locator(".operation").first).to_be_visible()
    return page


async def test_every_operation_is_shown(served: Served, chromium: Browser) -> None:
    """Each has an entry that unfolds to its answers and its line for curl."""
    faults: list[str] = []
    page = await _opened(chromium, f"{served.address}/docs", faults)
    operations = [
        (method, path, said)
        for path, item in document()["paths"].items()
        for method, said in item.items()
    ]
    await expect(page.locator(".operation")).to_have_count(len(operations))
    for method, path, said in operations:
        card = page.locator(f"#{said['operationId']}")
        await card.locator("summary").click()
        await expect(card.locator("summary")).to_contain_text(method.upper())
        await expect(card.locator("summary .path")).to_have_text(path)
        await expect(card.locator(".status")).to_have_text(list(said["responses"]))
        await expect(card.locator("pre")).to_contain_text(f'"{served.address}/')
    ARTEFACTS.mkdir(exist_ok=True)
    await page.screenshot(path=ARTEFACTS / "docs-page.png", full_page=True)
    assert faults == []


async def test_a_link_unfolds_and_the_filter_folds(
    served: Served, chromium: Browser
) -> None:
    """An address with an operation shows it, and what is typed leaves its likes."""
    faults: list[str] = []
    page = await _opened(chromium, f"{served.address}/docs#post_login", faults)
    login = page.locator("#post_login")
    await expect(login.locator("pre")).to_be_visible()
    await expect(login).to_contain_text("username")
    await expect(login).to_contain_text("invalid_credentials")
    await page.fill("#filter", "revoke")
    await expect(page.locator(".operation:visible")).to_have_count(1)
    await expect(page.locator("#post_revocation")).to_be_visible()
    await expect(page.locator("h2:visible")).to_have_count(1)
    await expect(page.locator("nav strong:visible")).to_have_count(1)
    await expect(page.locator("#nothing")).to_be_empty()
    await page.fill("#filter", "no such operation")
    await expect(page.locator("h2:visible, nav strong:visible")).to_have_count(0)
    await expect(page.locator("#nothing")).to_have_text("Nothing found.")
    await page.screenshot(path=ARTEFACTS / "docs-page-nothing.png")
    await page.fill("#filter", "")
    await expect(page.locator("#nothing")).to_be_empty()
    await page.screenshot(path=ARTEFACTS / "docs-page-folded.png")
    assert faults == []


async def test_the_two_pages_lead_to_each_other(
    served: Served, chromium: Browser
) -> None:
    """Who reads about the service can try it, and the other way round."""
    faults: list[str] = []
    page = await _opened(chromium, f"{served.address}/docs", faults)
    await page.get_by_role("link", name="try it").click()
    await expect(page.locator("#sign-in")).to_be_visible()
    await page.locator("header a").click()
    await expect(page.locator(".operation").first).to_be_visible()
    assert faults == []
