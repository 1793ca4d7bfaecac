"""What an app answers while its session store is away, and how it comes back."""

import asyncio
import random
from typing import Any

import pytest
from quart import Quart

from clock import Clock
from extension.apps import MakeApp
from extension.asgi import ask
from extension.asgi import hang_up
from extension.session_apps import session_app
from extension.session_apps import Walker
from quart_jwt import create_access_token
from quart_jwt import create_token_pair
from quart_jwt import ForwardAuth
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import signals
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import StoreError
from quart_jwt.extension.request.current import settings_of
from quart_jwt.extension.sessions.store import SessionStore
from quart_jwt.stores.in_use.followed import PURGE_AT_MOST
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from stores.faulty import away
from stores.faulty import faulty_store
from stores.faulty import foreign
from stores.faulty import hanging
from stores.faulty import PATIENCE_S
from stores.faulty import slow

FAULTS = pytest.mark.parametrize("fault", [away, foreign, hanging])


@pytest.fixture(name="store")
def _store() -> Any:
    return faulty_store()


@pytest.fixture(name="app")
def _app(clock: Clock, store: Any) -> Quart:
    return session_app(clock, store)


def _break(app: Quart, store: Any, fault: Any) -> None:
    app.config["JWT_STORE_TIMEOUT"] = 0.02 if fault is hanging else 30
    store.fault = fault


def _mend(app: Quart, store: Any) -> None:
    app.config["JWT_STORE_TIMEOUT"] = 30
    store.fault = store.after = slow
    _sessions(app).in_use._parts[0]._guard._breaker.succeeded()


@pytest.fixture(name="walker")
def _walker(app: Quart) -> Walker:
    return Walker(app)


def _sessions(app: Quart) -> SessionStore:
    sessions = settings_of(app).sessions
    assert sessions is not None
    return sessions


@FAULTS
async def test_nobody_gets_in_while_the_store_is_away(
    app: Quart, walker: Walker, store: Any, fault: Any
) -> None:
    """Every door answers 503, says when to come back, and then opens again."""
    pair = await walker.log_in()
    _break(app, store, fault)
    access, refresh = pair["access_token"], pair["refresh_token"]
    client: Any = app.test_client()
    for method, path, token in (
        ("GET", "/protected", access),
        ("POST", "/refresh", refresh),
        ("POST", "/refresh-unchecked", refresh),
        ("POST", "/logout", access),
        ("POST", "/logout/all", access),
        ("GET", "/sessions", access),
        ("POST", "/login", access),
    ):
        headers = {"Authorization": f"Bearer {token}"}
        response = await client.open(path, method=method, json={}, headers=headers)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
        assert "hunter2" not in await response.get_data(as_text=True)
    _mend(app, store)

    assert await walker.status(access) == 200
    assert (await walker.refresh(refresh))[0] == 200


@FAULTS
async def test_a_gateway_hears_503(app: Quart, store: Any, fault: Any) -> None:
    """Forward-auth asks the same store, and nobody passes while it is away."""
    manager: JWTManager = app.extensions["quart-jwt"]
    lane = ForwardAuth(manager, app)
    pair = await Walker(app).log_in()
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    assert (await ask(lane, "/auth/verify", headers=headers)).status == 200
    _break(app, store, fault)
    reply = await ask(lane, "/auth/verify", headers=headers)

    assert (reply.status, reply.headers["retry-after"]) == (503, "1")


async def test_a_gateway_is_refused_an_ended_session(app: Quart) -> None:
    """Forward-auth goes through the same verification."""
    manager: JWTManager = app.extensions["quart-jwt"]
    lane = ForwardAuth(manager, app)
    walker = Walker(app)
    pair = await walker.log_in()
    await walker.ask("POST", "/logout", pair["access_token"])
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    reply = await ask(lane, "/auth/verify", headers=headers)

    assert reply.status == 401
    assert b"token_revoked" in reply.body


async def test_skipping_the_check_asks_nobody(app: Quart, store: Any) -> None:
    """``skip_revocation_check`` skips the store as it skips the hook."""
    manager: JWTManager = app.extensions["quart-jwt"]
    lane = ForwardAuth(manager, app, skip_revocation_check=True)
    pair = await Walker(app).log_in()
    store.fault = away
    headers = {"Authorization": f"Bearer {pair['access_token']}"}

    assert (await ask(lane, "/auth/verify", headers=headers)).status == 200


async def test_a_websocket_is_not_opened_while_the_store_is_away(
    app: Quart, store: Any
) -> None:
    """The handshake is answered with 503."""
    from quart import websocket
    from quart.testing import WebsocketResponseError

    @app.websocket("/socket")
    @jwt_required()
    async def socket() -> None:
        await websocket.send("open")

    pair = await Walker(app).log_in()
    headers: Any = {"Authorization": f"Bearer {pair['access_token']}"}
    async with app.test_client().websocket("/socket", headers=headers) as connection:
        assert await connection.receive() == "open"
    store.fault = away
    with pytest.raises(WebsocketResponseError) as caught:
        async with app.test_client().websocket(
            "/socket", headers=headers
        ) as connection:
            await connection.receive()
    assert caught.value.response.status_code == 503


@pytest.mark.parametrize(("moved", "status"), [(9, 200), (10, 200), (11, 503)])
async def test_tokens_seen_good_may_pass_for_a_while(
    clock: Clock, store: Any, moved: int, status: int
) -> None:
    """Exactly as long as the setting says; a token that was not seen never does."""
    app = session_app(clock, store, JWT_STORE_FAILURE=("allow_for", 10))
    walker = Walker(app)
    seen, unseen = await walker.log_in(), await walker.log_in()
    monotonic = Clock()
    _sessions(app)._seen._monotonic = monotonic
    assert await walker.status(seen["access_token"]) == 200
    store.fault = away
    monotonic.advance(moved)

    assert await walker.status(seen["access_token"]) == status
    assert await walker.status(unseen["access_token"]) == 503
    assert (await walker.refresh(seen["refresh_token"]))[0] == 503


async def test_what_is_known_to_be_revoked_never_passes(
    clock: Clock, store: Any
) -> None:
    """A logout in this process counts, whatever may pass."""
    app = session_app(clock, store, JWT_STORE_FAILURE=["allow_for", 10])
    walker = Walker(app)
    pair = await walker.log_in()
    assert await walker.status(pair["access_token"]) == 200
    await walker.ask("POST", "/logout", pair["access_token"])
    store.fault = away

    assert await walker.status(pair["access_token"]) == 401


async def test_a_store_that_is_away_does_not_stop_the_start(
    app: Quart, store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The app serves, answers 503, and recovers by itself."""
    store.fault = foreign
    async with app.test_app():
        async with app.app_context():
            token = create_access_token("ada")
        assert await Walker(app).status(token) == 503
        _mend(app, store)
        assert await Walker(app).status(token) == 200

    assert "hunter2" not in caplog.text
    assert store.calls[-1] == "close"


async def test_the_feed_answers_while_the_app_serves(app: Quart, store: Any) -> None:
    """Once it has been read, a check asks the store no more."""
    async with app.test_app():
        async with app.app_context():
            token = create_access_token("ada")
        await store.answered("changes")
        status = await Walker(app).status(token)
        await store.answered("changes")
        asked = store.calls.count("is_revoked")
        for _ in range(10):
            assert await Walker(app).status(token) == 200
        assert store.calls.count("is_revoked") == asked <= 1
        await store.inner.revoke(_revoked(app, token), now=0)
        async with asyncio.timeout(PATIENCE_S):
            while await Walker(app).status(token) == 200:
                await store.answered("changes")
        assert status == 200


def _revoked(app: Quart, token: str) -> Revocation:
    import jwt as pyjwt

    claims = pyjwt.decode(token, options={"verify_signature": False})
    return Revocation(scope=Scope.TOKEN, name=claims["jti"], until=None)


async def test_a_purge_goes_on_until_it_is_done(app: Quart, store: Any) -> None:
    """In steps, so that it holds nobody up."""
    many = PURGE_AT_MOST + 1
    for number in range(many):
        one = Revocation(scope=Scope.TOKEN, name=f"t{number}", until=1)
        await store.inner.revoke(one, now=0)

    class Counted:
        steps = 0

    async def purge(*, limit: int, now: float) -> int:
        Counted.steps += 1
        return limit if Counted.steps == 1 else 1

    store.purge = purge
    await _sessions(app).in_use.purge()

    assert Counted.steps == 2


async def test_the_store_is_pinged_for_health(app: Quart, store: Any) -> None:
    """With its deadline; an app without a store is well."""
    manager: JWTManager = app.extensions["quart-jwt"]
    async with app.app_context():
        await manager.ping_store()
        _break(app, store, hanging)
        with pytest.raises(StoreError):
            await manager.ping_store()
    bare = Quart(__name__)
    async with bare.app_context():
        await JWTManager(bare).ping_store()


async def test_a_plain_view_asks_the_store(app: Quart, store: Any) -> None:
    """A ``def`` view waits for it in its thread, and refuses as any other."""

    @app.get("/plain")
    @jwt_required()
    def plain() -> str:
        return "open"

    walker = Walker(app)
    store.fault = slow
    token = (await walker.log_in())["access_token"]
    client: Any = app.test_client()
    statuses = []
    for fault in (slow, away):
        store.fault = fault
        response = await client.get("/plain", headers=_bearer(token))
        statuses.append(response.status_code)
    _mend(app, store)
    await walker.ask("POST", "/logout", token)
    response = await client.get("/plain", headers=_bearer(token))

    assert [*statuses, response.status_code] == [200, 503, 401]


async def test_the_store_is_purged_while_the_app_serves(
    app: Quart, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Now and then, also after a time at which the store was away."""
    from quart_jwt.stores.in_use import followed as in_use

    monkeypatch.setattr(in_use, "PURGE_EVERY_S", 0)
    store.fault = away
    async with app.test_app():
        await store.answered("open")
        _mend(app, store)
        await store.answered("purge")


async def test_the_store_is_named_by_its_url(clock: Clock) -> None:
    """The setting may come after the manager, and an app without it has none."""
    app = session_app(clock, None)
    app.config["JWT_STORE_URL"] = "memory://"
    async with app.test_app():
        pair = await Walker(app).log_in()
        assert await Walker(app).status(pair["access_token"]) == 200
    app.config["JWT_STORE_URL"] = None
    assert settings_of(app).sessions is None


async def test_a_wrong_url_stops_the_start(clock: Clock) -> None:
    """What can never work is said before the first request."""
    app = session_app(clock, None, JWT_STORE_URL="mysql://hunter2@host")
    with pytest.raises(ConfigurationError, match="JWT_STORE_URL"):
        await app.startup()


async def test_an_app_may_answer_in_its_own_words(app: Quart, store: Any) -> None:
    """A handler of the app's own takes the place of ours."""

    @app.errorhandler(StoreError)
    async def later(_error: StoreError) -> Any:
        return "later", 503

    store.fault = away
    async with app.app_context():
        token = create_access_token("ada")
    client: Any = app.test_client()
    response = await client.get(
        "/protected", headers={"Authorization": f"Bearer {token}"}
    )

    assert await response.get_data(as_text=True) == "later"


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_a_lost_answer_loses_no_session(
    walker: Walker, store: Any, lost: str
) -> None:
    """Whether the store had acted or not, the same token goes on."""
    pair = await walker.log_in()
    if lost == "before":
        store.fault = away
    else:
        store.after = away
    status, _ = await walker.refresh(pair["refresh_token"], "/refresh-unchecked")
    assert status == 503
    store.fault = store.after = slow

    status, again = await walker.refresh(pair["refresh_token"])
    assert status == 200
    assert (await walker.refresh(again["refresh_token"]))[0] == 200


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Host": "localhost"}


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


@pytest.mark.parametrize("times", [100, pytest.param(1_000, marks=pytest.mark.slow)])
async def test_clients_that_hang_up_lose_no_session(
    app: Quart, walker: Walker, store: Any, times: int
) -> None:
    """At any moment: the token goes on, and there is one branch."""
    chance = random.Random(4)  # noqa: S311 - the same moments on every machine
    store.fault = store.after = slow
    async with app.test_app():
        pair = await walker.log_in()
        for _ in range(times):
            old = pair["refresh_token"]
            moment = _turns(chance.randrange(60))
            await hang_up(app, "/refresh", headers=_bearer(old), when=moment)
            status, pair = await walker.refresh(old)
            assert status == 200
            status, again = await walker.refresh(old)
            assert (status, again["refresh_token"]) == (200, pair["refresh_token"])


def _stop_at(store: Any, verb: str) -> tuple[asyncio.Event, asyncio.Event]:
    """Let a verb wait: gives what is set when it was asked, and what lets it go on."""
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        if store.calls[-1] == verb:
            asked.set()
            await go_on.wait()

    store.fault = wait
    return asked, go_on


@pytest.mark.parametrize("path", ["/logout", "/logout/all", "/revoke"])
async def test_an_end_is_finished_when_the_client_hangs_up(
    app: Quart, walker: Walker, store: Any, path: str
) -> None:
    """Once the store was asked, it happens, whoever is there to hear it."""
    verb = {"/logout": "end", "/logout/all": "end_all", "/revoke": "revoke"}[path]
    async with app.test_app():
        token = (await walker.log_in())["access_token"]
        asked, go_on = _stop_at(store, verb)
        await hang_up(app, path, headers=_bearer(token), when=asked.wait())
        go_on.set()
        await store.answered(verb)
        assert await walker.status(token) == 401


async def test_reuse_is_told_when_the_client_hangs_up(
    app: Quart, walker: Walker, store: Any, clock: Clock
) -> None:
    """A thief cannot keep the alarm silent by going away."""
    told = asyncio.Event()

    async def tell(_app: Quart, **_facts: Any) -> None:
        told.set()

    async with app.test_app():
        stolen = (await walker.log_in())["refresh_token"]
        await walker.refresh(stolen)
        clock.advance(10)
        asked, go_on = _stop_at(store, "rotate")
        with signals.refresh_reuse_detected.connected_to(tell, app):
            await hang_up(app, "/refresh", headers=_bearer(stolen), when=asked.wait())
            go_on.set()
            await asyncio.wait_for(told.wait(), PATIENCE_S)


async def test_a_change_that_fails_unheard_is_logged(
    app: Quart, walker: Walker, store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is there to be answered, so the log has it."""
    token = (await walker.log_in())["access_token"]
    asked, go_on = _stop_at(store, "end")
    await hang_up(app, "/logout", headers=_bearer(token), when=asked.wait())
    store.after = away
    go_on.set()
    await _sessions(app).in_use.close()

    assert "after its client had gone: away" in caplog.text


async def test_a_second_event_loop_is_an_error(make_app: MakeApp) -> None:
    """A store that two loops use at once says so, and does not hang."""
    app = make_app(JWT_STORE_URL="memory://")

    async def sign_in() -> str:
        async with app.app_context():
            return (await create_token_pair("joe")).session_id

    assert await asyncio.to_thread(asyncio.run, sign_in())
    assert await sign_in()  # the loop before has ended
    with pytest.raises(RuntimeError, match="from two event loops"):
        await asyncio.to_thread(asyncio.run, sign_in())
