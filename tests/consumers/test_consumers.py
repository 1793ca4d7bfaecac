"""Others verify our tokens by our JWK Set, over a socket; and we verify theirs."""

import dataclasses
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from quart import jsonify
from quart import Quart

from consumers.libraries import LIBRARIES
from docs.running import serving as serving_app
from quart_jwt import get_jwt
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt.service.app import create_app
from quart_jwt.service.resources import EXTENSION
from quart_jwt.service.resources import Resources
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import KeyOptions
from quart_jwt.service.settings.storage import Storage
from service.kit import bearer
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import QUICK
from stores.jwks_server import sends
from stores.jwks_server import serving

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
EDDSA = "ignore:EdDSA is deprecated"
"""RFC 9864 has another name for it, which most libraries do not know yet."""


@dataclasses.dataclass(frozen=True, slots=True)
class Issuing:
    """Our service on a socket, and a token of it."""

    url: str
    token: str
    algorithm: str

    @property
    def jwks_uri(self) -> str:
        """Where its keys are."""
        return f"{self.url}/.well-known/jwks.json"


@pytest.fixture(name="issuing", params=ALGORITHMS)
async def _issuing(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Issuing]:
    storage = Storage(
        mode="production",
        state_dir=tmp_path,
        database_url=f"sqlite+aiosqlite:///{tmp_path}/test.db",
        store_timeout_ms=60_000,  # a loaded machine may take its time
    )
    keys = KeyOptions(algorithm=request.param, issuer="https://id.example")
    app = create_app(Settings(storage=storage, keys=keys, hash_cost=QUICK))
    async with serving_app(app) as url:
        async with httpx.AsyncClient(timeout=60) as client:
            await client.get(f"{url}/healthz")  # it has started when it answers
        resources: Resources = app.extensions[EXTENSION]
        hashed = await resources.passwords.hash(PASSWORD)
        await resources.accounts.add(NAME, hashed)
        login = {"username": NAME, "password": PASSWORD}
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.post(f"{url}/login", json=login)
        yield Issuing(url, answer.json()["access_token"], request.param)


@pytest.mark.filterwarnings(EDDSA)
@pytest.mark.parametrize("name", LIBRARIES)
async def test_others_verify_our_tokens(issuing: Issuing, name: str) -> None:
    """By nothing but the URL of our JWK Set; a changed token is refused."""
    verify = LIBRARIES[name].verify
    claims = await verify(issuing.jwks_uri, issuing.token, issuing.algorithm)
    assert (claims["sub"], claims["iss"]) == (NAME, "https://id.example")
    header, payload, signature = issuing.token.split(".")
    changed = f"{header}.{payload}.{signature[1:-1]}{signature[:1]}A"
    with pytest.raises(LIBRARIES[name].refusal):
        await verify(issuing.jwks_uri, changed, issuing.algorithm)


@pytest.mark.filterwarnings(EDDSA)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("name", LIBRARIES)
async def test_we_verify_tokens_of_others(name: str, algorithm: str) -> None:
    """With the JWK Set that the library itself has written, over a socket."""
    now = int(time.time())
    claims = {
        "iss": "https://other.example",
        "aud": "orders",
        "sub": "ann",
        "iat": now - 5,
        "exp": now + 3600,
    }
    made = await LIBRARIES[name].make(claims, algorithm)
    async with serving(sends(made.jwks)) as server:
        app = _consumer(server.url, algorithm)
        async with serving_app(app) as url, httpx.AsyncClient(timeout=60) as client:
            answer = await client.get(url, headers=bearer(made.token))
            forged = await client.get(url, headers=bearer(made.token[:-8] + "AAAAAAAA"))

    assert answer.status_code == 200
    assert claims.items() <= answer.json().items()
    assert forged.status_code == 422
    assert len(server.requests) == 1


def _consumer(jwks_uri: str, algorithm: str) -> Quart:
    app = Quart("consumer")
    app.config["JWT_SECRET_KEY"] = "a secret that is long enough for HS256"
    app.config["JWT_ISSUERS"] = {
        "https://other.example": {
            "jwks_uri": jwks_uri,
            "audience": "orders",
            "algorithms": [algorithm],
            "allow_http": True,
        }
    }
    JWTManager(app)

    @app.get("/")
    @jwt_required(issuer="https://other.example", audience="orders")
    async def orders() -> Any:
        return jsonify(get_jwt())

    return app
