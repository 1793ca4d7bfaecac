"""Chromium signs in, reads on and signs out, through each gateway."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect
from playwright.async_api import Page

from gateways import browsers
from gateways.products import Product
from gateways.stages import SITE
from gateways.stages import Stage
from gateways.stages import Stages
from gateways.stages import USER

pytestmark = pytest.mark.slow  # a browser each: `make test-slow` runs them

DEEP = f"{SITE}/deep?a=1&b=2"


@pytest.fixture(name="stage")
def _stage(stages: Stages, product: Product) -> Stage:
    stage = stages.with_sign_in_page(product)
    stage.application.arrivals.clear()
    return stage


@pytest.fixture(name="page")
async def _page(stage: Stage) -> AsyncIterator[Page]:
    async with browsers.chromium(stage.gateway) as chromium:
        user = await browsers.user_of(chromium)
        yield await user.new_page()


async def test_there_and_back_and_out(page: Page, stage: Stage) -> None:
    """First visit, wrong password, the deep link, an expired token, signing out."""
    await page.goto(DEEP)
    assert page.url.startswith(f"{SITE}/sign-in?return_to=")
    await browsers.sign_in(page, "wrong")
    alert = page.locator("[role=alert]")
    await expect(alert).to_be_visible(timeout=browsers.PATIENCE_MS)
    assert stage.application.arrivals == []
    await browsers.sign_in(page, stage.service.password)
    await browsers.shows(page, "/deep")
    assert page.url == DEEP

    # A browser drops the cookie with its token's end, or sends it in vain.
    await page.context.clear_cookies(name="access_token_cookie")
    await page.goto(f"{SITE}/next?a=1&b=2")
    await browsers.shows(page, "/next")
    assert page.url == f"{SITE}/next?a=1&b=2"
    subjects = [each.named("X-Auth-Subject") for each in stage.application.arrivals]
    assert subjects == [[USER]] * len(subjects)

    await browsers.sign_out(page)
    # The application allows the browser to store its pages; the gateway does not.
    for _ in range(2):
        await page.go_back()
        assert '"page"' not in await page.content()
    assert page.url.startswith(f"{SITE}/sign-in?return_to=")
