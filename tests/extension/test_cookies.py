"""Tokens in cookies."""

from collections.abc import Callable
from http.cookies import Morsel
from http.cookies import SimpleCookie
from typing import Any

import pytest
from quart import Quart
from quart import Response

from extension.apps import MakeApp
from extension.apps import Mint
from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from quart_jwt import decode_token
from quart_jwt import set_access_cookies
from quart_jwt import set_refresh_cookies
from quart_jwt import unset_access_cookies
from quart_jwt import unset_jwt_cookies
from quart_jwt import unset_refresh_cookies
from quart_jwt.tokens import codec

NAMES = {
    "access": ("access_token_cookie", "csrf_access_token"),
    "refresh": ("refresh_token_cookie", "csrf_refresh_token"),
}


def _cookies(response: Response) -> dict[str, Morsel[str]]:
    cookies: dict[str, Morsel[str]] = {}
    for line in response.headers.getlist("Set-Cookie"):
        cookies.update(SimpleCookie(line))
    return cookies


@pytest.mark.parametrize(
    ("kind", "create", "put"),
    [
        ("access", create_access_token, set_access_cookies),
        ("refresh", create_refresh_token, set_refresh_cookies),
    ],
    ids=["access", "refresh"],
)
async def test_set(app: Quart, kind: str, create: Any, put: Any) -> None:
    """The token's cookie is for the browser alone, the CSRF one for scripts."""
    async with app.app_context():
        token, response = create("joe"), Response("")
        put(response, token)
        csrf = decode_token(token)["csrf"]
    cookies = _cookies(response)
    name, csrf_name = NAMES[kind]
    assert {n: m.value for n, m in cookies.items()} == {name: token, csrf_name: csrf}
    assert bool(cookies[name]["httponly"])
    assert not cookies[csrf_name]["httponly"]


@pytest.mark.parametrize(
    ("max_age", "expected"), [(None, ""), (0, "0"), (1, "1"), (3600, "3600")]
)
async def test_max_age(app: Quart, max_age: int | None, expected: str) -> None:
    """A given age counts, zero included."""
    async with app.app_context():
        response = Response("")
        set_access_cookies(response, create_access_token("joe"), max_age=max_age)
    assert {m["max-age"] for m in _cookies(response).values()} == {expected}


async def test_attributes(make_app: MakeApp) -> None:
    """Secure, SameSite, path and domain follow the settings and the argument."""
    app = make_app(
        JWT_COOKIE_SECURE=True,
        JWT_COOKIE_SAMESITE="Strict",
        JWT_ACCESS_COOKIE_PATH="/api",
        JWT_COOKIE_DOMAIN="example.com",
        JWT_SESSION_COOKIE=False,
    )
    async with app.app_context():
        response = Response("")
        set_access_cookies(response, create_access_token("joe"), domain="other.com")
    cookie = _cookies(response)["access_token_cookie"]
    assert (cookie["secure"], cookie["samesite"], cookie["path"]) == (
        True,
        "Strict",
        "/api",
    )
    assert (cookie["domain"], cookie["max-age"]) == ("other.com", "31540000")


@pytest.mark.parametrize("option", ["JWT_COOKIE_CSRF_PROTECT", "JWT_CSRF_IN_COOKIES"])
async def test_no_csrf_cookie(make_app: MakeApp, option: str) -> None:
    """Where it is switched off there is no CSRF cookie, set or unset."""
    async with make_app(**{option: False}).app_context():
        response = Response("")
        set_access_cookies(response, create_access_token("joe"))
        unset_access_cookies(response)
    assert set(_cookies(response)) == {"access_token_cookie"}


@pytest.mark.parametrize(
    ("unset", "names"),
    [
        (unset_access_cookies, {*NAMES["access"]}),
        (unset_refresh_cookies, {*NAMES["refresh"]}),
        (unset_jwt_cookies, {*NAMES["access"], *NAMES["refresh"]}),
    ],
    ids=["access", "refresh", "both"],
)
async def test_unset(app: Quart, unset: Callable[[Any], None], names: set[str]) -> None:
    """Unsetting empties the cookies and dates them to 1970."""
    async with app.app_context():
        response = Response("")
        unset(response)
    cookies = _cookies(response)
    assert set(cookies) == names
    assert {m.value for m in cookies.values()} == {""}
    assert all("1970" in m["expires"] for m in cookies.values())


async def test_token_is_not_verified_again(
    app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Setting a cookie checks no signature: the token was made a moment ago."""
    async with app.app_context():
        token = create_access_token("joe")
        monkeypatch.delattr(codec, "check_signature")
        set_access_cookies(Response(""), token)


async def test_token_without_csrf(app: Quart) -> None:
    """A token without the claim cannot be protected: an error, not a cookie."""
    async with app.app_context():
        app.config["JWT_COOKIE_CSRF_PROTECT"] = False
        token = create_access_token("joe")
        app.config["JWT_COOKIE_CSRF_PROTECT"] = True
        with pytest.raises(KeyError, match="csrf"):
            set_access_cookies(Response(""), token)


async def test_cookie_walk(make_app: MakeApp, bearer: Mint) -> None:
    """A cookie opens GET alone, and POST with its CSRF value beside it."""
    app = make_app(JWT_TOKEN_LOCATION=["cookies"])
    token = (await bearer())["Authorization"].split()[1]
    async with app.app_context():
        csrf = decode_token(token)["csrf"]
    client = app.test_client()
    client.set_cookie("localhost", "access_token_cookie", token)
    statuses = [
        (await client.get("/protected")).status_code,
        (await client.post("/protected")).status_code,
        (await client.post("/protected", headers={"X-CSRF-TOKEN": csrf})).status_code,
        (await client.post("/protected", headers={"X-CSRF-TOKEN": "no"})).status_code,
    ]
    assert statuses == [200, 401, 200, 401]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [(None, "example.org"), ("", ""), ("sub.example.org", "sub.example.org")],
)
@pytest.mark.parametrize("kind", ["access", "refresh"])
async def test_the_domain_of_one_call(
    make_app: MakeApp, domain: str | None, expected: str, kind: str
) -> None:
    """None means the configured domain, and "" this host alone."""
    app = make_app(JWT_COOKIE_DOMAIN="example.org")
    async with app.app_context():
        response = Response("")
        unset_jwt_cookies(response, domain=domain)
    cookies = _cookies(response)

    assert {expected} == {cookies[name]["domain"] for name in NAMES[kind]}


@pytest.mark.parametrize("partitioned", [True, False])
async def test_partitioned(make_app: MakeApp, partitioned: bool) -> None:
    """``JWT_COOKIE_PARTITIONED`` (CHIPS) is an attribute of every cookie."""
    app = make_app(JWT_COOKIE_SECURE=True, JWT_COOKIE_PARTITIONED=partitioned)
    async with app.app_context():
        response = Response("")
        set_access_cookies(response, create_access_token("joe"))
        unset_jwt_cookies(response)
    lines = response.headers.getlist("Set-Cookie")

    assert len(lines) == 6
    assert {partitioned} == {"; Partitioned" in line for line in lines}
