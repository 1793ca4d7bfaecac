"""What strangers may put on the wire, and what the real service answers."""

import asyncio
from collections.abc import Iterator

import jwt
import pytest

from service.fleet import Fleet
from service.fleet import until
from service.kit import SECRET
from service.wire import answered
from service.wire import descriptors
from service.wire import exchange
from service.wire import HOST
from service.wire import JSON
from service.wire import log_in
from service.wire import LOGIN
from service.wire import request
from service.wire import serving

BAD_TOKEN = 'Bearer error="invalid_token"'
WITH_TOKEN = [
    ("GET", "/protected"),
    ("GET", "/me"),
    ("GET", "/sessions"),
    ("POST", "/password"),
    ("POST", "/refresh"),
    ("POST", "/logout"),
    ("POST", "/logout/all"),
    ("POST", "/logout/others"),
    ("DELETE", "/sessions/x"),
    ("GET", "/auth/verify"),
]
OPEN = [("/login", "POST"), ("/healthz", "GET"), ("/.well-known/jwks.json", "GET")]


@pytest.fixture(name="fleet", scope="module")
def _fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One served process for the whole module, which nothing in it may break."""
    with serving(tmp_path_factory.mktemp("wire")) as fleet:
        yield fleet
        assert not [line for line in fleet.text.splitlines() if line.startswith("X")]
        assert "Traceback" not in fleet.text
        assert "eyJ" not in fleet.text


@pytest.fixture(name="port")
def _port(fleet: Fleet) -> int:
    return fleet.port


@pytest.fixture(name="access")
async def _access(port: int) -> str:
    return (await log_in(port))["access_token"]


def _bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


def _cookie(*tokens: str) -> str:
    return "Cookie: " + "; ".join(f"access_token_cookie={one}" for one in tokens)


@pytest.mark.parametrize(("method", "path"), WITH_TOKEN)
async def test_a_challenge_says_whether_there_was_a_token(
    port: int, method: str, path: str
) -> None:
    """Bare without a token, with an error for each one that does not count."""
    none = await exchange(port, request(method, path))
    assert (none.status, none.headers["www-authenticate"]) == (401, "Bearer")
    for token in await _bad_tokens(port, path):
        answer = await exchange(port, request(method, path, _bearer(token)))
        assert (answer.status, answer.headers["www-authenticate"]) == (401, BAD_TOKEN)
        assert token.encode() not in answer.raw


async def _bad_tokens(port: int, path: str) -> list[str]:
    """Tokens that open nothing at a path: no token, forged, ended, expired, wrong."""
    tokens = await log_in(port)
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    await exchange(port, request("POST", "/logout", _bearer(access)))
    bad = ["no.token.at-all", _forged(access), _forged(refresh)]
    if path == "/logout":  # takes either token of a session, at any age
        return bad
    return [*bad, access, refresh, _expired(access), _expired(refresh)]


def _forged(token: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, "another secret of more than thirty-two bytes")


def _expired(token: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**claims, "exp": claims["iat"]}, SECRET)


@pytest.mark.parametrize("path", ["/protected", "/auth/verify"])
@pytest.mark.parametrize(
    ("lines", "passes"),
    [
        pytest.param(["Bearer {t}"], True, id="one"),
        pytest.param(["Bearer {t}", "Bearer {t}"], False, id="the-same-twice"),
        pytest.param(["Bearer {t}", "Bearer x"], False, id="good-then-bad"),
        pytest.param(["Bearer x", "Bearer {t}"], False, id="bad-then-good"),
        pytest.param(["Bearer {t}, Bearer x"], False, id="two-in-a-list"),
        pytest.param(["Basic eDp5", "Bearer {t}"], True, id="another-scheme"),
        pytest.param(["Bearer {t}, Basic eDp5"], True, id="another-scheme-in-a-list"),
        pytest.param(["Bearer  {t}"], True, id="two-blanks"),
        pytest.param(["Bearer\t{t}"], True, id="tab"),
        pytest.param(["bearer {t}"], True, id="lower-case"),
        pytest.param(["BEARER {t}"], True, id="upper-case"),
        pytest.param(["Bearer"], False, id="no-token"),
        pytest.param(["Bearer {t} x"], False, id="trailing-word"),
        pytest.param(["{t}"], False, id="no-scheme"),
        pytest.param(["Bearer {t}="], False, id="padded"),
        pytest.param(["Bearer \xff\xfe"], False, id="no-ascii"),
    ],
)
async def test_one_rule_says_which_header_counts(
    port: int, access: str, path: str, lines: list[str], *, passes: bool
) -> None:
    """One ``Bearer`` in any case, never the first of two: docs/operate/service.md."""
    headers = [f"Authorization: {line.format(t=access)}" for line in lines]
    answer = await exchange(port, request("GET", path, *headers))
    assert (200 if passes else 401) == answer.status
    assert access.encode() not in answer.raw


async def test_a_header_goes_before_a_cookie(port: int, access: str) -> None:
    """Whatever the header's token is worth; query and body are not looked at."""
    for lines, status in (
        ([_bearer("x"), _cookie(access)], 401),
        ([_bearer(access), _cookie("x")], 200),
        (["Authorization: Basic eDp5", _cookie(access)], 200),
    ):
        answer = await exchange(port, request("GET", "/protected", *lines))
        assert status == answer.status
    for target in (f"/protected?jwt={access}", f"/protected?access_token={access}"):
        assert (await exchange(port, request("GET", target))).status == 401
    body = f'{{"access_token": "{access}"}}'.encode()
    answer = await exchange(port, request("GET", "/protected", JSON, body=body))
    assert (answer.status, answer.code) == (401, "missing_token")


@pytest.mark.parametrize("path", ["/protected", "/auth/verify"])
async def test_two_cookies_of_one_name_are_refused(
    port: int, access: str, path: str
) -> None:
    """In either order, in one header or two, equal or not: one verdict."""
    for lines in (
        [_cookie("x", access)],
        [_cookie(access, "x")],
        [_cookie(access, access)],
        [_cookie(access), _cookie("x")],
        [_cookie("x"), _cookie(access)],
    ):
        method = "X-Forwarded-Method: GET"
        answer = await exchange(port, request("GET", path, method, *lines))
        assert answer.status == 401


async def test_a_cookie_of_almost_the_name_is_none(port: int, access: str) -> None:
    """Nameless, prefixed, or in other letters: not the cookie of the token."""
    for cookie in (
        f"=access_token_cookie={access}",
        f"__Host-access_token_cookie={access}",
        f"ACCESS_TOKEN_COOKIE={access}",
        f"access_token_cooki\xe9={access}",
    ):
        answer = await exchange(port, request("GET", "/protected", f"Cookie: {cookie}"))
        assert (answer.status, answer.code) == (401, "missing_token")
    good = await exchange(port, request("GET", "/protected", _cookie(access)))
    assert good.status == 200


async def test_doubled_cookies_do_not_keep_anybody_from_signing_in(port: int) -> None:
    """Who cannot use the cookies that somebody has added can still get tokens."""
    answer = await exchange(
        port, request("POST", "/login", JSON, _cookie("x", "y"), body=LOGIN)
    )
    assert answer.status == 200


METHODS = (
    *("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
    *("OPTIONS", "TRACE", "CONNECT", "PRI", "get", "Post", "x"),
)


@pytest.mark.parametrize("path", [*(path for _, path in WITH_TOKEN), *dict(OPEN)])
async def test_a_method_is_no_way_around(port: int, path: str) -> None:
    """Without a token no method gets anything but OPTIONS, and none breaks it."""
    may = {method for one, method in OPEN if one == path}
    may |= {"HEAD"} if "GET" in may else set()
    for method in METHODS:
        answer = await exchange(port, request(method, path))
        if path == "/auth/verify":
            assert answer.status == 401
        elif method == "OPTIONS":
            assert (answer.status, answer.raw[-4:]) == (200, b"\r\n\r\n")
        elif method.upper() in may:
            assert answer.status in {200, 415}
        else:
            assert answer.status in {401, 405}


@pytest.mark.parametrize(("path", "method"), OPEN)
async def test_every_answer_says_how_it_is_kept(
    port: int, path: str, method: str
) -> None:
    """Our headers once each, no server's name, also on what Hypercorn is asked."""
    answer = await exchange(port, request(method, path))
    is_public = path.startswith("/.well-known/")
    kept = "public, max-age=300" if is_public else "no-store"
    assert answer.headers["cache-control"] == kept
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert is_public or answer.headers["vary"] == "Authorization, Cookie"
    assert is_public or answer.headers["pragma"] == "no-cache"
    assert "server" not in answer.headers
    assert answer.raw.lower().count(b"\r\ncache-control:") == 1


GET = b"GET /protected HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
POST = b"POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(GET + b"X: a\0b\r\n\r\n", 400, id="nul"),
        pytest.param(GET + b"X: a\rb\r\n\r\n", 400, id="cr"),
        pytest.param(GET + b"X : a\r\n\r\n", 400, id="blank-before-colon"),
        pytest.param(GET + b"Host: y\r\n\r\n", 400, id="two-hosts"),
        pytest.param(b"GET /protected HTTP/1.1\r\n\r\n", 400, id="no-host"),
        pytest.param(b"GET /protected\r\n\r\n", 400, id="http-0.9"),
        pytest.param(b"\x16\x03\x01\x02\0\x01\0\r\n\r\n", 400, id="tls"),
        pytest.param(GET + b"X: " + b"a" * 20_000 + b"\r\n\r\n", 401, id="20-kB"),
        pytest.param(GET + b"X: " + b"a" * 70_000, 431, id="70-kB-and-more"),
        pytest.param(
            GET + b"".join(b"X%d: a\r\n" % one for one in range(600)) + b"\r\n",
            401,
            id="600-headers",
        ),
        pytest.param(
            GET + b"Authorization: Bearer\r\n " + b"a" * 9_000 + b"\r\n\r\n",
            401,
            id="folded",
        ),
        pytest.param(
            GET + b"Authorization: Bearer " + b"a" * 8_193 + b"\r\n\r\n",
            401,
            id="token-8193",
        ),
        pytest.param(
            GET + b"Authorization: Bearer " + b"a" * 20_000 + b"\r\n\r\n",
            401,
            id="token-20-kB",
        ),
        pytest.param(
            POST.replace(b": close", b": keep-alive")
            + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + GET
            + b"\r\n",
            400,
            id="length-and-chunked",
        ),
        pytest.param(
            POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            400,
            id="two-lengths",
        ),
        pytest.param(POST + b"Content-Length: -1\r\n\r\n", 400, id="negative"),
        pytest.param(POST + b"Content-Length: +1\r\n\r\na", 400, id="plus"),
        pytest.param(
            POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", 400, id="40-digits"
        ),
        pytest.param(POST + b"Content-Length: 17000000\r\n\r\n", 413, id="17-MB"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, id="no-chunk"
        ),
        # RFC 9112 §6.1 asks for just this one.
        pytest.param(
            POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            501,
            id="unknown-coding",
        ),
    ],
)
async def test_a_malformed_request_is_refused(
    port: int, data: bytes, status: int
) -> None:
    """With one answer and the end of the connection; nothing behind it is read."""
    answer = await exchange(port, data)
    assert (answer.status, answer.is_closed) == (status, True)
    assert answer.raw.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "data",
    [
        request(
            "GET",
            "/healthz",
            "Connection: Upgrade, HTTP2-Settings, close",
            "Upgrade: h2c",
            "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
        ),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    ],
    ids=["upgrade", "prior-knowledge"],
)
async def test_http_2_is_not_spoken(port: int, data: bytes) -> None:
    """Neither asked for nor assumed: the answer is HTTP/1.1, and no frame."""
    answer = await exchange(port, data)
    assert answer.status in {200, 400}
    assert b"101" not in answer.raw.partition(b"\r\n")[0]
    assert answer.raw.startswith(b"HTTP/1.1 ")
    assert answer.is_closed


CHUNKED = "POST {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "target", ["/auth/verify", "*", "/protected", "/logout", "/login", "/nowhere"]
)
async def test_a_body_that_nobody_reads_leaves_nothing_behind(
    fleet: Fleet, target: str
) -> None:
    """However many pieces it has, the connection ends, and with it its descriptor."""
    before = descriptors(fleet.process.pid)
    data = CHUNKED.format(target).encode() + b"1\r\na\r\n" * 600
    answers = [await exchange(fleet.port, data) for _ in range(5)]
    assert all(one.is_closed and 400 <= one.status < 500 for one in answers)
    await until(
        lambda: descriptors(fleet.process.pid) <= before, "no descriptor is left"
    )


async def test_a_question_is_answered_before_its_body(port: int, access: str) -> None:
    """Ten announced megabytes keep no gateway waiting, and none of them is read."""
    head = "Content-Length: 10000000"
    reader, writer = await asyncio.open_connection(HOST, port)
    lines = request("POST", "/auth/verify", head, _bearer(access))
    answer = await answered(reader, writer, lines)
    assert (answer.status, answer.is_closed) == (200, True)


@pytest.mark.parametrize(
    "uri",
    ["//evil.example", "javascript:alert(1)", "/%0d%0aX-Evil:%201", "/?next=//evil"],
)
async def test_nothing_of_the_original_address_comes_back(
    port: int, access: str, uri: str
) -> None:
    """A gateway's question is answered without a redirect, and without its words."""
    for lines, status in (([_bearer(access)], 200), ([], 401)):
        asking = [f"X-Forwarded-Uri: {uri}", "X-Auth-Subject: mallory", *lines]
        answer = await exchange(port, request("GET", "/auth/verify", *asking))
        assert status == answer.status
        assert answer.headers.get("x-auth-subject") == ("alice" if lines else None)
        assert "location" not in answer.headers
        assert not any(word in answer.raw for word in (b"vil", b"script", b"mallory"))


@pytest.mark.parametrize("version", ["13", "99"])
async def test_a_refused_handshake_ends_its_connection(port: int, version: str) -> None:
    """A websocket that is not opened holds nothing open."""
    lines = [
        "Upgrade: websocket",
        f"Sec-WebSocket-Version: {version}",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    data = request("GET", "/protected", *lines).replace(b": close", b": Upgrade")
    answer = await exchange(port, data)
    assert (answer.status, answer.is_closed) == (400, True)


async def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    """A thousand on one connection; the last answer says that it was the last."""
    targets = ("/healthz", "/nowhere", "/protected", "/login")
    data = [
        f"GET {targets[number % 4]} HTTP/1.1\r\nHost: x\r\n\r\n"
        for number in range(1000)
    ]
    answer = await exchange(port, "".join(data).encode())
    statuses = [line[9:12] for line in answer.raw.splitlines() if line[:5] == b"HTTP/"]
    assert statuses == [b"200", b"404", b"401", b"405"] * 250
    assert answer.is_closed


@pytest.mark.parametrize(
    "target",
    [
        "?a",
        "http://[",
        "*",
        "//",
        "/%00",
        "/%ff",
        "/..;/",
        "/%0d%0aX",
        "/" + "a" * 8000,
    ],
    ids=lambda target: target[:9],
)
async def test_a_strange_target_is_answered(port: int, target: str) -> None:
    """What no client library sends gets a 4xx, and no redirect."""
    answer = await exchange(port, request("GET", target))
    assert 400 <= answer.status < 500
    assert "location" not in answer.headers
