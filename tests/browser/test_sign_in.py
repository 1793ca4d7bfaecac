"""The sign-in page in Chromium: there, back at the site, and out again."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from playwright.async_api import Browser
from playwright.async_api import expect
from playwright.async_api import Page

from browser.conftest import ARTEFACTS
from browser.conftest import NAME
from browser.conftest import Served
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.sign_in import SignIn
from quart_jwt.service.sign_in.looks import WORDS
from service.kit import PASSWORD

pytestmark = pytest.mark.slow  # a browser each: `make test-slow` runs them

MAX_PAGE_BYTES = 30 * 1024
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n"
    b"Connection: close\r\n\r\nprotected"
)
PHONE = {"width": 360, "height": 640}
DESKTOP = {"width": 1280, "height": 900}


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)
    await writer.drain()
    writer.close()


@pytest.fixture(name="site")
async def _site() -> AsyncIterator[str]:
    """Give the origin of a site on another port."""
    bound = socket.create_server(("127.0.0.1", 0))
    server = await asyncio.start_server(_answer, sock=bound)
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.close()


@pytest.fixture(name="settings")
def _settings(settings: Settings, site: str) -> Settings:
    storage = replace(settings.storage, mode="production")
    looks = SignIn(origins=(site,), name="Example Ltd")
    return replace(settings, storage=storage, sign_in=looks)


async def _fill(page: Page, password: str = PASSWORD) -> None:
    await page.fill("[name=username]", NAME)
    await page.fill("[name=password]", password)
    await page.keyboard.press("Enter")


async def test_there_and_back_without_javascript(
    chromium: Browser, served: Served, site: str
) -> None:
    """A wrong password is said, the right one leads back, and signing out ends it."""
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text))
    deep = f"{site}/deep?a=1&b=2"
    await page.goto(f"{served.address}/sign-in?return_to={quote(deep, safe='')}")
    await _fill(page, "wrong")
    problem = WORDS["en"]["problems"]["invalid_credentials"]
    await expect(page.locator("[role=alert]")).to_have_text(problem)
    await expect(page.locator("[name=username]")).to_have_value(NAME)
    await page.click("nav [lang=zh]")
    await expect(page.locator("button")).to_have_text(WORDS["zh"]["sign_in"])
    await _fill(page)
    await expect(page.locator("body")).to_have_text("protected")
    assert page.url == deep
    await page.goto(f"{served.address}/protected")
    await expect(page.locator("body")).to_contain_text(NAME)
    await page.goto(f"{served.address}/sign-out")
    await page.click("button")
    await expect(page.locator("h1")).to_have_text(WORDS["en"]["signed_out"])
    await page.go_back()  # to the question
    await page.go_back()  # to what was protected
    await expect(page.locator("body")).not_to_contain_text(NAME)
    assert not [one for one in violations if "Content Security Policy" in one]
    await context.close()


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_it_fits_and_is_small(
    chromium: Browser, served: Served, size: dict[str, int], language: str
) -> None:
    """Nothing is cut off on a phone, in either mode, and the page is light."""
    context = await chromium.new_context(locale=language)
    page = await context.new_page()
    await page.set_viewport_size(size)  # type: ignore[arg-type] # two whole numbers
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(_length(response.headers)))
    await page.goto(f"{served.address}/sign-in")
    assert sum(sizes) < MAX_PAGE_BYTES
    await _fill(page, "wrong")
    await expect(page.locator("[role=alert]")).to_be_visible()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]
        ARTEFACTS.mkdir(exist_ok=True)
        name = f"sign-in-{language}-{size['width']}-{scheme}.png"
        await page.screenshot(path=ARTEFACTS / name)
    await context.close()


def _length(headers: dict[str, str]) -> int:
    return int(headers.get("content-length", 0))
