"""A gateway's question renews the session of a browser that only loads pages."""

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any

import pytest

from clock import Clock
from extension.asgi import asgi_call
from extension.asgi import scope_of
from quart_jwt.exceptions import StoreError
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.ground.request_facts import RequestFacts
from quart_jwt.service.settings.groups import Gateway
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.sign_in import SignIn
from service.kit import bearer
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import SECRET
from service.kit import Service

ACCESS = "access_token_cookie"
REFRESH = "refresh_token_cookie"
EXPIRED_S = 901
Jar = dict[str, str]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a gateway hears, and the cookies that it passes on."""

    status: int
    subject: str | None
    cookies: Jar


@pytest.fixture(name="renewing")
async def _renewing(settings: Settings, clock: Clock) -> AsyncIterator[Service]:
    on = dataclasses.replace(
        settings,
        sign_in=SignIn(origins=("https://app.example.org",)),
        gateway=Gateway(renews_sessions=True),
    )
    app = create_app(on, clock)
    async with app.test_app():
        yield Service(app=app, client=app.test_client(), clock=clock)


async def _signed_in(service: Service) -> Jar:
    await service.add()
    body = {"username": NAME, "password": PASSWORD, "cookies": True}
    response = await service.client.post("/login", json=body)
    jar: SimpleCookie = SimpleCookie()
    for line in response.headers.getlist("Set-Cookie"):
        jar.load(line)
    return {name: jar[name].value for name in (ACCESS, REFRESH)}


async def _ask(
    service: Service,
    jar: Jar,
    *,
    method: str = "GET",
    peer: str = "127.0.0.1",
    more: dict[str, str] | None = None,
    kind: str = "http",
) -> Answer:
    """Ask as a gateway does for a browser that has these cookies."""
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items()),
        "X-Forwarded-Method": method,
        **(more or {}),
    }
    scope = scope_of("/auth/verify", "GET", headers, (peer, 1), kind=kind)
    start, *_ = await asgi_call(service.app, scope, {"type": "http.request"})
    heard: SimpleCookie = SimpleCookie()
    for name, value in start["headers"]:
        if name.lower() == b"set-cookie":
            heard.load(value.decode())
    said = dict(start["headers"]).get(b"x-auth-subject")
    cookies = {name: one.value for name, one in heard.items()}
    return Answer(start["status"], said and said.decode(), cookies)


def _tokens(answer: Answer) -> Jar:
    return {name: answer.cookies[name] for name in (ACCESS, REFRESH)}


@pytest.mark.parametrize("renews", [False, True])
async def test_the_refresh_cookie_of_the_other_path_goes(
    settings: Settings, clock: Clock, *, renews: bool
) -> None:
    """A browser that has one from before the setting changed can refresh again."""
    on = SignIn(origins=("https://app.example.org",))
    gateway = Gateway(renews_sessions=renews)
    app = create_app(dataclasses.replace(settings, sign_in=on, gateway=gateway), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        path = "/refresh" if renews else "/"
        service.client.set_cookie("localhost", REFRESH, "of-before", path=path)
        await service.add()
        body = {"username": NAME, "password": PASSWORD, "cookies": True}
        response = await service.client.post("/login", json=body)
        lines = "\n".join(response.headers.getlist("Set-Cookie"))
        csrf = re.search("csrf_refresh_token=([^;]+)", lines)
        assert csrf is not None
        headers = {"X-CSRF-TOKEN": csrf[1]}
        refreshed = await service.client.post("/refresh", headers=headers)
        assert refreshed.status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("is_missing", [False, True])
async def test_expired_session_is_renewed_in_the_same_answer(
    renewing: Service, method: str, is_missing: bool
) -> None:
    """The page is shown, the token was rotated, and the next pages need no refresh."""
    first = await _signed_in(renewing)
    renewing.clock.advance(EXPIRED_S)
    shown = {REFRESH: first[REFRESH]} if is_missing else first

    answer = await _ask(renewing, shown, method=method)

    second = _tokens(answer)
    assert (answer.status, answer.subject) == (200, NAME)
    assert second[ACCESS] != first[ACCESS]
    assert second[REFRESH] != first[REFRESH]
    assert await _ask(renewing, second) == Answer(200, NAME, {})


async def test_metrics_count_the_question_and_not_its_refresh(
    renewing: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request of the gateway keeps its route."""
    jar = await _signed_in(renewing)
    renewing.clock.advance(EXPIRED_S)
    made: list[RequestFacts] = []
    init = RequestFacts.__init__

    def note(facts: RequestFacts, *args: Any) -> None:
        init(facts, *args)
        made.append(facts)

    monkeypatch.setattr(RequestFacts, "__init__", note)
    answer = await _ask(renewing, jar)

    assert (answer.status, [facts.route for facts in made]) == (200, ["/auth/verify"])


async def test_two_tabs_at_once_stay_signed_in(renewing: Service) -> None:
    """Both get one refresh token, and either can go on with it."""
    first = await _signed_in(renewing)
    renewing.clock.advance(EXPIRED_S)

    answers = await asyncio.gather(*(_ask(renewing, first) for _ in range(8)))
    renewing.clock.advance(1)
    late = await _ask(renewing, first)

    assert {answer.status for answer in (*answers, late)} == {200}
    assert len({answer.cookies[REFRESH] for answer in (*answers, late)}) == 1
    assert len({answer.cookies[ACCESS] for answer in answers}) == 1
    renewing.clock.advance(EXPIRED_S)
    assert (await _ask(renewing, _tokens(late))).status == 200


async def test_used_refresh_token_ends_the_session(renewing: Service) -> None:
    """Who stole a refresh token cannot renew with it later, and neither can others."""
    first = await _signed_in(renewing)
    renewing.clock.advance(EXPIRED_S)
    second = _tokens(await _ask(renewing, first))
    renewing.clock.advance(EXPIRED_S)

    stolen = await _ask(renewing, first)

    assert (stolen.status, stolen.cookies) == (401, {})
    after = await _ask(renewing, second)
    assert (after.status, after.cookies) == (401, {})


@pytest.mark.parametrize(
    "how",
    [
        {"method": "POST"},
        {"method": "OPTIONS"},
        {"peer": "192.0.2.1"},
        {"more": {"Authorization": "Basic eDp5"}},
        {"more": {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}},
        {"more": {"Upgrade": "websocket"}},
        {"kind": "websocket"},
    ],
    ids=str,
)
async def test_what_is_not_renewed(renewing: Service, how: dict[str, Any]) -> None:
    """It keeps its 401, and the refresh token is as good as before."""
    first = await _signed_in(renewing)
    renewing.clock.advance(EXPIRED_S)

    answer = await _ask(renewing, {REFRESH: first[REFRESH]}, **how)

    assert (answer.status, answer.cookies) == (401, {})
    # After the grace, a token that was used would end the session.
    renewing.clock.advance(EXPIRED_S)
    assert (await _ask(renewing, first)).status == 200


async def test_stranger_is_not_renewed_where_the_method_is_its_own(
    settings: Settings, clock: Clock
) -> None:
    """Behind Envoy, the method of a question says nothing about who asks it."""
    envoy = dataclasses.replace(
        settings,
        sign_in=SignIn(origins=("https://app.example.org",)),
        gateway=Gateway(renews_sessions=True, method_header=None, uri_header=None),
    )
    app = create_app(envoy, clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        first = await _signed_in(service)
        service.clock.advance(EXPIRED_S)
        stranger = await _ask(service, first, peer="192.0.2.1")
        assert (stranger.status, stranger.cookies) == (401, {})
        assert (await _ask(service, first)).status == 200


async def test_bad_tokens_are_not_renewed(renewing: Service) -> None:
    """A forged access token, an access token for a refresh token, and nonsense."""
    first = await _signed_in(renewing)
    for jar in (
        {**first, ACCESS: first[ACCESS][:-8] + "AAAAAAAA"},
        {REFRESH: first[ACCESS]},
        {REFRESH: "nonsense"},
        {ACCESS: first[REFRESH]},
    ):
        answer = await _ask(renewing, jar)
        assert (answer.status, answer.cookies) == (401, {})


async def test_two_refresh_cookies_are_refused(renewing: Service) -> None:
    """A sibling host can set one of that name; neither is taken for ours."""
    first = await _signed_in(renewing)
    more = {"Cookie": f"{REFRESH}=evil; {REFRESH}={first[REFRESH]}"}
    answer = await _ask(renewing, {}, more=more)
    assert (answer.status, answer.cookies) == (401, {})


async def test_good_token_asks_for_no_refresh(renewing: Service) -> None:
    """The cookies stay as they are while the access token is good."""
    first = await _signed_in(renewing)
    assert await _ask(renewing, first) == Answer(200, NAME, {})
    renewing.clock.advance(EXPIRED_S)
    assert (await _ask(renewing, first)).status == 200  # it was not used before


async def test_ended_session_is_not_renewed(renewing: Service) -> None:
    """Signing out is final, also for a browser that still has its cookies."""
    first = await _signed_in(renewing)
    await renewing.client.post("/logout", headers=bearer(first[ACCESS]))
    answer = await _ask(renewing, first)
    assert (answer.status, answer.cookies) == (401, {})


async def test_store_that_is_away_is_no_refusal(
    renewing: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser is not sent to sign in again for an outage."""

    async def away(*_arguments: Any, **_options: Any) -> Any:
        raise StoreError("away")

    first = await _signed_in(renewing)
    renewing.clock.advance(EXPIRED_S)
    sessions = renewing.app.extensions["quart-jwt.settings"](
        renewing.app.config
    ).sessions
    monkeypatch.setattr(sessions.store, "rotate", away)
    answer = await _ask(renewing, first)
    assert (answer.status, answer.cookies) == (503, {})


async def test_renewal_is_off_by_default(service: Service) -> None:
    """Without the two settings, an expired token is one."""
    first = await _signed_in(service)
    service.clock.advance(EXPIRED_S)
    answer = await _ask(service, first)
    assert (answer.status, answer.cookies) == (401, {})


def test_renewal_needs_sites() -> None:
    """The setting alone does nothing, so it is refused."""
    environ = {"QUART_JWT_SECRET_KEY": SECRET, "QUART_JWT_RENEW_AT_GATEWAY": "true"}
    with pytest.raises(SettingsError, match="RENEW_AT_GATEWAY"):
        read_settings(environ)
