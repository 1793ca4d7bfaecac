"""Who the application is told that it is: by us alone, on every path."""

import pytest

from gateways.stages import Stage
from gateways.stages import USER

pytestmark = pytest.mark.slow

SPELLINGS = [
    "X-Auth-Subject",
    "x-auth-subject",
    "X-AUTH-SUBJECT",
    "X_Auth_Subject",
    "x_auth_subject",
    "X_AUTH_SUBJECT",
    "X-Auth_Subject",
    "x_auth-SUBJECT",
]
HOP_BY_HOP = [
    "X-Auth-Subject",
    "close, x-auth-subject",
    "Authorization",
    "Cookie",
    "X-Forwarded-Method",
    "X-CSRF-TOKEN",
]


def test_a_clients_own_copy_is_overwritten(stage: Stage) -> None:
    """Beside a good token, a client cannot say who it is."""
    with stage.signed_in() as client:
        for name in SPELLINGS:
            headers = [(name, "admin"), (name, "root")]
            assert client.get("/page", headers=headers).status_code == 200

    told = [each.named("X-Auth-Subject") for each in stage.application.arrivals]
    assert told == [[USER]] * len(SPELLINGS)


def test_a_clients_own_copy_is_removed_where_nobody_is_asked(stage: Stage) -> None:
    """On public pages nobody is anybody."""
    with stage.client() as client:
        for name in SPELLINGS:
            headers = [(name, "admin"), (name, "root")]
            assert client.get("/public/page", headers=headers).status_code == 200

    told = [each.named("X-Auth-Subject") for each in stage.application.arrivals]
    assert told == [[]] * len(SPELLINGS)


@pytest.mark.parametrize("name", ["X-Auth-Roles", "X-Auth-Scope"])
def test_a_header_that_is_not_in_use_is_removed_too(stage: Stage, name: str) -> None:
    """An application that looks for roles must not find the client's own."""
    with stage.signed_in() as client:
        for path in ("/page", "/public/page"):
            assert client.get(path, headers=[(name, "admin")]).status_code == 200

    assert [each.named(name) for each in stage.application.arrivals] == [[], []]


def test_a_clients_own_copy_opens_nothing(stage: Stage) -> None:
    """Without a token it is 401, with or without such a header."""
    with stage.client() as client:
        for name in SPELLINGS:
            assert client.get("/page", headers={name: "admin"}).status_code == 401

    assert stage.application.arrivals == []


@pytest.mark.parametrize("cookies", [False, True], ids=["header", "cookie"])
def test_no_header_of_ours_is_made_hop_by_hop(stage: Stage, cookies: bool) -> None:
    """``Connection: X-Auth-Subject`` does not take the identity away on its way."""
    with stage.signed_in(cookies=cookies) as client:
        if cookies:
            client.headers["X-CSRF-TOKEN"] = client.cookies["csrf_access_token"]
        for named in HOP_BY_HOP:
            answer = client.post("/page", headers={"Connection": named})
            assert answer.status_code in {200, 400, 401, 403}, named

    for arrival in stage.application.arrivals:
        assert arrival.named("X-Auth-Subject") == [USER]
