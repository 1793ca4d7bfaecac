"""Tokens that can be used once, on every store."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart import Quart
from quart import websocket

from clock import Clock
from clock import START
from extension.apps import closing_code
from extension.apps import SECRET
from forging import forge
from forging import HEADER
from quart_jwt import create_access_token
from quart_jwt import decode_token
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import MemoryStore
from quart_jwt import revoke_all_for
from quart_jwt import revoke_token
from quart_jwt import verify_jwt_in_request
from quart_jwt import verify_token
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.exceptions import StoreError
from quart_jwt.stores.base import Store
from quart_jwt.testing import Failing
from stores.families import revoked_subject
from stores.families import revoked_token

USES = 8
PATIENCE_S = 30


@pytest.fixture(name="app")
async def _app(store: Store, clock: Clock) -> AsyncIterator[Quart]:
    """An app whose routes take a token for a download once."""
    app = _app_of(JWTManager(clock=clock, store=store))
    async with app.test_app(), app.app_context():
        yield app


def _app_of(jwt: JWTManager, **config: Any) -> Quart:
    app = Quart(__name__)
    app.config.update({"JWT_SECRET_KEY": SECRET, "JWT_TOKEN_LOCATION": "query_string"})
    app.config["JWT_STORE_TIMEOUT"] = 30  # for a loaded machine
    app.config.update(config, PROPAGATE_EXCEPTIONS=False)
    jwt.init_app(app)
    once = jwt_required(purpose="download", single_use=True)

    async def view() -> Any:
        return str(get_jwt_identity())

    def view_in_a_thread() -> Any:
        return str(get_jwt_identity())

    def verified_in_a_thread() -> Any:
        verify_jwt_in_request(purpose="download", single_use=True)
        return str(get_jwt_identity())

    app.add_url_rule("/async", "async", once(view))
    app.add_url_rule("/sync", "sync", once(view_in_a_thread))
    app.add_url_rule("/verified", "verified", verified_in_a_thread)
    app.add_url_rule("/often", "often", jwt_required(purpose="download")(view))
    return app


async def _status(app: Quart, path: str, token: str) -> int:
    response = await app.test_client().get(f"{path}?jwt={token}")
    return response.status_code


async def test_of_many_revocations_one_is_the_first(store: Store) -> None:
    """Of one token or one subject, at the same time or one after the other."""
    for revocation in (revoked_token("once"), revoked_subject(issued_by=START)):
        at_once = [store.revoke(revocation, now=START) for _ in range(USES)]
        answers = Counter(await asyncio.gather(*at_once))
        assert answers == {True: 1, False: USES - 1}
        assert await store.revoke(revocation, now=START + 1) is False
    assert await store.revoke(revoked_token("other", until=None), now=START) is True
    assert await store.revoke(revoked_token("other"), now=START) is False


@pytest.mark.parametrize("path", ["/async", "/sync", "/verified"])
async def test_of_many_uses_at_once_exactly_one_passes(app: Quart, path: str) -> None:
    """Two requests that both look before either writes would both pass."""
    token = create_access_token("joe", purpose="download")
    statuses = await asyncio.gather(*(_status(app, path, token) for _ in range(USES)))
    assert Counter(statuses) == {200: 1, 401: USES - 1}
    assert await _status(app, "/often", token) == 401
    other = create_access_token("joe", purpose="download")
    assert await _status(app, path, other) == 200


async def test_of_many_uses_of_a_given_token_exactly_one_passes(app: Quart) -> None:
    """A token in a message is used in the same way."""
    token = create_access_token("joe", purpose="download", expires_delta=False)
    uses = [
        verify_token(token, purpose="download", single_use=True) for _ in range(USES)
    ]
    outcomes = await asyncio.gather(*uses, return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, RevokedTokenError)]
    assert len(refused) == USES - 1


async def test_a_use_elsewhere_counts(app: Quart, store: Store, clock: Clock) -> None:
    """Another process has another feed in memory; the store decides."""
    other = _app_of(JWTManager(clock=clock, store=store))
    token = create_access_token("joe", purpose="download")
    statuses = await asyncio.gather(
        *(_status(each, "/async", token) for each in (app, other) * USES)
    )
    assert Counter(statuses) == {200: 1, 401: 2 * USES - 1}


async def test_what_is_refused_is_not_used_up(app: Quart, clock: Clock) -> None:
    """A request for another purpose, or one that a hook refuses, uses nothing."""
    jwt: JWTManager = app.extensions["quart-jwt"]
    welcome: list[bool] = []
    jwt.token_verification_loader(lambda _header, _claims: bool(welcome))
    token = create_access_token("joe", purpose="download")
    assert await _status(app, "/async", token) == 400
    assert await _status(app, "/async", f"{token[:-4]}AAAA") == 422
    welcome.append(True)
    assert await _status(app, "/async", token) == 200
    assert await _status(app, "/async", token) == 401


async def test_a_revoked_token_has_no_use(app: Quart) -> None:
    """Also where the app's own blocklist is asked instead of the store."""
    jwt: JWTManager = app.extensions["quart-jwt"]
    token = create_access_token("joe", purpose="download")
    await revoke_token(token)
    jwt.token_in_blocklist_loader(lambda _header, _claims: False)
    assert await _status(app, "/often", token) == 200
    assert await _status(app, "/async", token) == 401


async def test_an_options_request_is_no_use(app: Quart) -> None:
    """A browser's preflight comes before the request itself."""
    token = create_access_token("joe", purpose="download")
    response = await app.test_client().options(f"/async?jwt={token}")
    assert response.status_code == 200
    assert await _status(app, "/async", token) == 200


async def test_a_socket_goes_on_that_a_token_has_opened_by_its_use(app: Quart) -> None:
    """Its use is its revocation; the user's log-out closes it all the same."""

    @app.websocket("/socket")
    @jwt_required(purpose="download", single_use=True)
    async def socket() -> None:
        while True:
            await websocket.send(await websocket.receive())

    token = create_access_token("joe", purpose="download")
    code = closing_code(app)
    async with app.test_client().websocket(f"/socket?jwt={token}") as connection:
        for _ in range(3):
            await connection.send("hello")
            assert await connection.receive() == "hello"
        await revoke_all_for("joe")
        async with asyncio.timeout(PATIENCE_S):
            assert await code == 1008


async def test_a_stream_goes_on_that_a_token_has_opened_by_its_use(app: Quart) -> None:
    """A download is sent to its end."""

    @app.get("/stream")
    @jwt_required(purpose="download", single_use=True)
    async def stream() -> Any:
        async def pieces() -> Any:
            for _ in range(3):
                yield b"piece"

        return pieces()

    token = create_access_token("joe", purpose="download")
    response = await app.test_client().get(f"/stream?jwt={token}")
    assert await response.get_data() == b"piece" * 3


async def test_a_store_that_is_away_lets_nobody_in(clock: Clock) -> None:
    """Not even within ``allow_for``: it could not say that the token was used."""
    store = Failing(MemoryStore(), StoreError("away"))
    jwt = JWTManager(clock=clock, store=store)
    app = _app_of(jwt, JWT_STORE_FAILURE=("allow_for", 60))
    async with app.test_app(), app.app_context():
        token = create_access_token("joe", purpose="download")
        assert await _status(app, "/often", token) == 200
        with store.away():
            assert await _status(app, "/async", token) == 503
        assert await _status(app, "/async", token) == 200


async def test_without_a_store_nobody_gets_in(clock: Clock) -> None:
    """A token that nothing remembers could be used twice."""
    app = _app_of(JWTManager(clock=clock))
    async with app.app_context():
        token = create_access_token("joe", purpose="download")
    assert await _status(app, "/async", token) == 500


async def test_a_store_of_an_old_contract_lets_nobody_in(clock: Clock) -> None:
    """One whose ``revoke`` says nothing cannot tell the first use from the second."""

    class Silent(MemoryStore):
        async def revoke(self, *args: Any, **kwargs: Any) -> Any:
            await super().revoke(*args, **kwargs)

    app = _app_of(JWTManager(clock=clock, store=Silent()))
    async with app.test_app(), app.app_context():
        token = create_access_token("joe", purpose="download")
        assert await _status(app, "/async", token) == 401


async def test_a_token_without_a_name_has_no_single_use(clock: Clock) -> None:
    """Nothing could say which token was used."""
    app = _app_of(JWTManager(clock=clock, store=MemoryStore()))
    async with app.test_app(), app.app_context():
        claims = decode_token(create_access_token("joe", purpose="download"))
        del claims["jti"]
        token = forge(HEADER, claims, SECRET)
        assert await _status(app, "/async", token) == 422


@pytest.mark.parametrize(
    "also", [{}, {"purpose": "download", "skip_revocation_check": True}]
)
def test_what_cannot_have_a_single_use(also: dict[str, Any]) -> None:
    """An access token is for many requests, and a use has to be looked up."""
    with pytest.raises(ValueError, match="single_use"):
        jwt_required(single_use=True, **also)
