"""``/me``: what the token says of its user."""

from typing import Any

import jwt
import pytest

from service.kit import bearer
from service.kit import NAME
from service.kit import SECRET
from service.kit import Service


async def _me(service: Service, token: str) -> Any:
    answer = await service.client.get("/me", headers=bearer(token))
    assert answer.status_code == 200
    return await answer.get_json()


def _claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


async def test_a_user_learns_who_it_is(service: Service) -> None:
    """Name, session, end and freshness of the token; nothing is allowed by itself."""
    await service.add()
    tokens = await service.log_in()
    claims = _claims(tokens["access_token"])
    expected = {
        "name": NAME,
        "session_id": claims["sid"],
        "expires_at": int(service.clock()) + 900,
        "fresh": True,
        "roles": [],
        "scopes": [],
    }
    assert await _me(service, tokens["access_token"]) == expected
    answer = await service.client.post(
        "/refresh", headers=bearer(tokens["refresh_token"])
    )
    refreshed = (await answer.get_json())["access_token"]
    assert await _me(service, refreshed) == {**expected, "fresh": False}


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"roles": ["admin", "staff"]}, {"roles": ["admin", "staff"]}),
        ({"roles": "admin"}, {"roles": []}),
        ({"roles": ["admin", 1, None]}, {"roles": ["admin"]}),
        ({"scope": "write read"}, {"scopes": ["read", "write"]}),
        ({"scp": ["read"]}, {"scopes": ["read"]}),
    ],
)
async def test_roles_and_scopes_are_the_tokens(
    service: Service, changes: dict[str, Any], shown: dict[str, Any]
) -> None:
    """What the token says, in one shape; what is malformed allows nothing."""
    await service.add()
    token = (await service.log_in())["access_token"]
    said = await _me(service, jwt.encode({**_claims(token), **changes}, SECRET))
    assert said.items() >= shown.items()


@pytest.mark.parametrize(("seconds", "fresh"), [(-1, False), (0, True), (1, True)])
async def test_freshness_may_have_an_end(
    service: Service, seconds: int, *, fresh: bool
) -> None:
    """A time in the claim is when it ends."""
    await service.add()
    claims = _claims((await service.log_in())["access_token"])
    until = int(service.clock()) + seconds
    said = await _me(service, jwt.encode({**claims, "fresh": until}, SECRET))
    assert said["fresh"] is fresh


async def test_nobody_is_nobody(service: Service) -> None:
    """Without an access token there is no answer."""
    await service.add()
    tokens = await service.log_in()
    assert (await service.client.get("/me")).status_code == 401
    assert await service.status("GET", "/me", tokens["refresh_token"]) == 401


GARBAGE = {
    "empty": "",
    "word": "x",
    "dots": "...",
    "two-parts": "eyJhbGciOiJIUzI1NiJ9.e30",
    "no-json": "e30.e30.e30",
    "nul": "a.\\0.b",
    "long": "a" * 9_000 + ".b.c",
    "many-dots": "." * 9_000,
    "two": "a.b.c d.e.f",
    "comma": "a.b.c, Bearer d.e.f",
}


@pytest.mark.parametrize("place", ["Authorization", "Cookie"])
async def test_garbage_is_refused(service: Service, place: str) -> None:
    """Whatever stands where a token should, the answer is 401 in our shape."""
    before = {"Authorization": "Bearer ", "Cookie": "access_token_cookie="}[place]
    for name, text in GARBAGE.items():
        answer = await service.client.get("/me", headers={place: f"{before}{text}"})
        assert answer.status_code == 401, name
        assert (await answer.get_json()).keys() == {"msg", "code"}
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
