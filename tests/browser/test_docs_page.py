"""The page of the API in a real browser."""

import dataclasses
import json
import re

import pytest
from playwright.async_api import Browser
from playwright.async_api import expect
from playwright.async_api import Locator
from playwright.async_api import Page

from browser.axe import accessibility_faults
from browser.conftest import ARTEFACTS
from browser.conftest import NAME
from browser.conftest import Served
from quart_jwt.service.settings.settings import Settings
from service.kit import PASSWORD
from service.kit import with_registration
from service.promised import document

pytestmark = pytest.mark.slow

CHINESE = re.compile("[\u4e00-\u9fff]")
NAMES = re.compile(r"curl|(application|text)/[\w+-]+")
"""What is the same in every language: a tool and media types."""

EXAMPLE = """
async ([schema, api]) => (await import("/docs/examples.js")).exampleBody(schema, api)
"""


@pytest.fixture(name="settings")
def _settings(settings: Settings) -> Settings:
    return with_registration(dataclasses.replace(settings, docs=True))


async def _opened(
    browser: Browser, address: str, faults: list[str], locale: str = "en"
) -> Page:
    page = await browser.new_page(locale=locale)
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
        await card.locator("> summary").click()
        await expect(card.locator("> summary")).to_contain_text(method.upper())
        await expect(card.locator("summary .path")).to_have_text(path)
        await expect(card.locator(".status")).to_have_text(list(said["responses"]))
        await expect(card.locator(".command pre")).to_contain_text(
            f'"{served.address}/'
        )
        await expect(card.locator("form button")).to_be_visible()
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
    await expect(login.locator(".command pre")).to_be_visible()
    await expect(login).to_contain_text("username")
    await expect(login).to_contain_text("invalid_credentials")
    await page.fill("#filter", "/revoke")
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


async def _send(page: Page, operation: str, **values: str) -> Locator:
    """Fill and send the form of an operation, and give where its response is."""
    card = page.locator(f"#{operation}")
    if not await card.locator("form").is_visible():
        await card.locator("summary").first.click()
    for name, value in values.items():
        await card.locator(f"[name={name}]").fill(value)
    await card.locator("form button").click()
    return card.locator("form pre")


async def test_operations_can_be_tried(served: Served, chromium: Browser) -> None:
    """The tokens of a login are sent by the forms that follow."""
    faults: list[str] = []
    page = await _opened(chromium, f"{served.address}/docs", faults)
    answer = await _send(page, "post_login", username=NAME, password=PASSWORD)
    await expect(answer).to_contain_text('"refresh_token"')
    await expect(await _send(page, "get_protected")).to_contain_text(NAME)
    await expect(await _send(page, "post_refresh")).to_contain_text("access_token")
    sessions = await _send(page, "get_sessions")
    await expect(sessions).to_contain_text('"id"')
    text = await sessions.inner_text()
    [session] = json.loads(text[text.index("{") :])["sessions"]
    ended = await _send(page, "delete_end_session", session_id=session["id"])
    await expect(ended).to_contain_text('"ended": 1')
    assert faults == []
    gone = await _send(page, "get_protected")
    await expect(gone).to_contain_text("401")
    await expect(gone).to_contain_text("token_revoked")


async def test_cookies_can_be_tried(served: Served, chromium: Browser) -> None:
    """Without a token in the form, cookies and their CSRF value are sent."""
    faults: list[str] = []
    page = await _opened(chromium, f"{served.address}/docs#post_login", faults)
    await page.locator("#post_login [name=cookies]").check()
    answer = await _send(page, "post_login", username=NAME, password=PASSWORD)
    await expect(answer).to_contain_text('"cookies": true')
    await expect(await _send(page, "post_refresh")).to_contain_text('"cookies": true')
    await expect(await _send(page, "post_logout")).to_contain_text('"logged_out": true')
    assert faults == []


async def test_it_is_in_chinese_too(served: Served, chromium: Browser) -> None:
    """Every operation, group, description and error has its sentence."""
    faults: list[str] = []
    page = await _opened(chromium, f"{served.address}/docs", faults, locale="zh")
    said = ".says, h2, h3, .hint:not(:empty), .note:not(:empty), .body > p:not(.chips)"
    texts = await page.locator("#operations").locator(said).all_text_contents()
    english = [text.strip() for text in texts if not CHINESE.search(text)]
    assert [text for text in english if not NAMES.fullmatch(text)] == []
    errors = await page.locator("td:last-child:has(> code)").all_text_contents()
    assert [text for text in errors if not CHINESE.search(text)] == []
    await page.click("[data-language=en]")
    await expect(page.locator("#post_login .says")).to_contain_text("password")


async def test_an_example_has_every_required_member(
    served: Served, chromium: Browser
) -> None:
    """And an error's example has the first code of its status."""
    faults: list[str] = []
    page = await _opened(chromium, f"{served.address}/docs", faults)
    for schema in document()["components"]["schemas"].values():
        example = await page.evaluate(EXAMPLE, [schema, document()])
        assert example.keys() == set(schema.get("required", []))
        assert None not in example.values()
    shown = page.locator("#post_login tr", has_text="invalid_credentials")
    await expect(shown.locator(".example pre")).to_contain_text('"invalid_credentials"')
    assert faults == []


@pytest.mark.parametrize("locale", ["en", "zh"])
async def test_the_page_of_the_api_is_accessible(
    served: Served, chromium: Browser, locale: str
) -> None:
    """axe-core finds no fault with an operation unfolded and a response shown."""
    faults: list[str] = []
    page = await _opened(chromium, f"{served.address}/docs", faults, locale)
    answer = await _send(page, "post_login", username=NAME, password=PASSWORD)
    await expect(answer).to_contain_text("access_token")
    await page.locator("#post_login .example summary").first.click()
    assert await accessibility_faults(page) == []
    assert faults == []
