"""The gate: what it recognises, what it leaves to ``verify``, and what that takes."""

import asyncio
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from quart import jsonify
from quart import Quart
from quart import request
from quart import websocket

import quart_jwt
from clock import START
from extension.apps import Client
from extension.apps import MakeApp
from extension.apps import Mint
from extension.apps import SECRET
from extension.session_apps import session_app
from quart_jwt import create_access_token
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import MemoryStore
from quart_jwt import revoke_token
from quart_jwt import verify_jwt_in_request
from quart_jwt.extension import decorators
from quart_jwt.extension import gate
from quart_jwt.extension.request.current import SETTINGS
from quart_jwt.extension.verify import verify

OURS = str(Path(quart_jwt.__file__).parent)

GUARD = ("request/pending.py", "request/quart_seams.py", "request/lifetime.py")
"""What looks at each response of an app, protected or not."""

Answer = tuple[int, Any]


@pytest.fixture(name="slow")
def _slow(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What ``verify`` was shown, one for each time that it was asked."""
    asked: list[str] = []

    async def spy(*args: Any) -> Any:
        asked.append(type(args[2]).__name__)
        return await verify(*args)

    monkeypatch.setattr(decorators, "verify", spy)
    return asked


async def _ask(client: Client, headers: Any, path: str = "/protected") -> Answer:
    answer = await client.get(path, headers=headers)
    return answer.status_code, await answer.get_json()


async def test_a_known_token_is_not_verified_again(
    client: Client, bearer: Mint, slow: list[str]
) -> None:
    """The first request is verified, the others are recognised."""
    headers = await bearer()
    first, second, third = [await _ask(client, headers) for _ in range(3)]
    assert first == second == third
    assert (first[0], len(slow)) == (200, 1)


async def test_nothing_is_awaited_for_a_known_token(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """A warm view runs before the loop has turned: no coroutine of ours suspends."""
    headers = await bearer()
    await _ask(client, headers)
    async with app.test_request_context("/protected", headers=headers):
        view: Any = app.view_functions["protected"]
        with pytest.raises(StopIteration):
            view().send(None)


async def test_a_view_that_changes_its_claims_changes_nothing(
    make_app: MakeApp, bearer: Mint
) -> None:
    """Claims are a request's own, at any depth, however often the token comes."""
    app = make_app()

    @app.get("/changed")
    @jwt_required()
    async def changed() -> Any:
        claims = get_jwt()
        answer = jsonify(claims, get_jwt_identity())
        claims["roles"][0]["name"] = claims["sub"] = "root"
        assert get_jwt_identity() == "root"
        return answer

    headers = await bearer(additional_claims={"roles": [{"name": "reader"}]})
    answers = [await _ask(app.test_client(), headers, "/changed") for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][1][0]["roles"] == [{"name": "reader"}]


async def test_an_identity_that_is_a_container_is_copied(make_app: MakeApp) -> None:
    """What one request does with its identity does not reach the next."""
    app = make_app(JWT_VERIFY_SUB=False)

    @app.get("/identity")
    @jwt_required()
    async def identity() -> Any:
        answer = jsonify(get_jwt_identity())
        get_jwt_identity()["name"] = "root"
        return answer

    async with app.app_context():
        token = create_access_token({"name": "ada"})
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(3):
        assert await _ask(app.test_client(), headers, "/identity") == (
            200,
            {"name": "ada"},
        )


@pytest.mark.parametrize(
    ("names", "status"),
    [
        pytest.param(["Authorization"], 200, id="one"),
        pytest.param(["AUTHORIZATION"], 200, id="upper"),
        pytest.param(["authorization"], 200, id="lower"),
        pytest.param(["Authorization", "Authorization"], 401, id="twice"),
        pytest.param(["Authorization", "authorization"], 401, id="twice in two cases"),
    ],
)
async def test_headers_of_one_name(
    app: Quart, bearer: Mint, names: list[str], status: int
) -> None:
    """A second header of the name counts, however both are written."""
    headers = await bearer()
    client = app.test_client()
    await _ask(client, headers)

    @app.before_request
    async def write() -> None:
        request.headers.clear()
        for name in names:
            request.headers.add(name, headers["Authorization"])

    assert (await _ask(client, headers))[0] == status


async def test_headers_that_the_app_has_changed(app: Quart, bearer: Mint) -> None:
    """The gate reads what ``verify`` reads: a header taken away is no token."""
    headers, client = await bearer(), app.test_client()
    assert (await _ask(client, headers))[0] == 200

    @app.before_request
    async def take_away() -> None:
        del request.headers["Authorization"]

    assert (await _ask(client, headers))[0] == 401


@pytest.mark.parametrize(
    ("option", "value", "status"),
    [
        ("JWT_HEADER_NAME", "X-Token", 401),
        ("JWT_HEADER_TYPE", "Token", 401),
        ("JWT_TOKEN_LOCATION", ["cookies"], 401),
        ("JWT_TOKEN_LOCATION", ["cookies", "headers"], 200),
        ("JWT_SECRET_KEY", SECRET[::-1], 422),
        ("JWT_DECODE_AUDIENCE", "me", 422),
    ],
)
async def test_settings_that_change_close_the_gate(
    app: Quart, client: Client, bearer: Mint, option: str, value: Any, status: int
) -> None:
    """What was accepted under other settings is verified under these."""
    headers = await bearer()
    assert [(await _ask(client, headers))[0] for _ in range(2)] == [200, 200]
    app.config[option] = value
    assert [(await _ask(client, headers))[0] for _ in range(2)] == [status] * 2


async def test_a_list_that_changes_in_place_closes_the_gate(
    make_app: MakeApp, bearer: Mint
) -> None:
    """A location that is taken out of the app's own list counts no more."""
    app = make_app(JWT_TOKEN_LOCATION=["headers", "cookies"])
    headers, client = await bearer(), app.test_client()
    assert [(await _ask(client, headers))[0] for _ in range(2)] == [200, 200]
    app.config["JWT_TOKEN_LOCATION"].remove("headers")
    assert (await _ask(client, headers))[0] == 401


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 422), (1, 422)])
async def test_a_key_that_ends_closes_the_gate(
    make_app: MakeApp, clock: Any, seconds: int, status: int
) -> None:
    """A token outlives neither its key nor what the gate knows of it."""
    key = {"kty": "oct", "k": "A" * 64, "kid": "k", "alg": "HS256"}
    ring = [{"key": key, "verifies_until": START + 60}]
    app = make_app(JWT_KEY_RING=ring, JWT_SECRET_KEY=None)
    async with app.app_context():
        headers = {"Authorization": f"Bearer {create_access_token('ada')}"}
    client = app.test_client()
    assert [(await _ask(client, headers))[0] for _ in range(2)] == [200, 200]
    clock.advance(60 + seconds)
    assert (await _ask(client, headers))[0] == status


async def test_a_revoked_token_does_not_pass(clock: Any, slow: list[str]) -> None:
    """The feed in memory is asked each time; a known token is revoked at once."""
    app = session_app(clock, MemoryStore())
    async with app.test_app(), app.app_context():
        client = app.test_client()
        sessions: Any = app.extensions[SETTINGS](app.config).sessions
        await sessions.in_use._parts[0].follower.step()
        clock.advance(1)
        token = create_access_token("ada", additional_claims={"jti": "j"})
        headers = {"Authorization": f"Bearer {token}"}
        assert [(await _ask(client, headers))[0] for _ in range(3)] == [200, 200, 200]
        assert len(slow) == 1
        await revoke_token(jti="j")
        assert (await _ask(client, headers))[0] == 401


async def test_a_feed_that_cannot_tell_leaves_it_to_the_store(
    clock: Any, slow: list[str]
) -> None:
    """Where the memory is behind, every token is asked about."""
    app = session_app(clock, MemoryStore())
    async with app.app_context():
        headers = {"Authorization": f"Bearer {create_access_token('ada')}"}
    client = app.test_client()
    assert [(await _ask(client, headers))[0] for _ in range(3)] == [200, 200, 200]
    assert len(slow) == 3


@pytest.mark.parametrize("hook", ["blocklist", "verification", "user"])
async def test_hooks_are_asked_about_a_known_token(
    client: Client, bearer: Mint, jwt: JWTManager, hook: str
) -> None:
    """A hook decides about each request, from the one on that follows it."""
    headers = await bearer()
    assert [(await _ask(client, headers))[0] for _ in range(2)] == [200, 200]
    refusing: dict[str, Callable[[], Any]] = {
        "blocklist": lambda: jwt.token_in_blocklist_loader(lambda *_: True),
        "verification": lambda: jwt.token_verification_loader(lambda *_: False),
        "user": lambda: jwt.user_lookup_loader(lambda *_: None),
    }
    refusing[hook]()
    assert (await _ask(client, headers))[0] in {400, 401}


async def test_a_preflight_is_not_recognised(app: Quart, bearer: Mint) -> None:
    """OPTIONS needs no token, and relies on none that comes with it."""
    headers, client = await bearer(), app.test_client()
    locations = []

    @app.route("/any", methods=["GET", "OPTIONS"], provide_automatic_options=False)
    @jwt_required()
    async def anything() -> str:
        locations.append(get_jwt_request_location())
        return ""

    for ask in (client.get, client.get, client.options):
        assert (await ask("/any", headers=headers)).status_code == 200
    assert locations == ["headers", "headers", None]


async def test_a_cookie_is_recognised_where_it_needs_no_csrf_value(
    make_app: MakeApp, bearer: Mint, slow: list[str]
) -> None:
    """A safe method passes; an unsafe one is verified with its CSRF value."""
    app = make_app(JWT_TOKEN_LOCATION=["cookies"])
    token = (await bearer())["Authorization"][7:]
    client, headers = app.test_client(), {"Cookie": f"access_token_cookie={token}"}
    assert [(await _ask(client, headers))[0] for _ in range(3)] == [200, 200, 200]
    assert len(slow) == 1
    assert (await client.post("/protected", headers=headers)).status_code == 401
    assert len(slow) == 2


async def test_a_handshake_is_recognised(
    app: Quart, client: Client, bearer: Mint, slow: list[str]
) -> None:
    """Websockets have the same gate."""

    @app.websocket("/socket")
    @jwt_required()
    async def socket() -> None:
        await websocket.send(get_jwt_identity())

    headers = await bearer()
    for _ in range(3):
        async with client.websocket("/socket", headers=headers) as connection:
            assert await connection.receive() == "joe"
    assert len(slow) == 1


async def test_a_token_in_the_subprotocol_goes_before_a_known_cookie(
    make_app: MakeApp, bearer: Mint
) -> None:
    """A handshake is judged by the token that stands first, known or not."""
    app = make_app(
        JWT_TOKEN_LOCATION=["headers", "cookies"],
        JWT_COOKIE_CSRF_PROTECT=False,
        JWT_WEBSOCKET_SUBPROTOCOL="bearer.v1",
    )

    @app.websocket("/socket")
    @jwt_required()
    async def socket() -> None:
        await websocket.send(get_jwt_identity())

    known, other = [
        (await bearer(identity=name))["Authorization"].split()[1]
        for name in ("joe", "ann")
    ]
    client = app.test_client()
    cookie = {"Cookie": f"access_token_cookie={known}"}
    said = []
    for offered in ({}, {}, {"Sec-WebSocket-Protocol": f"bearer.v1, {other}"}):
        headers = {**cookie, **offered}
        async with client.websocket("/socket", headers=headers) as connection:
            said.append(await connection.receive())
    assert said == ["joe", "joe", "ann"]


@pytest.fixture(name="threaded")
def _threaded(app: Quart) -> Quart:
    @app.get("/def")
    @jwt_required()
    def plain() -> Any:
        return jsonify(get_jwt_identity())

    return app


async def test_a_sync_view_makes_no_way_to_the_loop_and_back(
    threaded: Quart, bearer: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread of a ``def`` view recognises a token by itself."""
    headers, client = await bearer(), threaded.test_client()
    assert await _ask(client, headers, "/def") == (200, "joe")

    def no_loop(*_args: object) -> None:
        raise AssertionError("the loop was asked")

    monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", no_loop)
    monkeypatch.setattr(decorators, "_verify_now", no_loop)
    assert await _ask(client, headers, "/def") == (200, "joe")


def test_threads_that_read_while_settings_keys_and_entries_change(
    make_app: MakeApp,
) -> None:
    """Eight threads see no token accepted whose key does not count."""
    app = make_app(JWT_CACHE_MAX_ENTRIES=4)
    stop = threading.Event()
    wrong: list[Any] = []

    async def ask() -> None:
        client = app.test_client()
        async with app.app_context():
            tokens = [create_access_token(str(number)) for number in range(8)]
        forged = tokens[0][:-5] + "AAAAA"
        while not stop.is_set():
            for token in (*tokens, forged):
                headers = {"Authorization": f"Bearer {token}"}
                status = (await client.get("/protected", headers=headers)).status_code
                if status not in ({422} if token is forged else {200, 422}):
                    wrong.append(status)

    threads = [threading.Thread(target=asyncio.run, args=(ask(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(60):
        app.config["JWT_SECRET_KEY"] = SECRET[::-1] if number % 2 else SECRET
        stop.wait(0.005)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


async def test_requirements_made_at_run_time_are_bounded(
    app: Quart, bearer: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scopes that an app makes up for each request do not fill the memory."""
    monkeypatch.setattr(gate, "MAX_GATES", 5)

    @app.get("/items/<scope>")
    async def item(scope: str) -> str:
        await verify_jwt_in_request(scopes=scope)
        return ""

    scopes = [f"s{number}" for number in range(12)]
    headers = await bearer(additional_claims={"scope": " ".join(scopes)})
    client = app.test_client()
    for scope in scopes:
        response = await client.get(f"/items/{scope}", headers=headers)
        assert response.status_code == 200
    assert len(app.extensions[SETTINGS](app.config).gates) <= 5


# What a request takes --------------------------------------------------------


@contextmanager
def _followed() -> Iterator[list[str]]:
    """The files of ours that are entered, in order and without repetitions."""
    entered: list[str] = []

    def profile(frame: Any, event: str, _argument: object) -> None:
        name = frame.f_code.co_filename
        ours = event == "call" and name.startswith(OURS) and not name.endswith(GUARD)
        if ours and entered[-1:] != [name]:
            entered.append(name)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield entered
    finally:
        sys.setprofile(before)


@pytest.fixture(name="short")
def _short(app: Quart) -> Quart:
    @app.get("/short")
    @jwt_required()
    async def short() -> Any:
        return jsonify(get_jwt_identity())

    return app


async def test_a_known_token_takes_a_short_path(short: Quart, bearer: Mint) -> None:
    """Few files, and few ways between them: who debugs a request reads them all."""
    headers, client = await bearer(), short.test_client()
    await _ask(client, headers, "/short")
    with _followed() as entered:
        assert (await _ask(client, headers, "/short"))[0] == 200
    assert len(set(entered)) <= 5, entered
    assert len(entered) - 1 <= 8, entered


async def test_a_new_token_takes_a_path_that_can_be_read(
    short: Quart, bearer: Mint
) -> None:
    """One token at first sight, in an app that has seen others."""
    client = short.test_client()
    await _ask(client, await bearer(identity="another"), "/short")
    headers = await bearer()
    with _followed() as entered:
        assert (await _ask(client, headers, "/short"))[0] == 200
    assert len(set(entered)) <= 13, sorted(set(entered))
