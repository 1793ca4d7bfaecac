"""Streams and websockets end with the token that has opened them."""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from quart import Blueprint
from quart import Quart
from quart import send_file
from quart import stream_with_context
from quart import websocket

from clock import Clock
from extension.apps import closing_code
from extension.apps import SECRET
from held import DEADLINE_S
from quart_jwt import create_access_token
from quart_jwt import create_token_pair
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import MemoryStore
from quart_jwt import revoke_all_for
from quart_jwt import revoke_family
from quart_jwt import revoke_token
from quart_jwt import verify_jwt_in_request
from quart_jwt.extension import decorators
from quart_jwt.stores.in_use.watchers import Watchers
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef

LIFE_S = 15 * 60
WHOLE = Path(__file__).read_bytes()
ENDED = "the generator was closed"


def _guarded(stream: Callable[[], AsyncIterator[str]]) -> Blueprint:
    """A stream of a view that is protected by its blueprint."""
    guarded = Blueprint("guarded", __name__)

    @guarded.before_request
    async def _guard() -> None:
        await verify_jwt_in_request()

    @guarded.get("/guarded")
    async def view() -> Any:
        return stream_with_context(stream)()

    return guarded


def _make_app(clock: Clock, store: MemoryStore, ended: list[str]) -> Quart:
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    app.config["JWT_STORE_TIMEOUT"] = 30  # for a loaded machine
    JWTManager(app, clock=clock, store=store)

    async def endless() -> AsyncIterator[str]:
        try:
            yield f"hello {get_jwt_identity()}"
            await asyncio.Event().wait()
        finally:
            ended.append(ENDED)

    @app.get("/stream")
    @jwt_required()
    async def stream() -> Any:
        return stream_with_context(endless)()

    @app.get("/verified")
    async def verified() -> Any:
        await verify_jwt_in_request()
        return stream_with_context(endless)(), 200

    app.register_blueprint(_guarded(endless))

    @app.get("/optional")
    @jwt_required(optional=True)
    async def optional() -> Any:
        async def three() -> AsyncIterator[str]:
            for _ in range(3):
                yield "."

        return three()

    @app.websocket("/ws")
    @jwt_required()
    async def ws() -> None:
        await websocket.send(f"hello {get_jwt_identity()}")
        await asyncio.Event().wait()

    @app.get("/file")
    @jwt_required()
    async def file() -> Any:
        return await send_file(Path(__file__))

    return app


@pytest.fixture(name="ended")
def _ended() -> list[str]:
    """What generators have noted at their end."""
    return []


@pytest.fixture(name="store")
def _store() -> MemoryStore:
    """One store for all apps of a test."""
    return MemoryStore()


@pytest.fixture(name="app")
async def _app(
    clock: Clock, store: MemoryStore, ended: list[str]
) -> AsyncIterator[Quart]:
    app = _make_app(clock, store, ended)
    async with app.test_app():
        yield app


@asynccontextmanager
async def _streaming(app: Quart, path: str, token: str) -> AsyncIterator[Any]:
    """A connection whose first piece has come."""
    headers = {"Authorization": f"Bearer {token}"}
    async with app.test_client().request(path, headers=headers) as connection:
        await connection.send_complete()
        assert await asyncio.wait_for(connection.receive(), DEADLINE_S) == b"hello joe"
        yield connection
        await connection.disconnect()


async def _token(app: Quart) -> str:
    async with app.app_context():
        return create_access_token("joe")


@pytest.mark.parametrize("path", ["/stream", "/verified", "/guarded"])
async def test_a_stream_ends_when_its_token_expires(
    app: Quart, clock: Clock, ended: list[str], path: str
) -> None:
    """At exp the generator is closed and the response is complete."""
    token = await _token(app)
    clock.advance(LIFE_S - 0.05)
    async with _streaming(app, path, token) as connection:
        await asyncio.wait_for(connection.as_response(), DEADLINE_S)
    assert ended == [ENDED]


async def test_a_stream_that_never_waits_ends_as_well(app: Quart, clock: Clock) -> None:
    """A generator that always has a next piece cannot go on for ever."""
    pieces = 0

    @app.get("/fast")
    @jwt_required()
    async def fast() -> Any:
        async def many() -> AsyncIterator[str]:
            nonlocal pieces
            for pieces in range(1_000_000):  # noqa: B007 - the view is asked later
                yield "."

        return many()

    headers = {"Authorization": f"Bearer {await _token(app)}"}
    clock.advance(LIFE_S - 0.05)
    response = await app.test_client().get("/fast", headers=headers)
    assert response.status_code == 200
    assert pieces < 999_999


async def _by_token(token: str) -> None:
    await revoke_token(token)


async def _by_user(_token: str) -> None:
    await revoke_all_for("joe")


@pytest.mark.parametrize("revoke", [_by_token, _by_user])
@pytest.mark.parametrize("by_whom", ["this process", "another process"])
async def test_a_stream_ends_when_its_token_is_revoked(
    app: Quart,
    clock: Clock,
    store: MemoryStore,
    ended: list[str],
    revoke: Callable[[str], Awaitable[None]],
    by_whom: str,
) -> None:
    """A logout ends what the token had opened, wherever it happened."""
    token = await _token(app)
    other = app if by_whom == "this process" else _make_app(clock, store, [])
    async with _streaming(app, "/stream", token) as connection:
        async with other.app_context():
            await revoke(token)
        await asyncio.wait_for(connection.as_response(), DEADLINE_S)
    assert ended == [ENDED]


async def test_a_stream_ends_with_its_session(app: Quart, ended: list[str]) -> None:
    """Ending the session ends the streams of its access tokens, and no others."""
    async with app.app_context():
        pairs = [await create_token_pair("joe") for _ in range(2)]
    first, second = (pair.access_token for pair in pairs)
    async with _streaming(app, "/stream", second) as other:
        async with _streaming(app, "/stream", first) as one:
            async with app.app_context():
                await revoke_family(pairs[0].session_id)
            await asyncio.wait_for(one.as_response(), DEADLINE_S)
        assert ended == [ENDED]
        assert not other._task.done()


async def test_a_websocket_is_closed_when_its_token_is_revoked(
    app: Quart, clock: Clock, store: MemoryStore
) -> None:
    """A logout closes open websockets with 1008."""
    token = await _token(app)
    headers = {"Authorization": f"Bearer {token}"}
    code = closing_code(app)
    async with app.test_client().websocket("/ws", headers=headers) as connection:
        assert await connection.receive() == "hello joe"
        async with _make_app(clock, store, []).app_context():
            await revoke_token(token)
        assert await asyncio.wait_for(code, DEADLINE_S) == 1008


async def test_what_a_known_token_opens_ends_with_it(
    app: Quart, ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests that are recognised and not verified again end in the same way."""
    token = await _token(app)
    headers = {"Authorization": f"Bearer {token}"}
    await (await app.test_client().get("/file", headers=headers)).get_data()
    monkeypatch.setattr(decorators, "verify", None)  # it is not asked again
    code = closing_code(app)
    async with (
        app.test_client().websocket("/ws", headers=headers) as socket,
        _streaming(app, "/stream", token) as connection,
    ):
        assert await socket.receive() == "hello joe"
        async with app.app_context():
            await revoke_token(token)
        await asyncio.wait_for(connection.as_response(), DEADLINE_S)
        assert await asyncio.wait_for(code, DEADLINE_S) == 1008
    assert ended == [ENDED]


async def test_another_event_loop_opens_no_stream(
    app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known token is accepted there, too; but its end would not be noticed."""
    headers = {"Authorization": f"Bearer {await _token(app)}"}
    await (await app.test_client().get("/file", headers=headers)).get_data()
    monkeypatch.setattr(decorators, "verify", None)  # it is not asked again

    async def stream() -> None:
        try:
            await app.test_client().get("/stream", headers=headers)
        except* RuntimeError as group:  # Quart 0.23 runs it in a group of tasks
            error: BaseException = group
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            raise error from None

    with pytest.raises(RuntimeError, match="from two event loops"):
        await asyncio.to_thread(asyncio.run, stream())


async def test_streams_may_outlive_their_token(app: Quart, clock: Clock) -> None:
    """The option lets a stream go on."""
    app.config["JWT_END_STREAMS_WITH_TOKEN"] = False
    token = await _token(app)
    clock.advance(LIFE_S - 1)
    async with _streaming(app, "/stream", token) as connection:
        clock.advance(2)
        async with app.app_context():
            await revoke_token(token)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.receive(), 0.1)


@pytest.mark.parametrize("path", ["/optional", "/file"])
async def test_other_responses_are_complete(
    app: Quart, clock: Clock, path: str
) -> None:
    """An anonymous stream, and a file, are sent to their end."""
    headers = {"Authorization": f"Bearer {await _token(app)}"}
    response = await app.test_client().get(
        path, headers=headers if path == "/file" else {}
    )
    clock.advance(LIFE_S)
    body = await response.get_data()
    assert body == (b"..." if path == "/optional" else WHOLE)


async def test_nothing_is_watched_after_the_end(app: Quart) -> None:
    """Connections that have ended leave no watcher behind."""
    token = await _token(app)
    headers = {"Authorization": f"Bearer {token}"}
    sessions = app.extensions["quart-jwt.settings"](app.config).sessions
    watching = sessions.in_use._parts[0].follower.watchers._watching
    async with app.test_client().websocket("/ws", headers=headers) as connection:
        await connection.receive()
        assert watching
    async with _streaming(app, "/stream", token) as streaming:
        async with app.app_context():
            await revoke_token(token)
        await streaming.as_response()
    assert watching == {}


JOE = TokenRef(jti="1", family_id=None, subject="joe", issued_at=100)
OF_SESSION = TokenRef(jti="2", family_id="f", subject="joe", issued_at=100)
REFRESH = replace(JOE, is_refresh=True)


@pytest.mark.parametrize(
    ("token", "scope", "name", "issued_by", "is_told"),
    [
        (JOE, Scope.TOKEN, "1", None, True),
        (JOE, Scope.TOKEN, "2", None, False),
        (JOE, Scope.SUBJECT, "joe", 100, True),
        (JOE, Scope.SUBJECT, "joe", 99, False),
        (JOE, Scope.SUBJECT, "ann", 100, False),
        (OF_SESSION, Scope.FAMILY, "f", None, True),
        (OF_SESSION, Scope.FAMILY, "g", None, False),
        (OF_SESSION, Scope.SUBJECT, "joe", 100, False),
        (OF_SESSION, Scope.ACCESS, "joe", 100, True),
        (OF_SESSION, Scope.ACCESS, "joe", 99, False),
        (JOE, Scope.ACCESS, "joe", 100, True),
        (REFRESH, Scope.ACCESS, "joe", 100, False),
        (REFRESH, Scope.SUBJECT, "joe", 100, True),
    ],
)
def test_watchers_are_told_of_what_concerns_them(
    token: TokenRef, scope: Scope, name: str, issued_by: float | None, is_told: bool
) -> None:
    """A watcher hears of exactly the revocations that refuse its token."""
    told: list[str] = []
    watchers = Watchers()
    stop = watchers.add(token, lambda: told.append("told"))
    revocation = Revocation(scope=scope, name=name, until=None, issued_by=issued_by)
    watchers.tell((revocation,))
    assert bool(told) is is_told
    stop()
    told.clear()
    watchers.tell((revocation,))
    assert told == []
