import jwt
import pytest
from sqlalchemy import text

from clock import START
from service.kit import bearer
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import SECRET
from service.kit import Service

DAY_S = 24 * 3600


def _claims(token: str) -> dict[str, object]:
    return jwt.decode(
        token,
        SECRET,
        ["HS256"],
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )


async def test_the_whole_way(service: Service) -> None:
    """Log in, be let in, expire, refresh, be let in again, log out."""
    await service.add()
    tokens = await service.log_in()
    assert {"access_token", "refresh_token", "token_type", "expires_in"} == set(tokens)
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    response = await service.client.get(
        "/protected", headers=bearer(tokens["access_token"])
    )
    assert await response.get_json() == {"logged_in_as": NAME}

    service.clock.advance(901)
    assert (
        await service.code("GET", "/protected", tokens["access_token"])
        == "token_expired"
    )
    response = await service.client.post(
        "/refresh", headers=bearer(tokens["refresh_token"])
    )
    renewed = await response.get_json()
    assert set(tokens) == set(renewed)
    assert await service.status("GET", "/protected", renewed["access_token"]) == 200

    response = await service.client.post(
        "/logout", headers=bearer(renewed["access_token"])
    )
    assert await response.get_json() == {"logged_out": True}
    for method, path, token in (
        ("GET", "/protected", renewed["access_token"]),
        ("POST", "/refresh", renewed["refresh_token"]),
    ):
        assert await service.code(method, path, token) == "token_revoked"


async def test_tokens_say_what_they_are(service: Service) -> None:
    """A login's token is fresh, a refreshed one is not; both name one session."""
    await service.add()
    tokens = await service.log_in()
    response = await service.client.post(
        "/refresh", headers=bearer(tokens["refresh_token"])
    )
    first = _claims(tokens["access_token"])
    again = _claims((await response.get_json())["access_token"])
    refresh = _claims(tokens["refresh_token"])
    assert (first["fresh"], again["fresh"]) == (True, False)
    assert first["sid"] == again["sid"] == refresh["sid"]
    assert (first["iat"], first["exp"]) == (START, START + 900)
    assert refresh["exp"] == START + 30 * DAY_S


async def test_an_access_token_does_not_outlive_its_session(service: Service) -> None:
    """In a session's last minute a new token lives for a minute."""
    await service.add()
    tokens = await service.log_in()
    service.clock.advance(30 * DAY_S - 60)
    response = await service.client.post(
        "/refresh", headers=bearer(tokens["refresh_token"])
    )
    assert (await response.get_json())["expires_in"] == 60
    service.clock.advance(60)
    assert (
        await service.code("POST", "/refresh", tokens["refresh_token"])
        == "token_expired"
    )


@pytest.mark.parametrize(("moved", "status"), [(899, 200), (900, 401), (901, 401)])
async def test_expiry_is_exact(service: Service, moved: int, status: int) -> None:
    """A token counts until the second before its expiry."""
    await service.add()
    tokens = await service.log_in()
    service.clock.advance(moved)
    assert status == await service.status("GET", "/protected", tokens["access_token"])


async def test_one_logout_ends_one_session(service: Service) -> None:
    """The same user's other login goes on."""
    await service.add()
    one, two = await service.log_in(), await service.log_in()
    assert await service.status("POST", "/logout", one["access_token"]) == 200
    assert await service.status("GET", "/protected", one["access_token"]) == 401
    assert await service.status("GET", "/protected", two["access_token"]) == 200
    assert await service.status("POST", "/refresh", two["refresh_token"]) == 200


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
@pytest.mark.parametrize("moved", [0, 901, 31 * DAY_S], ids=["now", "15min", "31days"])
async def test_either_token_logs_out_at_any_age(
    service: Service, which: str, moved: int
) -> None:
    """Logout takes both kinds, expired or not, and may be repeated."""
    await service.add()
    tokens = await service.log_in()
    service.clock.advance(moved)
    for _ in range(2):
        assert await service.status("POST", "/logout", tokens[which]) == 200
    assert await service.status("POST", "/refresh", tokens["refresh_token"]) == 401


async def test_a_refresh_token_opens_nothing_else(service: Service) -> None:
    """Each kind of token is refused where the other belongs."""
    await service.add()
    tokens = await service.log_in()
    for method, path, which in (
        ("GET", "/protected", "refresh_token"),
        ("POST", "/refresh", "access_token"),
    ):
        assert await service.code(method, path, tokens[which]) == "wrong_token_type"


async def test_a_disabled_user_is_out_at_once(service: Service) -> None:
    """Login, refresh and protected refuse; other users stay."""
    await service.add()
    await service.add("bob")
    tokens, other = await service.log_in(), await service.log_in("bob")
    await service.changes.disable(NAME)
    assert await service.status("GET", "/protected", tokens["access_token"]) == 401
    assert await service.status("POST", "/refresh", tokens["refresh_token"]) == 401
    response = await service.client.post(
        "/login", json={"username": NAME, "password": PASSWORD}
    )
    assert response.status_code == 401
    assert await service.status("GET", "/protected", other["access_token"]) == 200
    await service.resources.accounts.enable(NAME)
    assert await service.status("POST", "/refresh", tokens["refresh_token"]) == 401
    assert await service.log_in()


async def test_every_failed_login_looks_the_same(service: Service) -> None:
    """Unknown, wrong and disabled give one answer, byte for byte but for its id."""
    await service.add()
    await service.add("carol")
    await service.resources.accounts.disable("carol")
    answers = set()
    for name, password in (("bob", PASSWORD), (NAME, "wrong"), ("carol", PASSWORD)):
        response = await service.client.post(
            "/login", json={"username": name, "password": password}
        )
        headers = sorted(
            (key, value)
            for key, value in response.headers.items()
            if key != "x-request-id"  # each request has its own
        )
        answers.add((response.status_code, await response.get_data(), str(headers)))
    assert len(answers) == 1
    status, body, _headers = answers.pop()
    assert status == 401
    assert b'"code":"invalid_credentials"' in body
    assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_a_new_password_ends_all_sessions(service: Service) -> None:
    """Who changes a password shuts out whoever had the old one."""
    await service.add()
    tokens = await service.log_in()
    resources = service.resources
    await service.changes.set_password(NAME, await resources.passwords.hash("new"))
    assert await service.status("GET", "/protected", tokens["access_token"]) == 401
    assert await service.status("POST", "/refresh", tokens["refresh_token"]) == 401
    assert await service.log_in(password="new")


@pytest.mark.parametrize(
    "name", ["\u00e9\U0001f600 evil", "a" * 256, "\U0001f600" * 256]
)
async def test_any_name_makes_the_round_trip(service: Service, name: str) -> None:
    """A name of any script comes back as it was."""
    await service.add(name)
    tokens = await service.log_in(name)
    response = await service.client.get(
        "/protected", headers=bearer(tokens["access_token"])
    )
    assert {"logged_in_as": name} == await response.get_json()


BAD_AUTHORIZATION = {
    "Bearer": "invalid_token",
    "Bearer a b": "invalid_token",
    "Bearer abc": "invalid_token",
    "Bearer a.b.c": "invalid_token",
    "Bearer \xff.\xff.\xff": "invalid_token",
    "Bearer " + "a" * 8200: "invalid_token",
    "Basic YTpi": "missing_token",
    "": "missing_token",
}
CHALLENGES = {
    "missing_token": "Bearer",
    "invalid_token": 'Bearer error="invalid_token"',
}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/protected"), ("POST", "/refresh"), ("POST", "/logout")],
)
async def test_bad_authorization_is_401(
    service: Service, method: str, path: str
) -> None:
    """Whatever stands in the header, the answer is a 401 with its challenge."""
    for value, code in BAD_AUTHORIZATION.items():
        response = await service.client.open(
            path, method=method, headers={"Authorization": value}
        )
        said = (response.status_code, (await response.get_json())["code"])
        assert said == (401, code), value[:80]
        assert CHALLENGES[code] == response.headers["WWW-Authenticate"]


async def test_a_foreign_token_is_refused(service: Service) -> None:
    """A token with our key but without a session of ours opens nothing."""
    await service.add()
    tokens = await service.log_in()
    claims = {
        "sub": NAME,
        "type": "access",
        "iat": START,
        "exp": START + 60,
        "jti": "x",
    }
    good = {**claims, "sid": _claims(tokens["access_token"])["sid"]}
    for payload, key, code in (
        (claims, SECRET, "token_revoked"),
        ({**good, "sid": "unknown"}, SECRET, "token_revoked"),
        (good, SECRET, "OK"),
        (good, SECRET + "x", "invalid_token"),
    ):
        token = jwt.encode({**payload, "csrf": "c", "nbf": START, "fresh": False}, key)
        response = await service.client.get("/protected", headers=bearer(token))
        assert code == (await response.get_json()).get("code", "OK")


async def test_a_foreign_token_ends_no_session(service: Service) -> None:
    """Logging out with a token that has no session is harmless."""
    claims = {
        "sub": NAME,
        "type": "access",
        "iat": START,
        "exp": START + 60,
        "jti": "x",
    }
    token = jwt.encode({**claims, "nbf": START, "csrf": "c", "fresh": False}, SECRET)
    assert await service.status("POST", "/logout", token) == 200


async def _break_database(service: Service) -> None:
    await service.resources.database.change(text("DROP TABLE users"))


async def test_health_needs_the_database(service: Service) -> None:
    """Healthy is: the database answers. A 503 says when to come back."""
    response = await service.client.get("/healthz")
    assert await response.get_json() == {"status": "ok"}
    await _break_database(service)
    response = await service.client.get("/healthz")
    assert (
        response.status_code,
        (await response.get_json())["code"],
        response.headers["Retry-After"],
    ) == (503, "store_unavailable", "5")


async def test_without_the_database_nobody_signs_in(service: Service) -> None:
    """Login and refresh are a 503; access tokens need the session store only."""
    await service.add()
    tokens = await service.log_in()
    await _break_database(service)
    for method, path, which in (
        ("GET", "/me", "access_token"),
        ("POST", "/refresh", "refresh_token"),
    ):
        assert await service.code(method, path, tokens[which]) == "store_unavailable"
    assert await service.status("GET", "/protected", tokens["access_token"]) == 200
    response = await service.client.post(
        "/login", json={"username": NAME, "password": PASSWORD}
    )
    assert response.status_code == 503
