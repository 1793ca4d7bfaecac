"""What pages of other origins hear: nothing, unless the operator names them."""

import dataclasses
from collections.abc import AsyncIterator
from itertools import product
from typing import Any

import pytest

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.groups import Cors
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

OURS = "https://app.example.com"
OTHER = "http://127.0.0.1:5173"
FOREIGN = (
    *("https://evil.example", "null", "https://app.example.com.evil.example"),
    *("http://app.example.com", "https://APP.example.com", "https://app.example.com:8"),
    *("https://app.example.com/", "https://xapp.example.com", "*", "é"),
)
LOGIN = {"username": NAME, "password": PASSWORD}
APP_SHELL = "capacitor://localhost"
CORS = Cors(origins=(OURS, OTHER, APP_SHELL), credentials=True)
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,x-csrf-token,x-other",
}


@pytest.fixture(name="cors")
def _cors(request: pytest.FixtureRequest) -> Cors:
    cors: Cors = getattr(request, "param", CORS)
    return cors


@pytest.fixture(name="shared")
async def _shared(
    settings: Settings, clock: Clock, cors: Cors
) -> AsyncIterator[Service]:
    app = create_app(dataclasses.replace(settings, cors=cors), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        yield service


def _cors_headers(answer: Any) -> dict[str, str]:
    return {
        name.lower().removeprefix("access-control-"): value
        for name, value in answer.headers.items()
        if name.lower().startswith("access-control-")
    }


async def _asked(service: Service, method: str, path: str, origin: str) -> Any:
    return await service.client.open(path, method=method, headers={"Origin": origin})


async def test_off_by_default(service: Service) -> None:
    """No origin hears anything, and no answer differs by it."""
    await service.add()
    for method, path in (("OPTIONS", "/login"), ("GET", "/protected")):
        answer = await _asked(service, method, path, OURS)
        assert _cors_headers(answer) == {}
        assert answer.headers["Vary"] == "Authorization, Cookie"
    answer = await service.client.post("/login", json={**LOGIN, "cookies": True})
    assert (await answer.get_json()).keys() == {"cookies", "expires_in"}


@pytest.mark.parametrize("origin", [OURS, OTHER, APP_SHELL])
async def test_a_preflight_of_a_listed_origin(shared: Service, origin: str) -> None:
    """It hears what it may send, and no more."""
    answer = await shared.client.options(
        "/login", headers={"Origin": origin, **PREFLIGHT}
    )
    said = _cors_headers(answer)
    assert answer.status_code == 200
    assert (said["allow-origin"], said["allow-credentials"]) == (origin, "true")
    assert set(said["allow-methods"].split(", ")) == {"GET", "HEAD", "POST", "DELETE"}
    allowed = {one.lower() for one in said["allow-headers"].split(", ")}
    assert allowed == {"content-type", "x-csrf-token"}
    assert said["max-age"] == "600"
    assert answer.headers["Vary"] == "Authorization, Cookie, Origin"


async def test_an_origin_that_is_not_listed(shared: Service) -> None:
    """It hears nothing, whatever it asks, for an origin is compared as a whole."""
    asked = (
        *(("OPTIONS", "/login"), ("GET", "/protected"), ("POST", "/login")),
        *(("GET", "/nowhere"), ("GET", "/healthz/live")),
    )
    for origin, (method, path) in product(FOREIGN, asked):
        answer = await _asked(shared, method, path, origin)
        assert _cors_headers(answer) == {}, (origin, path)
        assert answer.headers["Vary"] == "Authorization, Cookie, Origin"


async def test_refusals_can_be_read_as_well(shared: Service) -> None:
    """Each error has the headers, and those that say what to do can be read."""
    seen = set()
    for method, path in (
        *(("GET", "/protected"), ("POST", "/login"), ("GET", "/nowhere")),
        *(("PUT", "/login"), ("POST", "/refresh"), ("DELETE", "/sessions/x")),
    ):
        answer = await _asked(shared, method, path, OURS)
        said = _cors_headers(answer)
        assert said["allow-origin"] == OURS
        assert set(said["expose-headers"].split(", ")) == {
            "WWW-Authenticate",
            "Retry-After",
        }
        seen.add(answer.status_code)
    assert seen == {401, 404, 405, 415}


async def test_the_csrf_values_are_told_to_who_cannot_read_cookies(
    shared: Service,
) -> None:
    """They are those of the cookies, after a sign-in and after a refresh."""
    answer = await shared.client.post("/login", json={**LOGIN, "cookies": True})
    for _ in range(2):
        said = await answer.get_json()
        cookies = "\n".join(answer.headers.getlist("Set-Cookie"))
        for name in ("csrf_access_token", "csrf_refresh_token"):
            assert f"{name}={said[name]};" in cookies
        headers = {"X-CSRF-TOKEN": said["csrf_refresh_token"]}
        answer = await shared.client.post("/refresh", headers=headers)
        assert answer.status_code == 200


@pytest.mark.parametrize("cors", [Cors(origins=("*",))], indirect=True)
async def test_any_origin_has_no_cookies(shared: Service) -> None:
    """The wildcard is for tokens in headers alone: no credentials, no CSRF values."""
    for origin in (OURS, "null"):
        said = _cors_headers(await _asked(shared, "GET", "/protected", origin))
        assert said["allow-origin"] == "*"
        assert "allow-credentials" not in said
    answer = await shared.client.post("/login", json={**LOGIN, "cookies": True})
    assert (await answer.get_json()).keys() == {"cookies", "expires_in"}


async def test_public_keys_stay_public(shared: Service) -> None:
    """They may be kept by everybody, and do not differ by origin."""
    for origin in (OURS, FOREIGN[0]):
        answer = await _asked(shared, "GET", "/.well-known/jwks.json", origin)
        assert _cors_headers(answer) == {"allow-origin": "*"}
        assert "Vary" not in answer.headers


async def test_the_lane_is_for_gateways(shared: Service) -> None:
    """No page asks there, and none is told anything."""
    answer = await _asked(shared, "GET", "/auth/verify", OURS)
    assert (answer.status_code, _cors_headers(answer)) == (401, {})


def _read(**values: str) -> Cors:
    environ = {f"QUART_JWT_CORS_{name}": value for name, value in values.items()}
    return read_settings(environ).cors


def test_origins_are_a_setting() -> None:
    """Exact origins with commas, and whether cookies may come along."""
    assert _read() == Cors()
    assert _read(ORIGINS=f" {OURS} ,{OTHER},") == Cors(origins=(OURS, OTHER))
    assert _read(ORIGINS=OURS, CREDENTIALS="true").credentials
    assert _read(ORIGINS="*") == Cors(origins=("*",))
    addresses = ("http://[::1]:5173", "https://a", "http://a:443", "https://a:65535")
    for good in (*addresses, "capacitor://localhost", "tauri://localhost"):
        assert _read(ORIGINS=good).origins == (good,)


@pytest.mark.parametrize(
    "origin",
    [
        *("app.example.com", "https://app.example.com/", "https://APP.example.com"),
        *("https://app.example.com:443", "http://app.example.com:80", "null"),
        *(
            "https://*.example.com",
            "file:///a",
            "https://",
            "https://a:0",
            "https://a b",
        ),
        *("https://user@a", "https://a?b", "https://a#b", "https://ä.example", "a\nb"),
    ],
)
def test_what_no_browser_sends_is_a_fault(origin: str) -> None:
    """An origin that could never match is a slip, and is not repeated."""
    with pytest.raises(SettingsError, match="QUART_JWT_CORS_ORIGINS") as caught:
        _read(ORIGINS=origin)
    assert origin not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"ORIGINS": "*", "CREDENTIALS": "true"}, "must not be true for \\*"),
        ({"ORIGINS": f"*,{OURS}"}, "must not have \\* beside other origins"),
        ({"CREDENTIALS": "true"}, "needs origins"),
        ({"ORIGINS": OURS, "CREDENTIALS": "maybe"}, "must be true or false"),
    ],
)
def test_what_does_not_go_together_is_a_fault(
    values: dict[str, str], fault: str
) -> None:
    """A wildcard with credentials above all."""
    with pytest.raises(SettingsError, match=fault):
        _read(**values)
