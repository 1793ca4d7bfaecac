import json
from typing import Any

import pytest

from extension.asgi import asgi_call
from extension.asgi import ask
from quart_jwt.service.web.asgi_guard import AsgiGuard
from quart_jwt.service.web.asgi_guard import is_target
from service.kit import http_scope
from service.kit import Service

EMPTY = {"type": "http.request", "body": b"", "more_body": False}


@pytest.mark.parametrize(
    ("path", "routable"),
    [
        ("/", True),
        ("//", True),
        ("/\x00", True),
        ("http://host/protected", True),
        ("https://host/", True),
        ("", False),
        ("*", False),
        ("http://host", False),
        ("http://[", False),
        ("host:80", False),
        ("ftp://host/", False),
        ("protected", False),
    ],
)
def test_targets(path: str, *, routable: bool) -> None:
    """Origin form and absolute form can be routed; nothing else can."""
    assert routable == is_target(path)


@pytest.mark.parametrize("path", ["", "*", "http://[", "x:1"])
async def test_a_bad_target_is_a_json_400(service: Service, path: str) -> None:
    """What Quart would fail on never reaches Quart."""
    start, body = await asgi_call(service.app, http_scope(path), EMPTY)
    assert start["status"] == 400
    assert (b"cache-control", b"no-store") in start["headers"]
    assert json.loads(body["body"]) == {"msg": "Bad Request", "code": "bad_request"}


async def test_the_absolute_form_is_routed(service: Service) -> None:
    """RFC 9112 §3.2.2: a server takes the absolute form."""
    start, *_rest = await asgi_call(
        service.app, http_scope("http://localhost/healthz"), EMPTY
    )
    assert start["status"] == 200


async def test_two_slashes_are_no_redirect(service: Service) -> None:
    """A redirect to a path of the client's making could leave this site."""
    for path in ("//protected", "//evil.example/..", "/protected//"):
        start, *_rest = await asgi_call(service.app, http_scope(path), EMPTY)
        assert start["status"] in {401, 404}
        assert b"location" not in {name.lower() for name, _ in start["headers"]}


async def test_a_slow_body_is_a_json_408(service: Service) -> None:
    """A client that never finishes its body is let go."""
    assert service.app.config["BODY_TIMEOUT"] == 10
    service.app.config["BODY_TIMEOUT"] = 0.01
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = http_scope("/login", method="POST", headers=headers)
    begun = {"type": "http.request", "body": b"{", "more_body": True}
    start, body, *_rest = await asgi_call(service.app, scope, begun)
    assert start["status"] == 408
    assert json.loads(body["body"])["code"] == "request_timeout"


async def test_a_large_body_without_a_length_is_a_json_413(service: Service) -> None:
    """A body sent in chunks meets the same limit."""
    chunk = {"type": "http.request", "body": b"x" * 1024, "more_body": True}
    start, body, *_rest = await asgi_call(service.app, _chunked(), *[chunk] * 20)
    assert start["status"] == 413
    assert json.loads(body["body"])["code"] == "content_too_large"


async def test_a_body_that_never_ends_is_not_kept(service: Service) -> None:
    """It is refused as soon as it is too long, and the rest of it is dropped."""
    chunk = {"type": "http.request", "body": b"x" * 1024, "more_body": True}
    taken: list[int] = []

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        while (event := await receive())["type"] == "http.request":
            taken.append(len(event["body"]))
            assert event["more_body"] is (len(taken) <= 16)
        await send({"type": "http.response.start", "status": 413, "headers": []})

    events = [*[chunk] * 1_000, {"type": "http.disconnect"}]
    await asgi_call(AsgiGuard(endless), _chunked(), *events)
    assert sum(taken) == 17 * 1024


def _chunked() -> dict[str, Any]:
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"application/json"),
        (b"transfer-encoding", b"chunked"),
    ]
    return http_scope("/login", method="POST", headers=headers)


async def test_a_websocket_is_refused_in_our_shape(service: Service) -> None:
    """A handshake on an HTTP route gets an HTTP answer, with the headers."""
    scope = http_scope(
        "/protected",
        type="websocket",
        scheme="ws",
        subprotocols=[],
        extensions={"websocket.http.response": {}},
    )
    start, *rest = await asgi_call(service.app, scope)
    assert start["type"] == "websocket.http.response.start"
    assert start["status"] in {400, 404}
    assert (b"cache-control", b"no-store") in start["headers"]
    body = json.loads(b"".join(event.get("body", b"") for event in rest))
    assert {"msg", "code"} == set(body)


@pytest.mark.parametrize("host", [b"", b"\xff", b"a b", b"[", b"localhost:99999999"])
async def test_a_strange_host_is_no_500(service: Service, host: bytes) -> None:
    """The Host header is not ours to trust, nor to fail on."""
    scope = http_scope("/healthz", headers=[(b"host", host)])
    start, *_rest = await asgi_call(service.app, scope, EMPTY)
    assert start["status"] < 500


async def test_a_failure_outside_of_quart_is_a_json_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Even then the client gets our shape, and the log gets the traceback."""

    async def broken(*_args: Any) -> None:
        raise ZeroDivisionError("boom")

    start, body = await asgi_call(AsgiGuard(broken), http_scope("/"))
    assert start["status"] == 500
    assert json.loads(body["body"])["code"] == "internal_error"
    assert "boom" in caplog.text


async def test_a_failure_after_the_start_is_the_servers() -> None:
    """An answer that has begun cannot become another one."""

    async def broken(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await asgi_call(AsgiGuard(broken), http_scope("/"))


async def test_our_headers_replace_others() -> None:
    """An inner Cache-Control or Vary does not survive beside ours."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"Vary", b"Cookie"), (b"cache-control", b"public"), (b"x", b"y")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    (start,) = await asgi_call(AsgiGuard(app), http_scope("/"))
    names = [name for name, _value in start["headers"]]
    assert sorted(
        [b"x", b"cache-control", b"pragma", b"vary", b"x-content-type-options"]
    ) == sorted(names)
    assert (b"cache-control", b"no-store") in start["headers"]


@pytest.mark.parametrize(
    ("path", "cache_control", "is_kept"),
    [
        ("/.well-known/jwks.json", b"public, max-age=300", True),
        ("/.well-known/jwks.json", b"private", False),
        ("/protected", b"public, max-age=300", False),
        ("/.well-known", b"public, max-age=300", False),
    ],
)
async def test_only_what_is_for_everybody_may_be_kept(
    path: str, cache_control: bytes, *, is_kept: bool
) -> None:
    """Public keys may be cached; nothing else can ask for it."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"cache-control", cache_control)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    (start,) = await asgi_call(AsgiGuard(app), http_scope(path))
    assert ((b"cache-control", b"no-store") in start["headers"]) is not is_kept
    assert ((b"cache-control", cache_control) in start["headers"]) is is_kept
    assert (b"x-content-type-options", b"nosniff") in start["headers"]


async def test_a_websocket_with_a_bad_target_is_refused() -> None:
    """A handshake is refused with an HTTP answer, too."""

    async def app(*_args: Any) -> None:
        raise AssertionError("not reached")

    start, body = await asgi_call(AsgiGuard(app), http_scope("*", type="websocket"))
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 400)
    assert body["type"] == "websocket.http.response.body"


@pytest.mark.parametrize(
    "host", ["..", "a" * 64, "a..b", "a b", "\xff", "[::1", "a:123456", "/"]
)
async def test_a_host_that_is_none(service: Service, host: str) -> None:
    """A Host header that cannot be one is the client's mistake, not ours."""
    reply = await ask(service.app, "/healthz", headers={"Host": host})
    assert reply.status == 400


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "a.example.", "a_b.x", ""]
)
async def test_a_host_that_is_one(service: Service, host: str) -> None:
    """Names, addresses and ports pass."""
    reply = await ask(service.app, "/healthz", headers={"Host": host})
    assert reply.status == 200


async def test_a_request_has_one_length(service: Service) -> None:
    """Two ways to say where it ends are two requests to somebody (RFC 9112 §6.3)."""
    headers = {"Content-Length": "5", "Transfer-Encoding": "chunked"}
    reply = await ask(service.app, "/healthz", headers={"Host": "x", **headers})
    assert (reply.status, reply.headers["connection"]) == (400, "close")
    for name, value in headers.items():
        reply = await ask(service.app, "/healthz", headers={"Host": "x", name: value})
        assert reply.status == 200
