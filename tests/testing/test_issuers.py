"""Tokens of other issuers from the test kit, without any network."""

import logging
from typing import Any

import pytest
from quart import jsonify
from quart import Quart

from clock import Clock
from extension.apps import SECRET
from quart_jwt import get_jwt
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import MemoryStore
from quart_jwt.testing import auth_headers
from quart_jwt.testing import authenticated_client
from quart_jwt.testing import Fault
from quart_jwt.testing import make_token
from quart_jwt.tokens.algorithms import ASYMMETRIC

ISSUER = "https://id.example.invalid"
THEIRS = {"iss": ISSUER}


def _app(clock: Clock, store: MemoryStore | None = None, **said: Any) -> Quart:
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    app.config["JWT_ISSUERS"] = {ISSUER: {"audience": ["shop", "web"], **said}}
    JWTManager(app, clock=clock, store=store)

    @app.get("/theirs")
    @jwt_required(issuer=ISSUER)
    async def theirs() -> Any:
        return jsonify(get_jwt())

    @app.get("/any")
    @jwt_required()
    def any_issuer() -> Any:
        return jsonify(get_jwt())

    return app


async def _get(app: Quart, path: str, **of: Any) -> Any:
    headers = await auth_headers(app, "ada", **of)
    return await app.test_client().get(path, headers=headers)


@pytest.mark.parametrize("algorithm", sorted(ASYMMETRIC))
async def test_the_kit_speaks_for_an_issuer(clock: Clock, algorithm: str) -> None:
    """With a key of each algorithm that the issuer may use, in views of both kinds."""
    app = _app(clock, algorithms=[algorithm])
    for path in ("/theirs", "/any", "/theirs"):
        answer = await _get(app, path, claims={**THEIRS, "role": "admin"})
        claims = await answer.get_json()
        assert (answer.status_code, claims["sub"], claims["aud"]) == (
            200,
            "ada",
            "shop",
        )
        assert (claims["iss"], claims["role"]) == (ISSUER, "admin")


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("expired", 401),
        ("not_yet_valid", 422),
        ("wrong_type", 422),
        ("wrong_key", 422),
        ("revoked", 401),
    ],
)
@pytest.mark.parametrize("store", [True, False])
async def test_each_fault(
    clock: Clock, fault: Fault, status: int, *, store: bool
) -> None:
    """As for the app's own tokens."""
    app = _app(clock, MemoryStore() if store else None, leeway=10)
    async with app.test_app():
        answer = await _get(app, "/theirs", claims=THEIRS, fault=fault)
        assert answer.status_code == status
        assert (await _get(app, "/theirs", claims=THEIRS)).status_code == 200


async def test_what_the_settings_say_of_the_issuer_is_judged(clock: Clock) -> None:
    """Another audience, an end that has passed, and another issuer are refused."""
    app = _app(clock)
    for claims in ({"aud": "other"}, {"exp": 1}, {"iss": "https://no.example"}):
        answer = await _get(app, "/theirs", claims={**THEIRS, **claims})
        assert answer.status_code in {401, 422}
    assert (await _get(app, "/theirs")).status_code == 422


async def test_the_profile_of_an_issuer_is_kept(clock: Clock) -> None:
    """RFC 9068, for access tokens."""
    app = _app(clock, profile="rfc9068")
    assert (await _get(app, "/theirs", claims=THEIRS)).status_code == 200
    refused = await _get(app, "/theirs", claims=THEIRS, refresh=True)
    assert refused.status_code == 422


async def test_nothing_is_fetched_when_the_app_starts_first(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A fetch that the start has begun is given up; a client is signed in."""
    app = _app(clock)
    async with app.test_app():
        client = await authenticated_client(app, "ada", claims=THEIRS)
        for _ in range(3):
            assert (await client.get("/theirs")).status_code == 200
    assert [one for one in caplog.records if one.levelno > logging.WARNING] == []


async def test_a_token_of_before_stays_good(clock: Clock) -> None:
    """The key is made once; a change of other settings keeps it."""
    app = _app(clock)
    token = await make_token(app, "ada", claims=THEIRS, expires_in_s=60)
    app.config["JWT_DECODE_LEEWAY"] = 5
    assert (await _get(app, "/theirs", claims=THEIRS)).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    client = app.test_client()
    assert (await client.get("/theirs", headers=headers)).status_code == 200
    clock.advance(61)
    assert (await client.get("/theirs", headers=headers)).status_code == 401
