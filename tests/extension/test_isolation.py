"""
Many clients at once, over every kind of view: none is answered as another.

``TESTS_ISOLATION_REQUESTS=10000`` sends another number of requests.
"""

import asyncio
import gc
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from quart import g
from quart import jsonify
from quart import Quart
from quart import websocket
from quart.testing import connections
from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import scoped_session
from sqlalchemy.orm import Session
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool

from extension.apps import MakeApp
from quart_jwt import create_access_token
from quart_jwt import current_user
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import verify_jwt_in_request
from quart_jwt.extension.hooks.waiting import run_from_sync

pytestmark = pytest.mark.slow

CLOSED: type[Exception] | None = getattr(connections, "WebsocketDisconnectError", None)

REQUESTS = int(os.environ.get("TESTS_ISOLATION_REQUESTS", "2000"))
CLIENTS = 200
TOKENS = 3
MESSAGES = 3
PATHS = ("/async", "/sync", "/verified", "/verified-sync", "/socket", "/optional")
PATIENCE_S = 600


class Base(DeclarativeBase):
    """The table of these tests."""


class User(Base):
    """A client's user, who counts requests."""

    __tablename__ = "users"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    owner: Mapped[str] = mapped_column(String(20))


@pytest.fixture(name="engine")
def _engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(
        f"sqlite:///{tmp_path / 'users.db'}",
        poolclass=QueuePool,
        pool_size=20,
        max_overflow=30,
        pool_timeout=60,
    )
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(User(name=name, owner=name) for name in _names())
        session.commit()
    yield engine
    engine.dispose()


def _names() -> list[str]:
    return [f"client-{number}" for number in range(CLIENTS)]


def _seen() -> dict[str, Any]:
    """Who a view is answering, in each way in which it can ask."""
    g.seen = [*g.get("seen", []), get_jwt_identity()]
    return {
        "identity": get_jwt_identity(),
        "jti": get_jwt()["jti"],
        "user": current_user.name,
        "owner": current_user.owner,
        "g": g.seen[0],
    }


async def _let_others_go_on() -> None:
    for _ in range(random.randrange(5)):  # noqa: S311 - not a secret
        await asyncio.sleep(0)


def _add_views(app: Quart, session: scoped_session[Session]) -> None:
    async def slowly() -> Any:
        before = _seen()
        await _let_others_go_on()
        return jsonify([before, _seen()])

    def slowly_in_a_thread() -> Any:
        before, thread = _seen(), threading.get_ident()
        run_from_sync(_let_others_go_on())
        # The session of this thread has the hook's own object, and nobody else's.
        user = session.get(User, get_jwt_identity())
        assert thread == threading.get_ident()
        return jsonify([before, {**_seen(), "owner": user.owner if user else None}])

    async def verified() -> Any:
        await verify_jwt_in_request()
        return await slowly()

    def verified_in_a_thread() -> Any:
        verify_jwt_in_request()
        return slowly_in_a_thread()

    async def socket() -> None:
        for _ in range(MESSAGES):
            await websocket.receive()
            await websocket.send_json([_seen()])

    app.add_url_rule("/async", "async", jwt_required()(slowly))
    app.add_url_rule("/sync", "sync", jwt_required()(slowly_in_a_thread))
    app.add_url_rule("/verified", "verified", verified)
    app.add_url_rule("/verified-sync", "verified_sync", verified_in_a_thread)
    app.add_url_rule("/optional", "optional", jwt_required(optional=True)(slowly))
    app.add_websocket("/socket", "socket", jwt_required()(socket))


@pytest.fixture(name="app", params=["plain", "async", "mixed"])
def _app(request: pytest.FixtureRequest, make_app: MakeApp, engine: Engine) -> Quart:
    """An app with hooks of one kind or of both."""
    app = make_app()
    jwt: JWTManager = app.extensions["quart-jwt"]
    session = scoped_session(sessionmaker(engine))

    @app.teardown_appcontext
    def remove(_error: BaseException | None) -> None:
        session.remove()

    def find(_header: Any, claims: Any) -> Any:
        return session.get(User, claims["sub"])

    async def find_elsewhere(_header: Any, claims: Any) -> Any:
        await asyncio.sleep(0)
        return User(name=claims["sub"], owner=claims["sub"])

    def is_named(_header: Any, claims: Any) -> bool:
        return bool(claims["sub"])

    async def is_not_revoked(_header: Any, claims: Any) -> bool:
        await asyncio.sleep(0)
        return bool(claims["sub"] == "nobody")

    if request.param != "plain":
        jwt.token_in_blocklist_loader(is_not_revoked)
    if request.param != "async":
        jwt.token_verification_loader(is_named)
    jwt.user_lookup_loader(find_elsewhere if request.param == "async" else find)
    _add_views(app, session)
    return app


async def _ask(app: Quart, path: str, token: str) -> list[Any]:
    headers = {"Authorization": f"Bearer {token}"}
    client = app.test_client()
    if path != "/socket":
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 200
        seen: list[Any] = await answer.get_json()
        return seen
    seen = []
    async with client.websocket(path, headers=headers) as connection:
        for _ in range(MESSAGES):
            await connection.send("who am I?")
            seen += await connection.receive_json()
        if CLOSED is not None:  # from Quart 0.23 on, leaving the block waits for that
            with suppress(CLOSED):
                await connection.receive()  # until the handler has ended
    return seen


async def _client(app: Quart, name: str, requests: int) -> Counter[str]:
    """Send requests one after the other; each has to be answered as its own."""
    source = random.Random(name)  # noqa: S311 - what can be repeated
    async with app.app_context():
        tokens: dict[str, str] = {}
        for number in range(TOKENS):
            jti = f"{name}/{number}"
            tokens[jti] = create_access_token(name, additional_claims={"jti": jti})
    paths: Counter[str] = Counter()
    for _ in range(requests):
        path, jti = source.choice(PATHS), source.choice([*tokens])
        mine = {"identity": name, "user": name, "owner": name, "g": name, "jti": jti}
        for seen in await _ask(app, path, tokens[jti]):
            assert seen == mine
        paths[path] += 1
    return paths


async def test_nobody_is_answered_as_another(app: Quart, engine: Engine) -> None:
    """And nothing of the database stays checked out, and no thread borrowed."""
    gc.disable()  # it would give some threads back, late
    try:
        async with asyncio.timeout(PATIENCE_S):
            counted = await asyncio.gather(
                *(_client(app, name, REQUESTS // CLIENTS) for name in _names())
            )
    finally:
        gc.enable()
    paths = sum(counted, Counter())
    assert paths.total() == REQUESTS // CLIENTS * CLIENTS
    assert paths.keys() == set(PATHS)
    assert isinstance(engine.pool, QueuePool)
    assert engine.pool.checkedout() == 0
