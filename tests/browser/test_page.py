"""What a person sees on the page, in both languages and both modes."""

import re
from datetime import datetime
from datetime import UTC
from typing import Any

import pytest
from click import Context
from click import Group
from playwright.async_api import expect
from playwright.async_api import Page
from playwright.async_api import ViewportSize

from browser.conftest import LIFE_S
from browser.conftest import NAME
from browser.conftest import Served
from quart_jwt.service.commands.main import cli
from service.kit import PASSWORD

pytestmark = pytest.mark.slow  # a browser each: `make test-slow` runs them

NAME_PX = 14  # what names a session stands in one line

LANGUAGES = {"en": "logged in as", "zh": "已登录为"}
EXPIRED = {"en": "Token has expired", "zh": "token 已过期"}
WRONG = {"en": "401: ", "zh": "用户名或密码错误"}
PHONE = ViewportSize(width=390, height=844)


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
    await expect(page.locator("#claims")).to_contain_text(NAME)
    await page.click("#copy-token")
    token = await page.locator("#encoded").text_content()
    assert await page.evaluate("navigator.clipboard.readText()") == token


async def test_the_first_screen_explains_a_token(page: Page) -> None:
    """An example is taken apart in sight, and each claim has its meaning."""
    await expect(page.locator("#intro")).to_be_in_viewport()
    await expect(page.locator("#encoded span")).to_have_count(3)
    await expect(page.locator("#claims")).to_be_in_viewport(ratio=1)
    meanings = page.locator("#header small, #claims small")
    assert await meanings.count() == await page.locator("#token dt").count()
    assert all(await meanings.all_inner_texts())


@pytest.mark.parametrize("mode", ["header", "cookies"])
async def test_a_token_can_be_expired_at_once(page: Page, mode: str) -> None:
    """The result goes grey, and the service answers that the token has expired."""
    language = await page.get_attribute("html", "lang")
    assert language is not None
    await page.uncheck("#on-401")
    await page.uncheck("#by-clock")
    await _sign_in(page, mode=mode)
    await expect(page.locator("#sign-out")).to_be_enabled()
    verdict = page.locator("#call .verdict")
    await page.click("#protected")
    await _welcome(page)
    await expect(verdict).to_have_class("verdict good")
    await page.click("#expire")
    await expect(verdict).to_have_class("verdict good stale")
    await expect(verdict.locator("small")).not_to_be_empty()
    await expect(page.locator("#expire")).to_be_disabled()
    await page.click("#protected")
    await expect(verdict).to_contain_text(EXPIRED[language])
    await expect(verdict).to_have_class("verdict bad")
    await page.check("#on-401")
    await page.click("#protected")
    await _welcome(page)
    await expect(verdict).to_have_class("verdict good")


async def test_repeated_requests_are_one_entry(page: Page) -> None:
    """It counts them, and shows the body of the last response without whole tokens."""
    await _sign_in(page)
    await expect(page.locator("#claims")).to_contain_text(NAME)
    bodies = page.locator("#entries pre")
    await expect(bodies).to_contain_text("refresh_token")
    token = await page.locator("#encoded").text_content()
    assert token is not None
    assert token not in (await bodies.text_content() or "")
    for _ in range(3):
        await page.click("#protected")
    await expect(page.locator("#entries .times")).to_contain_text("3")
    await expect(page.locator("#entries li")).to_have_count(2)
    await expect(bodies.first).to_contain_text('"logged_in_as"')
    await expect(bodies.last).to_be_hidden()


async def test_each_variable_can_be_set_by_a_copied_line(page: Page) -> None:
    """Tokens stand in the line; a password never does."""
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await expect(page.locator("#variables button:enabled")).to_have_text("$PASSWORD")
    await _sign_in(page)
    await expect(page.locator("#claims")).to_contain_text(NAME)
    token = await page.locator("#encoded").text_content()
    lines = []
    for name in ("$ACCESS", "$REFRESH", "$PASSWORD"):
        await page.get_by_role("button", name=name).click()
        lines.append(await page.evaluate("navigator.clipboard.readText()"))
    assert lines[0] == f"ACCESS='{token}'"
    assert re.fullmatch(r"REFRESH='[\w-]+\.[\w-]+\.[\w-]+'", lines[1])
    assert "read -rs PASSWORD" in lines[2]
    assert PASSWORD not in "".join(lines)


async def test_a_phone_shows_that_one_is_signed_in(page: Page) -> None:
    """The form gives way to the user's name, and a bar leads to the token."""
    await page.set_viewport_size(PHONE)
    await expect(page.locator("#to-token")).to_be_hidden()
    await _sign_in(page)
    await expect(page.locator("[name=password]")).to_be_hidden()
    await expect(page.locator("#sign-in .verdict")).to_contain_text(NAME)
    await expect(page.locator("#to-token")).to_be_in_viewport()
    await expect(page.locator("#to-token")).to_contain_text(str(LIFE_S))
    await expect(page.locator("#protected")).to_be_focused()
    await page.click("#to-token")
    await expect(page.locator("#encoded")).to_be_in_viewport()
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    await page.click("#sign-out")
    await expect(page.locator("[name=password]")).to_be_focused()


async def test_a_forgotten_password_has_a_hint(page: Page) -> None:
    """It is one command of ours, folded away until it is asked for."""
    await expect(page.locator("#reset")).to_be_hidden()
    await page.locator("#forgot summary").press("Enter")
    command = (await page.locator("#reset code").inner_text()).split()
    users = cli.get_command(Context(cli), command[1])
    assert isinstance(users, Group)
    assert users.get_command(Context(users), command[2]) is not None
    assert command[3] == NAME


async def test_a_wrong_password_is_said(page: Page) -> None:
    """A refusal is shown where it was caused, with its status; nothing is kept."""
    await _sign_in(page, password="wrong")
    language = await page.get_attribute("html", "lang")
    assert language is not None
    await expect(page.locator("#sign-in .verdict")).to_contain_text(WRONG[language])
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
    assert await _said(page) == ["401 GET /me", "200 POST /refresh", "200 GET /me"]
    await expect(page.locator("#sign-in .verdict")).to_contain_text(NAME)


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
