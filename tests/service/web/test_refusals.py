import asyncio
import json
import logging
from typing import Any

import pytest

from clock import Clock
from quart_jwt import jwt_required
from quart_jwt.service.app import create_app
from quart_jwt.service.observability.repeats import Repeats
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.web import refusals
from service.kit import bearer
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

JSON = {"Content-Type": "application/json"}


async def _refused(response: Any) -> tuple[int, str]:
    body = await response.get_json()
    assert {"msg", "code"} == set(body) - {"limit"}
    assert body["msg"]
    return response.status_code, body["code"]


def _login(username: bytes, password: bytes = b'"b"', more: bytes = b"") -> bytes:
    return b'{"username":' + username + b',"password":' + password + more + b"}"


MALFORMED = {
    "empty": b"",
    "cut-off": b"{",
    "trailing": _login(b'"a"') + b"x",
    "bom": b"\xef\xbb\xbf" + _login(b'"a"'),
    "utf-16": _login(b'"a"').decode().encode("utf-16"),
    "utf-8": _login(b'"\xff"'),
    "surrogate-name": _login(b'"\\ud800"'),
    "surrogate-password": _login(b'"a"', b'"\\udfff"'),
    "nul-name": _login(b'"a\\u0000"'),
    "nul-password": _login(b'"a"', b'"\\u0000"'),
    "twice": _login(b'"a"', more=b',"username":"b"'),
    "nan": _login(b"NaN"),
    "infinite": _login(b"1e999"),
    "digits": b"9" * 10_000,
    "deep": b"[" * 16_000,
    "deep-closed": b"[" * 8_000 + b"]" * 8_000,
    "deep-objects": b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
}
REFUSED = {
    "not_an_object": [b"[]", b'["username","password"]', b'"username"', b"null", b"1"],
    "missing_field": [b"{}", b'{"username":"a"}', b'{"password":"a"}'],
    "wrong_field_type": [
        _login(b"1"),
        _login(b"true"),
        _login(b'["a"]'),
        _login(b'"a"', b"null"),
        _login(b'"a"', b'{"a":"b"}'),
        _login(b'"a"', more=b',"cookies":"true"'),
        _login(b'"a"', more=b',"cookies":1'),
        _login(b'"a"', more=b',"cookies":null'),
    ],
    "unknown_field": [_login(b'"a"', more=b',"cookie":true')],
    "invalid_username": [
        _login(b'""'),
        _login(b'"a\\n"'),
        _login(b'"%s"' % (b"a" * 257)),
    ],
    "invalid_password": [
        _login(b'"a"', b'""'),
        _login(b'"a"', b'"%s"' % (b"b" * 1025)),
    ],
    "invalid_credentials": [_login(b'"a"', b'"%s"' % (b"b" * 1024))],
    "content_too_large": [_login(b'"a"', b'"%s"' % (b"b" * 1_000_000))],
}
CASES = [(body, "malformed_json") for body in MALFORMED.values()] + [
    (body, code) for code, bodies in REFUSED.items() for body in bodies
]


async def test_a_login_that_cannot_be_read(service: Service) -> None:
    """Each fault has its code, none is a 5xx, and nothing sent is repeated."""
    for body, code in CASES:
        status = {"content_too_large": 413, "invalid_credentials": 401}.get(code, 400)
        response = await service.client.post("/login", data=body, headers=JSON)
        assert (status, code) == await _refused(response), body[:80]


@pytest.mark.parametrize("size", [16 * 1024, 16 * 1024 + 1])
async def test_a_body_has_16_kib(service: Service, size: int) -> None:
    """The limit is exact, and known before the body is read."""
    body = json.dumps({"username": "a", "password": "b"}).encode().ljust(size)
    response = await service.client.post("/login", data=body, headers=JSON)
    assert (401 if size == 16 * 1024 else 413) == response.status_code


@pytest.mark.parametrize("path", ["/login", "/refresh", "/logout", "/nowhere"])
async def test_a_large_body_is_refused_everywhere(service: Service, path: str) -> None:
    """An endpoint that reads no body does not take a large one either."""
    response = await service.client.post(
        path, data=b"x", headers={**JSON, "Content-Length": "100000"}
    )
    assert await _refused(response) == (413, "content_too_large")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/protected/", 404, "not_found"),
        ("GET", "/static/x", 404, "not_found"),
        ("GET", "/login", 405, "method_not_allowed"),
        ("PUT", "/login", 405, "method_not_allowed"),
        ("DELETE", "/protected", 405, "method_not_allowed"),
        ("PROPFIND", "/protected", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
    ],
)
async def test_routing_errors_are_json(
    service: Service, method: str, path: str, status: int, code: str
) -> None:
    """What is not there, and what is not allowed, answers in the same shape."""
    response = await service.client.open(path, method=method)
    assert (status, code) == await _refused(response)
    assert (status == 405) == ("Allow" in response.headers)


async def test_405_says_what_is_allowed(service: Service) -> None:
    """RFC 9110 §15.5.6: a 405 lists the methods."""
    response = await service.client.get("/login")
    assert response.headers["Allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("path", ["/login", "/protected", "/refresh", "/logout"])
async def test_options_is_answered_without_a_token(service: Service, path: str) -> None:
    """OPTIONS tells the methods and nothing else."""
    response = await service.client.options(path)
    assert response.status_code == 200
    assert await response.get_data() == b""


async def test_head_is_guarded_like_get(service: Service) -> None:
    """HEAD is no way around the token."""
    assert (await service.client.head("/protected")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("GET", "/protected"),
        ("POST", "/login"),
        ("GET", "/nowhere"),
        ("OPTIONS", "/login"),
    ],
)
async def test_every_answer_has_the_headers(
    service: Service, method: str, path: str
) -> None:
    """Good or bad, an answer is not stored and not sniffed."""
    response = await service.client.open(path, method=method)
    assert {
        name: response.headers.getlist(name)
        for name in ("Cache-Control", "Pragma", "Vary", "X-Content-Type-Options")
    } == {
        "Cache-Control": ["no-store"],
        "Pragma": ["no-cache"],
        "Vary": ["Authorization, Cookie"],
        "X-Content-Type-Options": ["nosniff"],
    }


@pytest.mark.parametrize("limit", ["hash_queue", "attempts_at_once"])
async def test_a_full_queue_is_a_503(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    limit: str,
) -> None:
    """The answer and, once a minute, the log name the limit that was reached."""
    if limit == "hash_queue":
        monkeypatch.setattr(service.resources.passwords, "_limit", 0)
    else:
        monkeypatch.setattr(service.resources.throttle._places, "_at_once", 0)
    monkeypatch.setattr(refusals, "_repeats", Repeats())
    for _time in range(2):
        response = await service.client.post(
            "/login", json={"username": NAME, "password": PASSWORD}
        )
        assert (await response.get_json())["limit"] == limit
    assert await _refused(response) == (503, "busy")
    assert response.headers["Retry-After"] == "1"
    assert caplog.text.count(f"busy: the limit {limit} was reached") == 1


async def test_a_flood_is_turned_away_and_the_rest_served(service: Service) -> None:
    """Of 300 logins at once each is answered: a result, or come back later."""
    await service.add()
    body = {"username": NAME, "password": PASSWORD}
    responses = await asyncio.gather(
        *(service.client.post("/login", json=body) for _ in range(300))
    )
    assert {200, 429, 503} >= {response.status_code for response in responses}
    assert service.resources.passwords._jobs == 0
    assert await service.log_in()


async def test_a_fault_of_ours_is_a_json_500(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A bug gives a bare 500 to the client and the traceback to the log."""

    async def broken() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(service.app, "testing", False)
    monkeypatch.setattr(service.resources.database, "ping", broken)
    response = await service.client.get("/healthz")
    assert await _refused(response) == (500, "internal_error")
    assert b"secret detail" not in await response.get_data()
    assert "secret detail" in caplog.text


async def test_nothing_secret_is_logged(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    """A whole session leaves no password and no token in any log."""
    caplog.set_level(logging.DEBUG)
    await service.add()
    tokens = await service.log_in()
    for method, path, token in (
        ("GET", "/protected", tokens["access_token"]),
        ("POST", "/refresh", tokens["refresh_token"]),
        ("GET", "/protected", tokens["access_token"] + "x"),
        ("GET", "/protected", tokens["refresh_token"]),
        ("POST", "/logout", tokens["access_token"]),
        ("POST", "/refresh", tokens["refresh_token"]),
    ):
        await service.status(method, path, token)
    await service.client.post(
        "/login", json={"username": NAME, "password": PASSWORD + "x"}
    )
    assert PASSWORD not in caplog.text
    assert "eyJ" not in caplog.text


async def test_a_missing_scope_has_our_shape(settings: Settings, clock: Clock) -> None:
    """A route that asks for scopes refuses as every other one does."""
    app = create_app(settings, clock)

    @app.get("/scoped")
    @jwt_required(scopes="read")
    async def scoped() -> str:
        return "never"

    async with app.test_app():
        service = Service(app=app, client=app.test_client(), clock=clock)
        await service.add()
        headers = bearer((await service.log_in())["access_token"])
        answer = await service.client.get("/scoped", headers=headers)
    assert (answer.status_code, (await answer.get_json())["code"]) == (
        403,
        "insufficient_scope",
    )
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", scope="read"'
    )
