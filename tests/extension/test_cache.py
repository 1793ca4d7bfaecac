"""The verified-token cache in the flow: nothing that it keeps changes a verdict."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pytest
from quart import Quart

from extension.apps import Client
from extension.apps import MakeApp
from extension.apps import Mint
from extension.apps import SECRET
from quart_jwt import create_access_token
from quart_jwt import decode_token
from quart_jwt import JWTManager
from quart_jwt.tokens.keys import VerifyingKey

DEFAULT_SKEW_S = 5


@pytest.fixture(name="checks")
def _checks(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The messages whose signature was checked."""
    checked: list[bytes] = []
    verifies = VerifyingKey.verifies

    def spy(self: VerifyingKey, message: bytes, signature: bytes) -> bool:
        checked.append(message)
        return verifies(self, message, signature)

    monkeypatch.setattr(VerifyingKey, "verifies", spy)
    return checked


async def _statuses(client: Client, *headers: dict[str, str]) -> list[int]:
    return [
        (await client.get("/protected", headers=each)).status_code for each in headers
    ]


async def test_one_signature_check(
    client: Client, bearer: Mint, jwt: JWTManager, app: Quart, checks: list[bytes]
) -> None:
    """A token that comes again is not checked again."""
    headers = await bearer()
    assert await _statuses(client, headers, headers, headers) == [200, 200, 200]
    assert len(checks) == 1
    async with app.app_context():
        info = jwt.cache_info()
    assert (info.hits, info.misses, info.entries, info.evictions) == (2, 1, 1, 0)
    assert 500 < info.bytes < 5_000


async def test_failures_are_not_remembered(
    client: Client, bearer: Mint, jwt: JWTManager, app: Quart, checks: list[bytes]
) -> None:
    """A bad signature, a wrong audience and an expired token leave no entry."""
    app.config["JWT_DECODE_AUDIENCE"] = "me"
    good = await bearer()
    forged = {"Authorization": good["Authorization"][:-4] + "AAAA"}
    expired = await bearer(
        expires_delta=timedelta(seconds=-1), additional_claims={"aud": "me"}
    )
    assert await _statuses(client, forged, good, expired, good) == [422, 422, 401, 422]
    assert len(checks) == 4
    async with app.app_context():
        assert jwt.cache_info().entries == 0


async def test_every_hit_is_judged_again(
    client: Client, bearer: Mint, clock: Any, jwt: JWTManager, app: Quart
) -> None:
    """A remembered token expires at its second, and is forgotten then."""
    headers = await bearer()
    for step, status in ((0, 200), (15 * 60 - 1, 200), (1, 401), (1, 401)):
        clock.advance(step)
        assert await _statuses(client, headers) == [status]
    async with app.app_context():
        assert jwt.cache_info().entries == 0


async def test_clock_that_steps_back(client: Client, bearer: Mint, clock: Any) -> None:
    """A remembered token is not valid before its time, either."""
    headers = await bearer()
    assert await _statuses(client, headers) == [200]
    clock.advance(-DEFAULT_SKEW_S)
    assert await _statuses(client, headers) == [200]
    clock.advance(-1)
    assert await _statuses(client, headers) == [422]
    clock.advance(DEFAULT_SKEW_S + 1)
    assert await _statuses(client, headers) == [200]


async def test_type_and_freshness_are_judged_on_a_hit(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """What one route accepted, another may refuse."""
    from quart_jwt import jwt_required

    @app.get("/fresh")
    @jwt_required(fresh=True)
    async def fresh() -> str:
        return "fresh"

    @app.get("/refresh")
    @jwt_required(refresh=True)
    async def refresh() -> str:
        return "refresh"

    headers = await bearer()
    assert await _statuses(client, headers) == [200]
    assert (await client.get("/fresh", headers=headers)).status_code == 401
    assert (await client.get("/refresh", headers=headers)).status_code == 422


async def test_revocation_is_asked_on_a_hit(
    client: Client, bearer: Mint, jwt: JWTManager
) -> None:
    """A remembered token is refused as soon as it is revoked."""
    gone: set[str] = set()
    jwt.token_in_blocklist_loader(lambda _, claims: claims["jti"] in gone)
    headers = await bearer()
    assert await _statuses(client, headers) == [200]
    gone.add(
        pyjwt.decode(headers["Authorization"][7:], options={"verify_signature": False})[
            "jti"
        ]
    )
    assert await _statuses(client, headers) == [401]


async def test_csrf_is_compared_on_a_hit(make_app: MakeApp, bearer: Mint) -> None:
    """A remembered token in a cookie still needs its CSRF value."""
    app = make_app(JWT_TOKEN_LOCATION=["cookies"])
    token = (await bearer())["Authorization"][7:]
    async with app.app_context():
        csrf = decode_token(token)["csrf"]
    cookie = {"Cookie": f"access_token_cookie={token}"}
    client = app.test_client()
    statuses = [
        (
            await client.post("/protected", headers={**cookie, "X-CSRF-TOKEN": value})
        ).status_code
        for value in (csrf, "wrong", csrf)
    ]
    assert statuses == [200, 401, 200]


@pytest.mark.parametrize(
    ("option", "value", "status"),
    [
        ("JWT_SECRET_KEY", "another secret that is long enough, too", 422),
        ("JWT_DECODE_AUDIENCE", "somebody else", 422),
        ("JWT_DECODE_ISSUER", "somebody else", 422),
        ("JWT_IDENTITY_CLAIM", "uid", 422),
        ("JWT_DECODE_ALGORITHMS", ["HS384"], 200),
        ("JWT_ALGORITHM", "HS384", 422),
        ("JWT_ERROR_MESSAGE_KEY", "error", 200),
    ],
)
async def test_settings_drop_the_cache(
    app: Quart,
    client: Client,
    bearer: Mint,
    checks: list[bytes],
    option: str,
    value: Any,
    status: int,
) -> None:
    """Another key or setting is another cache: the token is judged anew."""
    headers = await bearer()
    assert await _statuses(client, headers) == [200]
    before = len(checks)
    app.config[option] = value
    assert await _statuses(client, headers) == [status]
    assert len(checks) > before or option == "JWT_ALGORITHM"


async def test_key_hook_is_part_of_what_is_remembered(
    client: Client, bearer: Mint, jwt: JWTManager, checks: list[bytes]
) -> None:
    """With a key hook, the same key is a hit and another key another check."""
    keys = [SECRET, SECRET, "another key that is long enough for HS256", SECRET, None]
    jwt.decode_key_loader(lambda *_: keys.pop(0))
    headers = await bearer()
    statuses = await _statuses(client, *[headers] * 5)
    assert statuses == [200, 200, 422, 200, 422]
    assert len(checks) == 2


async def test_key_hook_that_is_taken_away(
    client: Client, bearer: Mint, jwt: JWTManager
) -> None:
    """What a hook's key let pass, the configured keys have to let pass anew."""
    other = "the hook's own key, which is long enough"
    jwt.encode_key_loader(lambda _: other)
    jwt.decode_key_loader(lambda *_: other)
    headers = await bearer()
    assert await _statuses(client, headers) == [200]
    jwt.verifying = replace(jwt.verifying, key=None)
    assert await _statuses(client, headers) == [422]


@pytest.mark.parametrize("option", ["JWT_DECODE_ISSUER", "JWT_DECODE_AUDIENCE"])
async def test_live_container_of_names(
    make_app: MakeApp, bearer: Mint, option: str
) -> None:
    """A view of a dict that changes counts at once, remembered token or not."""
    tenants = {"a": 1, "b": 2}
    client = make_app(**{option: tenants.keys()}).test_client()
    headers = await bearer(additional_claims={"iss": "b", "aud": "b"})
    assert await _statuses(client, headers, headers) == [200, 200]
    del tenants["b"]
    assert await _statuses(client, headers) == [422]


async def test_token_that_changes_keys(
    app: Quart, jwt: JWTManager, checks: list[bytes]
) -> None:
    """A token that passes with another key is remembered with that one."""
    other = SECRET.encode()
    keys: list[Any] = [SECRET, other, other, other]
    jwt.decode_key_loader(lambda *_: keys.pop(0))
    async with app.app_context():
        token = create_access_token("joe")
        for _ in range(4):
            decode_token(token)
        assert jwt.cache_info().entries == 1
    assert len(checks) == 1


@pytest.mark.parametrize(
    "off", [{"JWT_CACHE_MAX_ENTRIES": 0}, {"JWT_CACHE_MAX_BYTES": 0}]
)
async def test_cache_can_be_turned_off(
    make_app: MakeApp, off: dict[str, int], bearer: Mint, checks: list[bytes]
) -> None:
    """Zero entries or zero bytes keep nothing."""
    client = make_app(**off).test_client()
    headers = await bearer()
    assert await _statuses(client, headers, headers) == [200, 200]
    assert len(checks) == 2


async def test_allow_expired_leaves_no_entry(
    app: Quart, jwt: JWTManager, clock: Any
) -> None:
    """A token that was read although it had expired opens nothing later."""
    async with app.app_context():
        token = create_access_token("joe")
        clock.advance(3600)
        decode_token(token, allow_expired=True)
        assert jwt.cache_info().entries == 0
        with pytest.raises(pyjwt.ExpiredSignatureError):
            decode_token(token)


async def test_many_tokens_stay_in_bounds(make_app: MakeApp) -> None:
    """The oldest entries make room, by count and by memory."""
    app = make_app(JWT_CACHE_MAX_ENTRIES=50)
    jwt: JWTManager = app.extensions["quart-jwt"]
    async with app.app_context():
        tokens = [create_access_token(str(n)) for n in range(200)]
        for token in tokens:
            decode_token(token)
        info = jwt.cache_info()
        assert (info.entries, info.evictions) == (50, 150)
        app.config["JWT_CACHE_MAX_BYTES"] = info.bytes // 5
        for token in tokens:
            decode_token(token)
        smaller = jwt.cache_info()
        assert smaller.bytes <= info.bytes // 5
        assert 9 <= smaller.entries <= 10
