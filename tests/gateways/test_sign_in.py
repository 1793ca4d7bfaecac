"""Browsers sign in on a page and come back, through each gateway that sends them."""

from collections.abc import Iterator
from urllib.parse import quote
from urllib.parse import urljoin

import httpx
import pytest

from gateways.processes import poll
from gateways.products import Product
from gateways.products import PRODUCTS
from gateways.stages import SITE
from gateways.stages import Stage
from gateways.stages import Stages
from gateways.stages import USER

pytestmark = pytest.mark.slow

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
DEEP = "/deep?a=1&b=2&c=%26"
ESCAPED = quote(SITE + DEEP, safe="")
COOKIES = {
    *("access_token_cookie", "csrf_access_token"),
    *("refresh_token_cookie", "csrf_refresh_token"),
}


@pytest.fixture(name="stage")
def _stage(stages: Stages, product: Product) -> Stage:
    stage = stages.with_sign_in_page(product)
    stage.application.arrivals.clear()
    return stage


@pytest.fixture(name="browser")
def _browser(stage: Stage) -> Iterator[httpx.Client]:
    """A client that asks for pages of ``SITE``."""
    with stage.client() as client:
        client.headers.update({**HTML, "Host": SITE.removeprefix("http://")})
        yield client


def _follow(browser: httpx.Client, path: str) -> list[httpx.Response]:
    """Follow redirects within the site as a browser does."""
    answers = [browser.get(path)]
    while answers[-1].is_redirect:
        path = urljoin(SITE + path, answers[-1].headers["Location"])
        assert path.startswith(f"{SITE}/")
        path = path.removeprefix(SITE)
        answers.append(browser.get(path))
    return answers


def test_browser_is_led_to_the_page(browser: httpx.Client, stage: Stage) -> None:
    """The page is shown for the requested address, its query included."""
    answers = _follow(browser, DEEP)

    assert [one.status_code for one in answers] == [302, 303, 200]
    assert answers[0].headers["Cache-Control"] in {"no-store", "no-cache"}
    assert answers[1].headers["Location"].endswith(f"/sign-in?return_to={ESCAPED}")
    assert f"return_to={ESCAPED}" in answers[2].text
    assert browser.get("/sign-in/style.css").status_code == 200
    assert stage.application.arrivals == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_is_led_to_the_page(browser: httpx.Client, method: str) -> None:
    """Both methods of reading are."""
    assert browser.request(method, "/page").status_code == 302


PROGRAMS = {
    "accept": {"Accept": "application/json"},
    "any": {"Accept": "*/*"},
    "authorization": {"Authorization": "Bearer a.b.c"},
    "script": {"X-Requested-With": "XMLHttpRequest"},
    "websocket": {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
}


@pytest.mark.parametrize("headers", PROGRAMS.values(), ids=PROGRAMS)
def test_program_keeps_its_401(browser: httpx.Client, headers: dict[str, str]) -> None:
    """Whoever cannot use a page gets the challenge."""
    answer = browser.get("/page", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Location" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_writing_keeps_its_401(browser: httpx.Client, method: str) -> None:
    """A form is not sent again after signing in, so nothing pretends that it is."""
    answer = browser.request(method, "/page")
    assert (answer.status_code, "Location" in answer.headers) == (401, False)


def test_next_click_renews_the_session(browser: httpx.Client, stage: Stage) -> None:
    """All four cookies arrive, and the application is told who it is."""
    login = {"username": USER, "password": stage.service.password, "cookies": True}
    assert browser.post("/login", json=login).status_code == 200
    first = {name: browser.cookies[name] for name in COOKIES}
    for path in ("/", "/page"):  # as a browser drops a cookie that has expired
        del browser.cookies["access_token_cookie"]
        answers = _follow(browser, DEEP if path == "/page" else path)
        assert [one.status_code for one in answers] == [302, 303, 200]
    second = {name: browser.cookies[name] for name in COOKIES}

    assert not {first[name] for name in COOKIES} & {second[name] for name in COOKIES}
    assert browser.get("/page").status_code == 200
    for arrival in stage.application.arrivals:
        assert arrival.named("X-Auth-Subject") == [USER]
        assert "refresh_token_cookie" not in "".join(arrival.named("Cookie"))


@pytest.mark.parametrize(
    "product", [one for one in PRODUCTS if one.renews], indirect=True, ids=str
)
def test_gateway_passes_new_cookies_on(stages: Stages, product: Product) -> None:
    """One request renews the session; a websocket, which would lose it, does not."""
    stage = stages.with_sign_in_page(product, RENEW_AT_GATEWAY="true")
    gateway = stages.changed(stage, {**product.signs_in, **product.renews})
    login = {"username": USER, "password": stage.service.password, "cookies": True}
    with gateway.client() as browser:
        browser.headers.update({**HTML, "Host": SITE.removeprefix("http://")})
        browser.post("/login", json=login)
        for _ in range(2):
            del browser.cookies["access_token_cookie"]
            refused = browser.get("/page", headers=PROGRAMS["websocket"])
            answer = browser.get("/page")
            assert (refused.status_code, answer.status_code) == (401, 200)
            assert set(answer.cookies) >= COOKIES
        assert browser.get("/page").status_code == 200
        browser.cookies.clear()
        assert browser.get("/page").status_code == 302


@pytest.mark.parametrize("status", [401, 403])
def test_refusal_of_the_application_is_its_own(
    browser: httpx.Client, stage: Stage, status: int
) -> None:
    """Only Traefik takes it for the service's, as docs/operate/gateways.md says."""
    login = {"username": USER, "password": stage.service.password, "cookies": True}
    assert browser.post("/login", json=login).status_code == 200
    path = f"/status/{status}"
    answer = browser.get(path)
    if stage.gateway.product.name == "traefik":
        assert answer.status_code == {401: 302, 403: 403}[status]
        answer = browser.get(path, headers={"Accept": "*/*"})
    assert (answer.status_code, answer.json()) == (status, {"page": path})


def test_protected_pages_are_not_stored(browser: httpx.Client, stage: Stage) -> None:
    """The Back button finds no page after signing out; the rest may be cached."""
    login = {"username": USER, "password": stage.service.password, "cookies": True}
    assert browser.post("/login", json=login).status_code == 200
    page, script, public = (
        browser.get(path, headers=headers).headers.get_list("Cache-Control")
        for path, headers in (
            ("/page", HTML),
            ("/page", {"Accept": "*/*"}),
            ("/public/page", HTML),
        )
    )

    assert page in (["no-store"], ["max-age=600", "no-store"])
    assert script == public == ["max-age=600"]


def test_expired_token_is_renewed(stages: Stages, product: Product) -> None:
    """A token that has run out is as good as none: the browser comes back with new."""
    stage = stages.with_sign_in_page(product, ACCESS_TOKEN_EXPIRES="1")
    login = {"username": USER, "password": stage.service.password, "cookies": True}
    with stage.client() as browser:
        browser.headers["Host"] = SITE.removeprefix("http://")
        first = browser.post("/login", json=login).cookies["access_token_cookie"]
        poll(lambda: browser.get("/page").status_code == 401)
        browser.cookies.set("access_token_cookie", first, domain="127.0.0.1")
        led = browser.get(DEEP, headers=HTML)
        back = browser.get(led.headers["Location"], headers=HTML)

    assert (back.status_code, back.headers["Location"]) == (303, SITE + DEEP)
    assert set(back.cookies) >= COOKIES


def test_other_sites_are_no_return_address(browser: httpx.Client) -> None:
    """The host is the client's word; the service knows the sites."""
    answer = browser.get("/page", headers={"Host": "evil.example"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/refresh/return?")
    answers = _follow(browser, answer.headers["Location"])
    assert answers[-1].status_code == 400
