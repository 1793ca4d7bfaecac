"""The pages of the service for a keyboard and a screen reader."""

import pytest
from playwright.async_api import expect
from playwright.async_api import Page
from playwright.async_api import ViewportSize

from browser.axe import accessibility_faults
from browser.conftest import NAME
from service.kit import PASSWORD

pytestmark = pytest.mark.slow


async def test_the_page_has_no_fault(page: Page) -> None:
    """axe-core finds none before the sign-in, and none when everything is shown."""
    await page.locator("#forgot summary").click()
    assert await accessibility_faults(page) == []
    await page.fill("[name=username]", NAME)
    await page.fill("[name=password]", PASSWORD)
    await page.click("#sign-in [type=submit]")
    await expect(page.locator("#claims")).to_contain_text(NAME)
    await page.click("#protected")
    await page.click("#list")
    await expect(page.locator("#session-list li")).to_have_count(1)
    assert await accessibility_faults(page) == []
    await page.set_viewport_size(ViewportSize(width=390, height=844))
    await page.click("#expire")
    await expect(page.locator(".verdict.stale")).to_be_visible()
    assert await accessibility_faults(page) == []
