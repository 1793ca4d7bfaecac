"""Introspection (RFC 7662) and revocation (RFC 7009), by clients with credentials."""

import dataclasses
import logging
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus
from urllib.parse import urlencode

import jwt
import pytest

from clock import Clock
from quart_jwt.exceptions import StoreError
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.events import Event
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.events import security_events
from quart_jwt.service.settings.settings import Settings
from service.kit import bearer
from service.kit import NAME
from service.kit import SECRET
from service.kit import Service

CLIENT = "orders-api"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
INACTIVE = (200, {"active": False})
REVOKED = (200, {"revoked": True})
PATHS = ("/introspect", "/revoke")


@pytest.fixture(name="secret")
async def _secret(service: Service) -> str:
    await service.add()
    return await service.resources.clients.add(CLIENT)


@pytest.fixture(name="events")
def _events() -> Iterator[list[Event]]:
    heard: list[Event] = []
    with security_events.connected_to(heard.append):
        yield heard


def _basic(name: str, secret: str) -> dict[str, str]:
    pair = f"{quote_plus(name)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


async def _post(
    service: Service, path: str, body: str | bytes, headers: dict[str, str]
) -> tuple[int, Any]:
    answer = await service.client.post(path, data=body, headers={**FORM, **headers})
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, await answer.get_json()


async def _ask(
    service: Service, secret: str, token: str, path: str = "/introspect", **more: str
) -> tuple[int, Any]:
    body = urlencode({"token": token, **more})
    return await _post(service, path, body, _basic(CLIENT, secret))


async def test_a_live_access_token_is_described(service: Service, secret: str) -> None:
    """Everything that RFC 7662 §2.2 has and the token says."""
    token = (await service.log_in())["access_token"]
    status, said = await _ask(service, secret, token)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert status == 200
    assert said == {
        "active": True,
        "username": NAME,
        "token_type": "Bearer",
        **{name: claims[name] for name in ("exp", "iat", "nbf", "sub", "jti", "sid")},
    }


async def test_issuer_audience_and_scope_are_told(
    settings: Settings, clock: Clock
) -> None:
    """What the token carries beyond that stands in the answer, too."""
    keys = dataclasses.replace(settings.keys, issuer="https://us", audience="them")
    app = create_app(dataclasses.replace(settings, keys=keys), clock)
    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        secret = await service.resources.clients.add(CLIENT)
        token = (await service.log_in())["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        scoped = {**claims, "scope": "write read", "client_id": "app"}
        status, said = await _ask(service, secret, jwt.encode(scoped, SECRET))
    assert (status, said["iss"], said["aud"]) == (200, "https://us", "them")
    assert (said["scope"], said["client_id"]) == ("read write", "app")


async def test_a_refresh_token_is_told_from_an_access_token(
    service: Service, secret: str
) -> None:
    """It is active until it is used up, and never of the type Bearer."""
    token = (await service.log_in())["refresh_token"]
    for hint in ("refresh_token", "access_token", "nonsense"):
        _, said = await _ask(service, secret, token, token_type_hint=hint)
        assert (said["active"], said["token_type"]) == (True, "N_A")
    await service.client.post("/refresh", headers=bearer(token))
    assert await _ask(service, secret, token) == INACTIVE


async def test_what_is_no_live_token_is_inactive(service: Service, secret: str) -> None:
    """Foreign, forged, malformed, expired: one answer, and nothing more is said."""
    token = (await service.log_in())["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    other = "another secret of thirty-two bytes and more"
    for bad in (
        *("x", "a.b.c", "eyJ", "\0", "é" * 99, token + "x", f"{token}, Basic x"),
        *(f" {token}", f"Bearer {token}", token[:-1], token.upper(), "." * 9_000),
        jwt.encode(claims, other),
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode({**claims, "sid": None}, SECRET),
        jwt.encode({**claims, "exp": int(service.clock()) - 1}, SECRET),
        jwt.encode({**claims, "nbf": int(service.clock()) + 99}, SECRET),
    ):
        assert await _ask(service, secret, bad) == INACTIVE, bad
    assert (await _ask(service, secret, token))[1]["active"] is True
    service.clock.advance(900)
    assert await _ask(service, secret, token) == INACTIVE


@pytest.mark.parametrize("end", ["logout", "disable", "password", "elsewhere"])
async def test_a_session_that_has_ended_is_inactive(
    service: Service, secret: str, end: str
) -> None:
    """Both tokens of it, at once, however it ended."""
    tokens = await service.log_in()
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    if end == "logout":
        assert await service.status("POST", "/logout", access) == 200
    elif end == "disable":
        await service.changes.disable(NAME)
    elif end == "password":
        await service.changes.set_password(NAME, "x")
    else:
        other = (await service.log_in())["access_token"]
        assert await service.status("POST", "/logout/all", other) == 200
    assert await _ask(service, secret, access) == INACTIVE
    assert await _ask(service, secret, refresh) == INACTIVE


async def test_a_store_that_is_away_is_no_verdict(
    service: Service, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 and never active; a client keeps its question."""
    token = (await service.log_in())["refresh_token"]

    async def away(*_: Any, **__: Any) -> None:
        raise StoreError("away")

    monkeypatch.setattr(service.resources.sessions, "live", away)
    monkeypatch.setattr(service.resources.sessions, "is_revoked", away)
    status, said = await _ask(service, secret, token)
    assert (status, said["code"]) == (503, "store_unavailable")


async def test_a_refresh_token_takes_its_session_along(
    service: Service, secret: str, events: list[Event]
) -> None:
    """After its revocation neither token counts; another session of the user does."""
    tokens, other = await service.log_in(), await service.log_in()
    assert await _ask(service, secret, tokens["refresh_token"], "/revoke") == REVOKED
    assert await service.status("GET", "/protected", tokens["access_token"]) == 401
    assert await service.status("POST", "/refresh", tokens["refresh_token"]) == 401
    assert await service.status("GET", "/protected", other["access_token"]) == 200
    (event,) = [one for one in events if one.kind is Kind.TOKEN_REVOKED]
    assert (event.subject, event.reason) == (NAME, "refresh_token")
    assert event.client == CLIENT
    (ended,) = [one for one in events if one.kind is Kind.SESSION_ENDED]
    assert (ended.subject, ended.session_id) == (NAME, event.session_id)


async def test_an_access_token_goes_alone(
    service: Service, secret: str, events: list[Event]
) -> None:
    """After its revocation the session goes on with a new one."""
    tokens = await service.log_in()
    assert await _ask(service, secret, tokens["access_token"], "/revoke") == REVOKED
    assert await service.status("GET", "/protected", tokens["access_token"]) == 401
    assert await _ask(service, secret, tokens["access_token"]) == INACTIVE
    assert await service.status("POST", "/refresh", tokens["refresh_token"]) == 200
    (event,) = [one for one in events if one.kind is Kind.TOKEN_REVOKED]
    assert (event.subject, event.reason) == (NAME, "access_token")
    assert event.client == CLIENT


async def test_revoking_what_is_no_token_is_done(
    service: Service, secret: str, events: list[Event]
) -> None:
    """RFC 7009 §2.2: an invalid token is answered with 200, and so is a second time."""
    tokens = await service.log_in()
    token = tokens["refresh_token"]
    service.clock.advance(901)
    for one in (tokens["access_token"], token, token, "x", "a.b.c", token + "x"):
        assert await _ask(service, secret, one, "/revoke") == REVOKED
    assert await service.status("POST", "/refresh", token) == 401
    assert len([one for one in events if one.kind is Kind.TOKEN_REVOKED]) == 3


@pytest.mark.parametrize("path", PATHS)
async def test_credentials_stand_in_the_header_or_in_the_form(
    service: Service, secret: str, path: str
) -> None:
    """Both ways of RFC 6749 §2.3.1 are taken, and never both at once."""
    in_form = urlencode({"token": "x", "client_id": CLIENT, "client_secret": secret})
    assert (await _post(service, path, in_form, {}))[0] == 200
    header = _basic(CLIENT, secret)
    assert (await _post(service, path, "token=x", header))[0] == 200
    named = f"token=x&client_id={CLIENT}"
    assert (await _post(service, path, named, header))[0] == 200
    status, said = await _post(service, path, in_form, header)
    assert (status, said["error"], said["code"]) == (400, *["invalid_request"] * 2)


def _encoded(pair: bytes) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(pair).decode()}"}


REFUSED = {
    "none": ({}, ""),
    "unknown": (_basic("nobody", "x"), ""),
    "wrong": (_basic(CLIENT, "x"), ""),
    "empty": (_basic("", ""), ""),
    "bearer": (bearer("x"), ""),
    "no-colon": (_encoded(b"orders-api"), ""),
    "no-base64": ({"Authorization": "Basic ä!"}, ""),
    "no-utf-8": (_encoded(b"%ff:%fe"), ""),
    "bytes": (_encoded(b"\xff:\xfe"), ""),
    "nul": (_encoded(b"%00:%00"), ""),
    "nothing-encoded": ({"Authorization": "Basic"}, ""),
    "form-unknown": ({}, "&client_id=nobody&client_secret=x"),
    "form-wrong": ({}, f"&client_id={CLIENT}&client_secret=x"),
    "form-no-secret": ({}, f"&client_id={CLIENT}"),
    "form-no-id": ({}, "&client_secret=x"),
}


@pytest.mark.parametrize("path", PATHS)
async def test_a_client_that_proves_nothing_is_refused(
    service: Service, secret: str, events: list[Event], path: str
) -> None:
    """401 with a challenge of Basic, told once, and the token stays as it was."""
    token = (await service.log_in())["access_token"]
    for name, (headers, more) in REFUSED.items():
        events.clear()
        answer = await service.client.post(
            path, data=f"token={token}{more}", headers={**FORM, **headers}
        )
        said = await answer.get_json()
        assert answer.status_code == 401, name
        assert (said["code"], said["error"]) == ("invalid_client", "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert [one.kind for one in events] == [Kind.CLIENT_REFUSED], name
        assert await service.status("GET", "/protected", token) == 200


MALFORMED = {
    "empty": (b"", {}),
    "no-token": (b"token_type_hint=access_token", {}),
    "empty-token": (b"token=", {}),
    "twice": (b"token=a&token=a", {}),
    "hint-twice": (b"token=a&token_type_hint=b&token_type_hint=c", {}),
    "bytes": (b"token=\xff", {}),
    "no-utf-8": (b"token=%ff", {}),
    "many": (b"token=a" + b"&a=b" * 20, {}),
    "json": (b'{"token": "a"}', {"Content-Type": "application/json"}),
    "multipart": (b"token=a", {"Content-Type": "multipart/form-data; boundary=x"}),
    "no-type": (b"token=a", {"Content-Type": ""}),
}


@pytest.mark.parametrize("path", PATHS)
async def test_a_form_that_cannot_be_read(
    service: Service, secret: str, path: str
) -> None:
    """400 with the error of RFC 6749 §5.2, and nothing sent is repeated."""
    for name, (body, headers) in MALFORMED.items():
        status, said = await _post(
            service, path, body, {**_basic(CLIENT, secret), **headers}
        )
        assert status == 400, name
        assert said.keys() == {"msg", "code", "error"}
        assert (said["code"], said["error"]) == ("invalid_request", "invalid_request")


@pytest.mark.parametrize("path", PATHS)
async def test_a_form_has_16_kib(service: Service, secret: str, path: str) -> None:
    """One byte more is 413; extra fields up to the bound are ignored."""
    headers = _basic(CLIENT, secret)
    for size, status in ((16 * 1024, 200), (16 * 1024 + 1, 413)):
        body = b"token=x&a=".ljust(size, b"b")
        assert (await _post(service, path, body, headers))[0] == status
    assert (await _post(service, path, "token=x" + "&a=" * 19, headers))[0] == 200
    assert (await service.client.get(path)).status_code == 405


async def test_no_token_and_no_secret_is_logged(
    service: Service, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither endpoint leaves what it was sent in a log."""
    caplog.set_level(logging.DEBUG)
    tokens = await service.log_in()
    for path in PATHS:
        for token in (*tokens.values(), "eyJx.y.z"):
            await _ask(service, secret, str(token), path)
    await _ask(service, secret + "x", tokens["access_token"])
    assert "eyJ" not in caplog.text
    assert secret not in caplog.text
