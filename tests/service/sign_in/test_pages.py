"""The sign-in page as a browser sees it, and what other sites cannot do with it."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from clock import Clock
from quart_jwt import create_access_token
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.sign_in import SignIn
from quart_jwt.service.sign_in.looks import WORDS
from service.kit import claims
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

SITE = "https://app.example.org"
DEEP = f"{SITE}/deep?a=1&b=2"
PAGE = f"/sign-in?return_to={quote(DEEP, safe='')}"
HERE = {"Sec-Fetch-Site": "same-origin"}
MAX_PAGE_BYTES = 30 * 1024
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.fixture(name="settings")
def _settings(settings: Settings) -> Settings:
    return replace(settings, sign_in=SignIn(origins=(SITE,)))


@pytest.fixture(name="secure")
async def _secure(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    """Give a service as it is in production: cookies are for HTTPS."""
    app = create_app(replace(settings, cookie_secure=True), clock)
    async with app.test_app():
        yield Service(app=app, client=app.test_client(), clock=clock)


async def _form(service: Service, path: str = PAGE, **headers: str) -> dict[str, str]:
    """Load a page and return the hidden field of its form."""
    response = await service.client.get(path, headers=headers)
    assert response.status_code == 200
    text = await response.get_data(as_text=True)
    found = re.search('name="form_token" value="([^"]+)"', text)
    assert found is not None
    return {"form_token": found[1]}


async def _submit(
    service: Service,
    form: dict[str, str],
    *,
    path: str = PAGE,
    headers: dict[str, str] | None = None,
    **fields: str,
) -> Any:
    wanted = {"username": NAME, "password": PASSWORD, **form, **fields}
    given = HERE if headers is None else headers
    return await service.client.post(path, form=wanted, headers=given)


def _cookies(response: Any) -> dict[str, Any]:
    jar: SimpleCookie = SimpleCookie()
    for line in response.headers.getlist("Set-Cookie"):
        jar.load(line)
    return dict(jar)


async def _sign_in(service: Service) -> dict[str, Any]:
    response = await _submit(service, await _form(service))
    assert response.status_code == 303
    return _cookies(response)


async def test_signing_in_leads_back(service: Service) -> None:
    """The browser is back at its page, query included, with the cookies of a login."""
    await service.add()
    response = await _submit(service, await _form(service))
    assert response.status_code == 303
    assert response.headers["Location"] == DEEP
    cookies = _cookies(response)
    login = {"username": NAME, "password": PASSWORD, "cookies": True}
    others = _cookies(await service.client.post("/login", json=login))
    assert others.keys() == cookies.keys() - {"sign_in"}
    for name, other in others.items():
        attributes = {k: v for k, v in cookies[name].items() if k != "expires"}
        assert attributes == {k: v for k, v in other.items() if k != "expires"}
    assert (await service.client.get("/protected")).status_code == 200
    for cookie in others:
        assert cookies[cookie].value not in response.headers["Location"]


async def test_without_a_wish_the_first_site_is_opened(service: Service) -> None:
    """A bookmark of the page works, too."""
    await service.add()
    form = await _form(service, "/sign-in")
    response = await _submit(service, form, path="/sign-in")
    assert response.headers["Location"] == f"{SITE}/"


async def test_an_address_need_not_be_escaped(service: Service) -> None:
    """The form keeps the whole address that a gateway has appended as it is."""
    response = await service.client.get(f"/sign-in?return_to={DEEP}")
    text = await response.get_data(as_text=True)
    assert f"return_to={quote(DEEP, safe='')}" in text


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", f"{SITE}@evil.example", "/x", ""],
)
async def test_no_open_redirect(service: Service, address: str) -> None:
    """A link to another site shows no form, and its form goes nowhere."""
    await service.add()
    form = await _form(service)
    path = f"/sign-in?return_to={quote(address, safe='')}"
    for method in ("get", "post"):
        send = getattr(service.client, method)
        fields = {"form": form} if method == "post" else {}
        response = await send(path, headers=HERE, **fields)
        if address:
            assert response.status_code == 400
            assert "<form" not in await response.get_data(as_text=True)
        assert "evil" not in response.headers.get("Location", "")
        assert "access_token_cookie" not in _cookies(response)


async def test_without_sites_there_is_no_page(settings: Settings, clock: Clock) -> None:
    """A service that does not want the pages does not have them."""
    app = create_app(replace(settings, sign_in=SignIn()), clock)
    async with app.test_app():
        for path in ("/sign-in", "/sign-out", "/sign-in/style.css"):
            for method in ("GET", "POST"):
                client: Any = app.test_client()
                response = await client.open(path, method=method)
                assert response.status_code == 404


@pytest.mark.parametrize("name", [NAME, "nobody", ""])
async def test_a_wrong_password_is_said(service: Service, name: str) -> None:
    """The page helps, keeps the name, and does not say whether there is such a user."""
    await service.add()
    form = await _form(service)
    response = await _submit(service, form, username=name, password="wrong")
    text = await response.get_data(as_text=True)
    code = "invalid_credentials" if name else "invalid_username"
    assert response.status_code == (401 if name else 400)
    assert WORDS["en"]["problems"][code] in text
    assert f'value="{name}"' in text
    assert "wrong password" not in text
    assert "access_token_cookie" not in _cookies(response)


async def test_a_name_is_not_markup(service: Service) -> None:
    """What was typed is shown as text."""
    form = await _form(service)
    response = await _submit(service, form, username='"><script>x', password="wrong")
    text = await response.get_data(as_text=True)
    assert "<script" not in text
    assert "&gt;&lt;script&gt;x" in text


async def test_it_is_throttled_like_login(service: Service) -> None:
    """Failures at the page and at ``/login`` are counted together."""
    await service.add()
    wrong = {"username": NAME, "password": "wrong"}
    for _ in range(11):
        await service.client.post("/login", json=wrong)
    response = await _submit(service, await _form(service))
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    text = await response.get_data(as_text=True)
    assert WORDS["en"]["problems"]["too_many_attempts"] in text


FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "a sibling host": {"Sec-Fetch-Site": "same-site"},
    "no page": {"Sec-Fetch-Site": "none"},
    "an old browser, another site": {"Origin": "https://evil.example"},
    "an old browser, a sibling host": {"Origin": "http://app.localhost"},
    "an old browser, a hidden page": {"Origin": "null"},
    "nothing said": {},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
async def test_a_form_elsewhere_cannot_sign_in(
    service: Service, headers: dict[str, str]
) -> None:
    """Even with the right value, which a sibling host can set, login CSRF fails."""
    await service.add()
    response = await _submit(service, await _form(service), headers=headers)
    assert response.status_code == 403
    assert "access_token_cookie" not in _cookies(response)


async def test_an_old_browser_signs_in(service: Service) -> None:
    """Its ``Origin`` says that the form is on our page."""
    await service.add()
    headers = {"Origin": "http://localhost"}
    response = await _submit(service, await _form(service), headers=headers)
    assert response.status_code == 303


@pytest.mark.parametrize("value", ["", "x", "\u00e9" * 43, "A" * 43])
async def test_the_value_of_another_browser_does_not_do(
    service: Service, value: str
) -> None:
    """A form is bound to the browser that loaded it."""
    await service.add()
    await _form(service)
    response = await _submit(service, {"form_token": value})
    assert response.status_code == 403


async def test_without_the_cookie_there_is_no_form(service: Service) -> None:
    """An attacker's value without the browser's cookie is worth nothing."""
    await service.add()
    form = await _form(service)
    service.client.cookie_jar.clear()
    assert (await _submit(service, form)).status_code == 403
    assert (await _submit(service, {"form_token": ""})).status_code == 403


async def test_a_second_cookie_is_refused(secure: Service) -> None:
    """A sibling host that sets one of the same name cannot choose the value."""
    await secure.add()
    value = "B" * 43
    headers = {**HERE, "Cookie": f"__Host-sign_in={value}"}
    client = secure.app.test_client(use_cookies=False)
    form = {"username": NAME, "password": PASSWORD, "form_token": value}
    for cookies, status in ((1, 303), (2, 403)):
        headers["Cookie"] = "; ".join([f"__Host-sign_in={value}"] * cookies)
        response = await client.post(PAGE, form=form, headers=headers)
        assert response.status_code == status


async def test_the_cookie_is_of_this_host(secure: Service) -> None:
    """The prefix keeps sibling hosts from setting it, and scripts cannot read it."""
    response = await secure.client.get(PAGE)
    (line,) = response.headers.getlist("Set-Cookie")
    assert line.startswith("__Host-sign_in=")
    attributes = set(line.split("; ")[1:])
    assert attributes == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


async def test_two_tabs_share_the_value_and_a_session_does_not(
    service: Service,
) -> None:
    """Both tabs work; after signing in, the value is new."""
    await service.add()
    first, second = await _form(service), await _form(service)
    assert first == second
    await _submit(service, second)
    assert await _form(service) != first


async def test_no_session_is_fixed(service: Service) -> None:
    """An attacker's session in the browser ends nowhere near the user's."""
    await service.add()
    await service.add("mallory")
    planted = await service.log_in("mallory")
    token = planted["access_token"]
    service.client.set_cookie("localhost", "access_token_cookie", token)
    cookies = await _sign_in(service)
    own = claims(cookies["access_token_cookie"].value)
    assert own["sub"] == NAME
    assert own["sid"] != claims(token)["sid"]


@pytest.mark.parametrize("moved", [0, 901], ids=["now", "expired"])
async def test_signing_out_ends_the_session(service: Service, moved: int) -> None:
    """Cookies are gone, and the tokens in them are worth nothing any more."""
    await service.add()
    cookies = await _sign_in(service)
    service.clock.advance(moved)
    form = await _form(service, "/sign-out")
    response = await service.client.post("/sign-out", form=form, headers=HERE)
    assert response.status_code == 303
    gone = _cookies(response)
    for name in ("access_token_cookie", "refresh_token_cookie"):
        assert gone[name].value == ""
    page = await service.client.get("/sign-out")
    assert WORDS["en"]["signed_out"] in await page.get_data(as_text=True)
    service.client.set_cookie(
        "localhost",
        "refresh_token_cookie",
        cookies["refresh_token_cookie"].value,
        path="/refresh",
    )
    headers = {"X-CSRF-TOKEN": cookies["csrf_refresh_token"].value}
    refused = await service.client.post("/refresh", headers=headers)
    assert (await refused.get_json())["code"] == "token_revoked"


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
async def test_a_form_elsewhere_cannot_sign_out(
    service: Service, headers: dict[str, str]
) -> None:
    """Another site cannot end a session."""
    await service.add()
    await _sign_in(service)
    form = await _form(service, "/sign-out")
    response = await service.client.post("/sign-out", form=form, headers=headers)
    assert response.status_code == 403
    assert (await service.client.get("/protected")).status_code == 200


async def test_only_genuine_tokens_end_their_sessions(service: Service) -> None:
    """A forged token ends nothing, and one that a sibling host added saves nothing."""
    await service.add()
    client = service.app.test_client(use_cookies=False)
    token = (await service.log_in())["access_token"]
    forged = token[: token.rindex(".")] + "." + "A" * 43
    for tokens, status in (((forged,), 200), ((forged, token), 401)):
        cookies = [f"access_token_cookie={one}" for one in tokens]
        headers = {**HERE, "Cookie": "; ".join([f"sign_in={'B' * 43}", *cookies])}
        form = {"form_token": "B" * 43}
        response = await client.post("/sign-out", form=form, headers=headers)
        assert response.status_code == 303
        assert await service.status("GET", "/protected", token) == status


async def test_an_expired_token_without_a_session_ends_nothing(
    service: Service,
) -> None:
    """The browser is signed out all the same, and the other token's session ends."""
    await service.add()
    client = service.app.test_client(use_cookies=False)
    token = (await service.log_in())["access_token"]
    async with service.app.app_context():
        without = create_access_token(NAME, expires_delta=timedelta(seconds=-1))
    tokens = [f"access_token_cookie={one}" for one in (without, token)]
    headers = {**HERE, "Cookie": "; ".join([f"sign_in={'B' * 43}", *tokens])}
    form = {"form_token": "B" * 43}
    response = await client.post("/sign-out", form=form, headers=headers)
    assert response.status_code == 303
    assert _cookies(response)["access_token_cookie"].value == ""
    assert await service.status("GET", "/protected", token) == 401


async def test_every_answer_has_the_policy(service: Service) -> None:
    """Nothing is stored, framed or loaded from elsewhere, and no script runs."""
    await service.add()
    answers = [
        await service.client.get(path)
        for path in (PAGE, "/sign-out", "/sign-in/style.css", "/sign-in?return_to=x")
    ]
    answers.append(await _submit(service, await _form(service)))
    for response in answers:
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert policy.endswith(f"form-action 'self' {SITE}")
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr, en;q=0.5", "en"),
        ("", "", "en"),
        ("", "de", "en"),
        ("&lang=zh", "en", "zh"),
        ("&lang=xx", "zh-TW", "zh"),
    ],
)
async def test_the_language_is_the_readers(
    service: Service, query: str, header: str, language: str
) -> None:
    """The browser's preference counts, and a choice counts more."""
    headers = {"Accept-Language": header}
    response = await service.client.get(PAGE + query, headers=headers)
    text = await response.get_data(as_text=True)
    assert f'<html lang="{language}">' in text
    assert WORDS[language]["password"] in text


def test_both_languages_have_every_word() -> None:
    """No word is left out in one of them."""
    shapes = {
        json.dumps([sorted(words), sorted(words["problems"])])
        for words in WORDS.values()
    }
    assert len(shapes) == 1


async def test_an_operator_sets_the_looks(
    settings: Settings, clock: Clock, tmp_path: Path
) -> None:
    """Name, logo and colours are shown; a template of theirs replaces ours."""
    logo = tmp_path / "logo.svg"
    logo.write_bytes(LOGO)
    (tmp_path / "sign_out.html").write_text("own {{ words.sign_out }}", "utf-8")
    looks = SignIn(
        origins=(SITE,),
        name="A & B",
        logo=logo,
        color="#ffff00",
        templates=tmp_path,
    )
    app = create_app(replace(settings, sign_in=looks), clock)
    async with app.test_app():
        client = app.test_client()
        bodies = {}
        for path in (PAGE, "/sign-in/style.css", "/sign-in/logo", "/sign-out"):
            response = await client.get(path)
            assert response.status_code == 200
            bodies[path] = await response.get_data(as_text=True)
    assert "A &amp; B" in bodies[PAGE]
    assert "--accent: #ffff00; --on-accent: #10131a" in bodies["/sign-in/style.css"]
    assert bodies["/sign-in/logo"].encode() == LOGO
    assert bodies["/sign-out"] == "own Sign out"
    assert sum(map(len, bodies.values())) < MAX_PAGE_BYTES


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("logo.txt", "x", "SIGN_IN_LOGO must be"),
        ("missing.svg", None, "SIGN_IN_LOGO cannot be read"),
        ("large.svg", "x" * 16_385, "SIGN_IN_LOGO must have at most"),
        ("sign_in.html", "{% if %}", "SIGN_IN_TEMPLATES has a faulty template"),
    ],
)
def test_faulty_looks_are_said_at_the_start(
    settings: Settings, tmp_path: Path, name: str, text: str | None, says: str
) -> None:
    """The service does not start with a logo or a template that cannot be used."""
    path = tmp_path / name
    if text is not None:
        path.write_text(text, "utf-8")
    looks = replace(settings.sign_in, templates=tmp_path)
    if not name.endswith(".html"):
        looks = replace(settings.sign_in, logo=path)
    with pytest.raises(SettingsError, match=says):
        create_app(replace(settings, sign_in=looks))
