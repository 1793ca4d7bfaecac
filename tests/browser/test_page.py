"""What a person sees on the page, in both languages and both modes."""

import re
from datetime import datetime
from datetime import UTC
from typing import Any

import pytest
from playwright.async_api import expect
from playwright.async_api import Page

from browser.conftest import LIFE_S
from browser.conftest import NAME
from browser.conftest import Served
from service.kit import PASSWORD

pytestmark = pytest.mark.slow  # a browser each: `make test-slow` runs them

NAME_PX = 14  # what names a session stands in one line

LANGUAGES = {"en": "logged in as", "zh": "已登录为"}


async def _sign_in(page: Page, mode: str = "header", password: str = PASSWORD) -> None:
    await page.fill("[name=username]", NAME)
    await page.fill("[name=password]", password)
    await page.check(f"[name=mode][value={mode}]")
    await page.click("#sign-in [type=submit]")


async def _welcome(page: Page) -> None:
    language = await page.get_attribute("html", "lang")
    assert language is not None
    verdict = page.locator("#call .verdict")
    await expect(verdict).to_contain_text(LANGUAGES[language])
    await expect(verdict).to_contain_text(NAME)


async def _said(page: Page) -> list[str]:
    """Every request so far, oldest first, as "status METHOD path"."""
    heads = await page.locator("#entries li p").all()
    lines = [(await head.inner_text()).split("\n")[:2] for head in heads]
    return [" ".join(line) for line in reversed(lines)]


async def test_a_token_is_taken_apart(page: Page) -> None:
    """After the sign-in the three segments, the claims and the time left are there."""
    await _sign_in(page)
    await expect(page.locator("#encoded span")).to_have_count(3)
    await expect(page.locator("#claims")).to_contain_text(NAME)
    await expect(page.locator("#life")).to_contain_text(str(LIFE_S))
    await page.click("#protected")
    await _welcome(page)


async def test_the_token_can_be_copied(page: Page) -> None:
    """What ``$ACCESS`` stands for is one click away, and only when there is one."""
    await expect(page.locator("#copy-token")).to_be_hidden()
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await _sign_in(page)
    await page.click("#copy-token")
    token = await page.locator("#encoded").text_content()
    assert await page.evaluate("navigator.clipboard.readText()") == token


async def test_a_wrong_password_is_said(page: Page) -> None:
    """A refusal is shown where it was caused, with its status; nothing is kept."""
    await _sign_in(page, password="wrong")
    await expect(page.locator("#sign-in .verdict")).to_contain_text("401")
    await expect(page.locator("#call .verdict")).to_be_empty()
    await expect(page.locator("#sign-out")).to_be_disabled()


async def test_the_bar_runs_and_the_clock_refreshes(page: Page) -> None:
    """The time left is shown as it runs; shortly before the end comes a refresh."""
    await _sign_in(page)
    await expect(page.locator("#life")).to_contain_text(str(LIFE_S))
    await page.clock.fast_forward(20_000)
    await expect(page.locator("#life")).to_contain_text("40")
    await page.clock.fast_forward(31_000)
    await expect(page.locator("#life")).to_contain_text(str(LIFE_S))
    assert await _said(page) == ["200 POST /login", "200 POST /refresh"]


async def test_a_refusal_refreshes_and_tries_once_more(
    page: Page, served: Served
) -> None:
    """With the clock switched off, the 401 of an expired token is mended."""
    await page.uncheck("#by-clock")
    await _sign_in(page)
    await expect(page.locator("#claims")).to_contain_text(NAME)
    served.service.clock.advance(LIFE_S)
    await page.click("#protected")
    await _welcome(page)
    assert await _said(page) == [
        "200 POST /login",
        "401 GET /protected",
        "200 POST /refresh",
        "200 GET /protected",
    ]


async def test_without_either_way_the_refusal_stays(page: Page, served: Served) -> None:
    """Who does not refresh is refused when the token has expired."""
    await page.uncheck("#by-clock")
    await page.uncheck("#on-401")
    await _sign_in(page)
    await expect(page.locator("#claims")).to_contain_text(NAME)
    served.service.clock.advance(LIFE_S)
    await page.clock.fast_forward(LIFE_S * 1_000)
    await page.click("#protected")
    await expect(page.locator("#call .verdict")).to_contain_text("401")
    await page.click("#sign-out")
    await expect(page.locator("#call .verdict")).to_be_empty()


async def test_cookies_hide_the_token_from_scripts(page: Page) -> None:
    """In cookie mode no token is to be seen, and the CSRF value does its work."""
    await _sign_in(page, mode="cookies")
    await expect(page.locator("#hidden-token")).to_be_visible()
    await expect(page.locator("#encoded span")).to_have_count(0)
    assert "access_token_cookie" not in await page.evaluate("document.cookie")
    await page.click("#protected")
    await _welcome(page)
    await page.click("#refresh")
    await page.click("#sign-out")
    await expect(page.locator("#sign-out")).to_be_disabled()
    said = await _said(page)
    assert said[-2:] == ["200 POST /refresh", "200 POST /logout"]
    await page.click("#protected")
    await expect(page.locator("#call .verdict")).to_contain_text("401")


async def test_a_reload_knows_its_cookies(page: Page, served: Served) -> None:
    """The session in cookies is still the page's, and so is every line it prints."""
    now = datetime.fromtimestamp(served.service.clock(), UTC)
    await page.clock.set_system_time(now)
    await _sign_in(page, mode="cookies")
    await expect(page.locator("#sign-out")).to_be_enabled()
    await page.reload()
    await expect(page.locator("#sign-out")).to_be_enabled()
    await expect(page.locator("#life")).to_contain_text(str(LIFE_S)[0])
    await expect(page.locator("[value=cookies]")).to_be_checked()
    await expect(page.locator("#forget")).to_have_attribute("title", re.compile("."))
    await page.click("#protected")
    await _welcome(page)
    line = page.locator("#entries code").first
    await expect(line).to_contain_text("-b cookies.txt")
    await expect(line).not_to_contain_text("Authorization")


async def test_a_reload_trades_the_refresh_cookie(page: Page, served: Served) -> None:
    """Where the access token has expired meanwhile, the other cookie gives another."""
    await _sign_in(page, mode="cookies")
    await expect(page.locator("#sign-out")).to_be_enabled()
    served.service.clock.advance(LIFE_S)
    await page.reload()
    await expect(page.locator("#life")).to_contain_text(str(LIFE_S)[0])
    assert await _said(page) == ["401 GET /me", "200 POST /refresh"]


@pytest.mark.parametrize("mode", ["header", "cookies"])
async def test_ending_this_session_signs_out(page: Page, mode: str) -> None:
    """Nothing is left of it on the page, nor after a reload."""
    await _sign_in(page, mode=mode)
    await page.click("#list")
    await (
        page.locator("#session-list li", has=page.locator("em"))
        .get_by_role("button")
        .click()
    )
    await expect(page.locator("#session-list li")).to_have_count(0)
    await expect(page.locator("#sign-out")).to_be_disabled()
    await expect(page.locator("#life")).not_to_contain_text(re.compile(r"\d"))
    await page.reload()
    await expect(page.locator("#sign-out")).to_be_disabled()
    assert await _said(page) == []


@pytest.mark.parametrize("tool", ["curl", "httpie"])
async def test_every_step_is_a_line_to_paste(page: Page, tool: str) -> None:
    """The lines name the requests, and hold neither a token nor the password."""
    await page.click(f"[data-tool={tool}]")
    await _sign_in(page)
    await expect(page.locator("#claims")).to_contain_text(NAME)
    await page.click("#protected")
    await _welcome(page)
    text = await page.inner_text("#entries")
    assert text.count({"curl": "curl -s ", "httpie": "http "}[tool]) == 2
    assert "$ACCESS" in text
    assert "$PASSWORD" in text
    assert PASSWORD not in text
    assert (
        await page.evaluate("document.querySelector('.payload').textContent")
        not in text
    )


async def test_the_language_can_be_changed(page: Page) -> None:
    """A click changes every word, and a reload keeps the choice."""
    chosen: dict[str, Any] = {"en": "登录", "zh": "Sign in"}
    language = await page.get_attribute("html", "lang")
    assert language is not None
    other = next(each for each in LANGUAGES if each != language)
    await page.click(f"[data-language={other}]")
    await expect(page.locator("#sign-in [type=submit]")).to_have_text(chosen[language])
    await page.reload()
    await expect(page.locator("#sign-in [type=submit]")).to_have_text(chosen[language])


async def test_a_service_that_is_away_is_said(page: Page, served: Served) -> None:
    """Where nobody answers, the page says so."""
    await page.route(f"{served.address}/protected", lambda route: route.abort())
    await page.click("#protected")
    await expect(page.locator("#call .verdict")).not_to_be_empty()
    await expect(page.locator("#call .verdict")).to_have_class("verdict bad")


async def test_sessions_are_listed_and_ended(page: Page, served: Served) -> None:
    """A sign-in elsewhere is in the list, and ending it there refuses its token."""
    elsewhere = await served.service.log_in(NAME, PASSWORD)
    served.service.clock.advance(1)
    await _sign_in(page)
    await page.click("#list")
    await expect(page.locator("#session-list li")).to_have_count(2)
    await expect(page.locator("#session-list li em")).to_have_count(1)
    await expect(page.locator("#session-list li").first.locator("em")).to_be_visible()
    name = await page.locator("#session-list span").first.bounding_box()
    assert name is not None
    assert name["height"] < 2 * NAME_PX
    other = page.locator("#session-list li", has_not=page.locator("em"))
    await other.locator("button").click()
    await expect(page.locator("#session-list li")).to_have_count(1)
    token = elsewhere["access_token"]
    assert await served.service.status("GET", "/protected", token) == 401
    await page.click("#protected")
    await _welcome(page)
