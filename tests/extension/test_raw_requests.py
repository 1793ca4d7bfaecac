"""Bytes that no well-behaved client sends, to a view and to the gateway's question."""

import asyncio
import logging
import random
from typing import Any
from urllib.parse import quote

import pytest
from quart import Quart

from extension.apps import MakeApp
from quart_jwt import create_access_token
from quart_jwt import ForwardAuth

PATHS = ("/protected", "/auth/verify")
SEED = 20_261_130
REQUESTS = 400

Headers = list[tuple[bytes, bytes]]


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Quart:
    app = make_app(JWT_TOKEN_LOCATION=["headers", "cookies", "query_string"])
    lane = ForwardAuth(app.extensions["quart-jwt"])
    app.asgi_app = lane.wrap(app.asgi_app)  # type: ignore[method-assign]
    return app


async def _status(app: Quart, path: str, headers: Headers, **scope: Any) -> int:
    sent: list[dict[str, Any]] = []
    bodies = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        return bodies.pop() if bodies else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    request = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    async with asyncio.timeout(60):
        await app(request | scope, receive, send)  # type: ignore[arg-type]
    status: int = sent[0]["status"]
    return status


async def _token(app: Quart) -> bytes:
    async with app.app_context():
        return create_access_token("joe").encode("ascii")


def _asked_as_get(headers: Headers) -> Headers:
    """With the original method, as a trusted gateway says it."""
    return [*headers, (b"x-forwarded-method", b"GET")]


@pytest.mark.parametrize("path", PATHS)
async def test_bytes_in_another_cookie_do_not_matter(app: Quart, path: str) -> None:
    """A cookie that is not UTF-8 is somebody else's, and the token is still read."""
    cookie = b"lang=fran\xe7ais; access_token_cookie=" + await _token(app)

    assert await _status(app, path, _asked_as_get([(b"cookie", cookie)])) == 200


@pytest.mark.parametrize(("path", "status"), [(PATHS[0], 422), (PATHS[1], 401)])
async def test_bytes_in_the_tokens_cookie_are_refused(
    app: Quart, path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A token's cookie that is not ASCII is a bad token, and nothing for the log."""
    cookie = b"access_token_cookie=\xe7" + await _token(app)

    assert await _status(app, path, _asked_as_get([(b"cookie", cookie)])) == status
    assert [one for one in caplog.records if one.levelno > logging.INFO] == []


@pytest.mark.parametrize("blank", [b"\x85", b"\xa0", b"\x1c", b"\x0b", b"\x0c"])
@pytest.mark.parametrize("path", PATHS)
async def test_a_blank_beyond_ascii_is_part_of_the_token(
    app: Quart, path: str, blank: bytes
) -> None:
    """Only space and tab separate the words of a header (RFC 9110 §5.6.3)."""
    token = await _token(app)
    for value in (b"Bearer " + token + blank, b"Bearer" + blank + token):
        assert await _status(app, path, [(b"authorization", value)]) in {401, 422}


@pytest.mark.parametrize("scheme", [b"bearer", b"BEARER", b"bEaReR"])
@pytest.mark.parametrize("path", PATHS)
async def test_the_scheme_has_no_case(app: Quart, path: str, scheme: bytes) -> None:
    """``bearer`` is ``Bearer`` (RFC 9110 §11.1)."""
    value = scheme + b" " + await _token(app)

    assert await _status(app, path, [(b"authorization", value)]) == 200


@pytest.mark.parametrize(
    "path", ["/app/auth/verify", "/app/auth/verify/x", "/auth/verify"]
)
async def test_under_a_root_path(app: Quart, path: str) -> None:
    """The question is answered below the prefix that the app is mounted at."""
    headers = [(b"authorization", b"Bearer " + await _token(app))]

    assert await _status(app, path, headers, root_path="/app") == 200


async def test_a_root_path_ends_at_a_slash(app: Quart) -> None:
    """``/apple`` is not below ``/app``."""
    headers = [(b"authorization", b"Bearer " + await _token(app))]

    assert await _status(app, "/apple/auth/verify", headers, root_path="/app") == 404


def _noise(source: random.Random, token: bytes) -> bytes:
    """A value that has something of a credential, and something of line noise."""
    pieces = [
        b"Bearer ",
        b"bearer\t",
        token,
        b"access_token_cookie=",
        b"; ",
        b",",
        b"=",
    ]
    noise = [source.randbytes(source.randrange(1, 9)) for _ in range(2)]
    chosen = source.choices([*pieces, *noise], k=source.randrange(1, 6))
    return b"".join(chosen).replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")


async def test_no_bytes_are_a_server_error(
    app: Quart, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a client sends is accepted or refused, and not worth a warning."""
    source = random.Random(SEED)  # noqa: S311 - noise that can be repeated
    token = await _token(app)
    for _ in range(REQUESTS):
        headers = [
            (source.choice([b"authorization", b"cookie", b"accept"]), noise)
            for noise in (_noise(source, token), _noise(source, token))
        ]
        # Quart itself fails on a query beyond ASCII; servers refuse it (RFC 9112 §3.2).
        query = quote(_noise(source, token), safe="=&").encode("ascii")
        for path in PATHS:
            status = await _status(app, path, headers, query_string=query)
            assert status in {200, 401, 403, 422}, (path, headers, query)
    assert [one for one in caplog.records if one.levelno > logging.INFO] == []
