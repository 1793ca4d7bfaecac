"""What a user of the protected application sees, through each gateway."""

import json
import re
import socket
from posixpath import normpath

import httpx
import pytest

from gateways.processes import DEADLINE_S
from gateways.stages import Stage
from gateways.stages import USER

pytestmark = pytest.mark.slow

SAFE = ["GET", "HEAD"]
UNSAFE = ["POST", "PUT", "PATCH", "DELETE"]
COOKIE = "access_token_cookie"
BODY = b"\0" * 1_000_000
"""More than any gateway holds back for itself."""


def _csrf(client: httpx.Client) -> dict[str, str]:
    return {"X-CSRF-TOKEN": client.cookies["csrf_access_token"]}


@pytest.mark.parametrize("cookies", [False, True], ids=["header", "cookie"])
def test_token_passes(stage: Stage, cookies: bool) -> None:
    """A signed-in user reaches the application, which is told who it is."""
    with stage.signed_in(cookies=cookies) as client:
        answer = client.get("/page?a=b")

    assert (answer.status_code, answer.json()) == (200, {"page": "/page"})
    assert stage.application.only.named("X-Auth-Subject") == [USER]


def test_no_token_is_challenged(stage: Stage) -> None:
    """Without a token the user gets 401 with a bare challenge (RFC 6750 §3)."""
    with stage.client() as client:
        for method in [*SAFE, *UNSAFE]:
            answer = client.request(method, "/page")
            assert answer.status_code == 401
            assert answer.headers.get_list("WWW-Authenticate") == ["Bearer"]

    assert stage.application.arrivals == []


def test_bad_tokens_are_refused(stage: Stage) -> None:
    """Garbage, a refresh token and an ended session's token get 401 and say so."""
    login = {"username": USER, "password": stage.service.password}
    with stage.client() as client:
        tokens = client.post("/login", json=login).json()
        access = {"Authorization": f"Bearer {tokens['access_token']}"}
        client.post("/logout", headers=access)
        for token in ("garbage", tokens["refresh_token"], tokens["access_token"]):
            headers = {"Authorization": f"Bearer {token}"}
            answer = client.get("/page", headers=headers)
            assert answer.status_code == 401
            assert answer.headers.get_list("WWW-Authenticate") == [
                'Bearer error="invalid_token"'
            ]

    assert stage.application.arrivals == []


def test_csrf_is_judged_on_the_original_method(stage: Stage) -> None:
    """A cookie alone does not write, whatever the client says that its method is."""
    claims = {"X-Forwarded-Method": "GET", "X_Forwarded_Method": "GET"}
    with stage.signed_in(cookies=True) as client:
        for method in UNSAFE:
            assert client.request(method, "/page").status_code == 403
            assert client.request(method, "/page", headers=claims).status_code == 403
        assert stage.application.arrivals == []
        for method in UNSAFE:
            answer = client.request(method, "/page", headers=_csrf(client))
            assert answer.status_code == 200

    assert [each.method for each in stage.application.arrivals] == UNSAFE


def test_reading_needs_no_csrf_value(stage: Stage) -> None:
    """A cookie reads without its CSRF value."""
    with stage.signed_in(cookies=True) as client:
        for method in SAFE:
            assert client.request(method, "/page").status_code == 200

    assert [each.method for each in stage.application.arrivals] == SAFE


def test_another_sessions_csrf_value_is_refused(stage: Stage) -> None:
    """The double-submit value is bound to its token."""
    with stage.signed_in(cookies=True) as one, stage.signed_in(cookies=True) as other:
        answer = one.post("/page", headers=_csrf(other))

    assert answer.status_code == 403
    assert stage.application.arrivals == []


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_body_reaches_the_application_whole(stage: Stage, chunked: bool) -> None:
    """Asking takes nothing away from the request that is held back."""
    content = iter([BODY[:10], BODY[10:]]) if chunked else BODY
    with stage.signed_in() as client:
        answer = client.post("/page", content=content)

    assert answer.status_code == 200
    assert stage.application.only.body_bytes == len(BODY)


def test_two_tokens_never_make_another_user(stage: Stage) -> None:
    """Header and cookie together, or two of one: a verdict, never a 5xx."""
    with stage.signed_in() as client:
        good = client.headers.pop("Authorization")
        token = good.removeprefix("Bearer ")
        bad = "Bearer a.b.c"
        cases: list[tuple[int, list[tuple[str, str]]]] = [
            (200, [("Authorization", good), ("Cookie", f"{COOKIE}=a.b.c")]),
            (401, [("Authorization", bad), ("Cookie", f"{COOKIE}={token}")]),
            (401, [("Authorization", good), ("Authorization", bad)]),
            (401, [("Authorization", bad), ("Authorization", good)]),
            (401, [("Cookie", f"{COOKIE}={token}; {COOKIE}=a.b.c")]),
            (401, [("Cookie", f"{COOKIE}=a.b.c; {COOKIE}={token}")]),
            (401, [("Cookie", f"{COOKIE}=a.b.c"), ("Cookie", f"{COOKIE}={token}")]),
        ]
        for status, case in cases:
            # nginx refuses two Authorization headers itself, with 400.
            allowed = {status} if status == 200 else {status, 400}
            assert client.get("/page", headers=case).status_code in allowed, case

    assert stage.application.only.named("X-Auth-Subject") == [USER]


PREFLIGHT = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}


def test_preflight_passes_as_nobody(stage: Stage) -> None:
    """The application answers OPTIONS itself, and only what really is OPTIONS."""
    claims = {"X-Forwarded-Method": "OPTIONS", "X-Auth-Subject": "admin"}
    with stage.client() as client:
        answer = client.options("/page", headers={**PREFLIGHT, **claims})
        assert client.get("/page", headers=claims).status_code == 401

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "".join(stage.application.only.named("X-Auth-Subject")) == ""


@pytest.mark.parametrize("path", ["/auth/verify", "/.quart-jwt/verify"])
def test_the_question_is_the_gateways_alone(stage: Stage, path: str) -> None:
    """Nobody outside reaches the endpoint that gateways ask."""
    with stage.client() as client:
        answer = client.get(path)

    assert answer.status_code in {401, 404}
    assert "subject" not in answer.headers
    assert stage.application.arrivals == []


PATHS = [
    "/public/../page",
    "/public/./../page",
    "/public/%2e%2e/page",
    "/public/.%2E/page",
    "/public/..%2fpage",
    "/public/%2e%2e%2fpage",
    "/public/..;/page",
    "/public/..;a=b/page",
    "/public//../../page",
    "/public/..\\page",
    "/public/..%5cpage",
    "/public/%252e%252e/page",
    "//public/../page",
    "/PUBLIC/page",
    "/public",
    "/login/../page",
    "/page/../public/x",
    "/page/%2e%2e/public/x",
    "/page/..%2fpublic/x",
    "/page/..;/../public/x",
    "http://public/page",
    "/page?/public/",
    "/page#/public/",
]


def test_no_path_gets_around_the_question(stage: Stage) -> None:
    """What arrives without a token is public, however its path may be resolved."""
    for path in PATHS:
        assert 200 <= _raw_status(stage.gateway.port, path) < 500, path

    for arrival in stage.application.arrivals:
        plain = re.sub(r";[^/]*", "", arrival.path.replace("\\", "/"))
        for path_taken in (arrival.path, normpath(plain)):
            assert path_taken.lower().startswith("/public/"), arrival
        assert arrival.named("X-Auth-Subject") == []


def _raw_status(port: int, path: str) -> int:
    """Send a request line as it stands, which clients would put in order."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as connection:
        lines = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        connection.sendall(lines.encode("ascii"))
        answer = connection.makefile("rb").readline()
    return int(answer.split()[1])


@pytest.mark.parametrize(
    "path",
    ["//evil.example/page", "/%0d%0aSet-Cookie:%20a=b", "/page?next=//evil.example"],
)
def test_nothing_of_the_address_is_reflected(stage: Stage, path: str) -> None:
    """Neither a redirect nor a header comes out of what a client asks for."""
    with stage.client() as client:
        answer = client.get(f"{stage.gateway.url}{path}")

    assert answer.status_code in {400, 401, 403}
    assert {"location", "set-cookie"} & set(answer.headers) == set()
    assert "evil" not in answer.text


def test_refusals_never_show_the_token(stage: Stage) -> None:
    """What a refused client gets back does not hold what it sent."""
    with stage.client() as client:
        headers = {"Authorization": "Bearer secretsecret.b.c"}
        answer = client.get("/page", headers=headers)

    assert answer.status_code == 401
    assert "secretsecret" not in answer.text + json.dumps(dict(answer.headers))
    assert "secretsecret" not in stage.gateway.process.text + stage.service.process.text
