"""Websocket routes: refused before accept, closed at expiry."""

import asyncio
import contextlib
from functools import wraps
from typing import Any
from uuid import uuid4

import pytest
from quart import Blueprint
from quart import Quart
from quart import websocket
from quart.testing import WebsocketResponseError

from extension.apps import Client
from extension.apps import closing_code
from extension.apps import MakeApp
from extension.apps import Mint
from quart_jwt import create_access_token
from quart_jwt import create_token_pair
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import revoke_token
from quart_jwt import verify_jwt_in_request
from quart_jwt.extension.request.current import _verified
from quart_jwt.extension.request.lifetime import Lifetime

PATIENCE_S = 30


async def _nothing() -> None:
    """What a guard has to do beyond verifying."""


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Quart:
    """An app with an echo socket that greets first."""
    app = make_app(JWT_TOKEN_LOCATION=["headers", "cookies", "query_string", "json"])

    @app.websocket("/echo")
    @jwt_required()
    async def echo() -> None:
        await websocket.send(f"{get_jwt_identity()} by {get_jwt_request_location()}")
        while True:
            await websocket.send(await websocket.receive())

    return app


async def _refusal(client: Client, **options: Any) -> tuple[int, Any]:
    with pytest.raises(WebsocketResponseError) as caught:
        async with client.websocket("/echo", **options) as connection:
            await connection.receive()
    response = caught.value.response
    return response.status_code, await response.get_json()


async def test_accepted(client: Client, bearer: Mint) -> None:
    """With a token the socket works."""
    async with client.websocket("/echo", headers=await bearer()) as connection:
        assert await connection.receive() == "joe by headers"
        await connection.send("hello")
        assert await connection.receive() == "hello"


async def test_accepted_by_argument_and_cookie(client: Client, bearer: Mint) -> None:
    """Browsers can send a cookie or an argument; no CSRF value is due."""
    token = (await bearer())["Authorization"].split()[1]
    async with client.websocket(f"/echo?jwt={token}") as connection:
        assert await connection.receive() == "joe by query_string"
    cookie = {"Cookie": f"access_token_cookie={token}"}
    async with client.websocket("/echo", headers=cookie) as connection:
        assert await connection.receive() == "joe by cookies"


async def test_several_cookies_of_a_tokens_name_open_no_websocket(
    client: Client, bearer: Mint
) -> None:
    """A page on a sibling subdomain may have set one of them."""
    token = (await bearer())["Authorization"].split()[1]
    cookies = "; ".join([f"access_token_cookie={token}"] * 2)
    status, answer = await _refusal(client, headers={"Cookie": cookies})
    assert status == 422
    assert "Several cookies" in answer["msg"]


@pytest.mark.parametrize(
    ("origin", "is_welcome"),
    [
        (None, True),
        ("http://localhost", True),
        ("https://LOCALHOST:443", True),
        ("https://localhost:8443", False),
        ("https://evil.example", False),
        ("https://localhost.evil.example", False),
        ("https://app.example", True),
        ("null", False),
        ("", False),
        ("localhost", False),
        ("file://localhost", False),
    ],
)
async def test_a_page_of_another_origin_cannot_use_the_cookie(
    app: Quart, client: Client, bearer: Mint, origin: str | None, is_welcome: bool
) -> None:
    """The app's own pages may, those that the option names, and programs."""
    app.config["JWT_WEBSOCKET_ORIGINS"] = ["https://app.example"]
    token = (await bearer())["Authorization"].split()[1]
    headers = {"Cookie": f"access_token_cookie={token}", "Host": "localhost"}
    if origin is not None:
        headers["Origin"] = origin
    if is_welcome:
        async with client.websocket("/echo", headers=headers) as connection:
            assert await connection.receive() == "joe by cookies"
    else:
        status, body = await _refusal(client, headers=headers)
        assert (status, body["msg"]) == (
            401,
            "This websocket was opened by a page of another origin",
        )


@pytest.mark.parametrize(
    "options", [{"JWT_WEBSOCKET_ORIGINS": "*"}, {"JWT_COOKIE_CSRF_PROTECT": False}]
)
async def test_the_rule_of_origins_can_be_lifted(
    app: Quart, client: Client, bearer: Mint, options: dict[str, Any]
) -> None:
    """For all origins, or with all protection against other sites' pages."""
    app.config.update(options)
    token = (await bearer())["Authorization"].split()[1]
    headers = {
        "Cookie": f"access_token_cookie={token}",
        "Origin": "https://evil.example",
    }
    async with client.websocket("/echo", headers=headers) as connection:
        assert await connection.receive() == "joe by cookies"


async def test_one_allowed_origin_is_compared_as_a_whole(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """A part of its text is another origin."""
    app.config["JWT_WEBSOCKET_ORIGINS"] = "https://app.example.org"
    token = (await bearer())["Authorization"].split()[1]
    headers = {
        "Cookie": f"access_token_cookie={token}",
        "Origin": "https://app.example",
    }
    assert (await _refusal(client, headers=headers))[0] == 401
    headers["Origin"] = "https://app.example.org"
    async with client.websocket("/echo", headers=headers) as connection:
        assert await connection.receive() == "joe by cookies"


async def test_an_app_shell_is_an_origin(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """The pages of an app that comes from a store have a scheme of their own."""
    app.config["JWT_WEBSOCKET_ORIGINS"] = ["capacitor://localhost"]
    token = (await bearer())["Authorization"].split()[1]
    headers = {
        "Cookie": f"access_token_cookie={token}",
        "Origin": "tauri://localhost",
    }
    assert (await _refusal(client, headers=headers))[0] == 401
    headers["Origin"] = "capacitor://localhost"
    async with client.websocket("/echo", headers=headers) as connection:
        assert await connection.receive() == "joe by cookies"


async def test_cookies_for_https_are_not_for_pages_over_http(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """Whoever sits on the line can serve a page of any host over plain HTTP."""
    app.config["JWT_COOKIE_SECURE"] = True
    token = (await bearer())["Authorization"].split()[1]
    headers = {
        "Cookie": f"access_token_cookie={token}",
        "Host": "app.example",
        "Origin": "http://app.example",
    }
    assert (await _refusal(client, headers=headers))[0] == 401
    headers["Origin"] = "https://app.example"
    async with client.websocket("/echo", headers=headers) as connection:
        assert await connection.receive() == "joe by cookies"


async def test_an_origin_does_not_matter_without_a_cookie(
    client: Client, bearer: Mint
) -> None:
    """Only a cookie is sent by a browser itself."""
    headers = {**await bearer(), "Origin": "https://evil.example"}
    async with client.websocket("/echo", headers=headers) as connection:
        assert await connection.receive() == "joe by headers"


async def test_refused_before_accept(client: Client, bearer: Mint) -> None:
    """Without a good token the handshake gets a real HTTP status and body."""
    status, body = await _refusal(client)
    assert status == 401
    assert body["msg"].startswith(
        "Missing JWT in headers, cookies, query_string or json"
    )
    assert "Invalid content-type" in body["msg"]
    assert (await _refusal(client, headers=await bearer(refresh=True)))[0] == 422
    assert (await _refusal(client, headers={"Authorization": "Bearer a.b"}))[0] == 422


async def test_expired_before_accept(client: Client, bearer: Mint, clock: Any) -> None:
    """An expired token is refused like any request."""
    headers = await bearer()
    clock.advance(15 * 60)
    assert await _refusal(client, headers=headers) == (
        401,
        {"msg": "Token has expired"},
    )


async def test_closed_at_expiry(
    app: Quart, client: Client, bearer: Mint, clock: Any
) -> None:
    """When the token expires, the open socket is closed with 1008."""
    headers = await bearer()
    code = closing_code(app)
    clock.advance(15 * 60 - 0.05)
    async with client.websocket("/echo", headers=headers) as connection:
        assert await connection.receive() == "joe by headers"
        assert await code == 1008


async def test_closed_at_expiry_where_the_handler_just_returns(
    make_app: MakeApp, clock: Any
) -> None:
    """A handler that is cancelled, tidies up and returns is closed with 1008, too."""
    app = make_app()
    tidied: list[bool] = []

    @app.websocket("/tidy")
    @jwt_required()
    async def tidy() -> None:
        await websocket.send("hello")
        with contextlib.suppress(asyncio.CancelledError):
            await websocket.receive()
        tidied.append(True)

    async with app.app_context():
        token = create_access_token("joe")
    clock.advance(15 * 60 - 0.05)
    headers = {"Authorization": f"Bearer {token}"}
    code = closing_code(app)
    async with app.test_client().websocket("/tidy", headers=headers) as connection:
        assert await connection.receive() == "hello"
        assert (await code, tidied) == (1008, [True])


async def test_leeway_counts_for_open_sockets(make_app: MakeApp, clock: Any) -> None:
    """The leeway that a request has, an open socket has, too."""
    app = make_app(JWT_DECODE_LEEWAY=10)
    left: list[float | None] = []

    @app.websocket("/left")
    @jwt_required()
    async def remaining() -> None:
        task = asyncio.current_task()
        assert task is not None
        left.append(Lifetime(_verified()).left_s)
        await websocket.send("done")

    async with app.app_context():
        token = create_access_token("joe")
    clock.advance(15 * 60 + 9)
    headers = {"Authorization": f"Bearer {token}"}
    async with app.test_client().websocket("/left", headers=headers) as connection:
        assert await connection.receive() == "done"
    assert left == [pytest.approx(1, abs=0.01)]


async def test_token_without_expiry_never_closes(
    client: Client, bearer: Mint, clock: Any
) -> None:
    """A token that does not expire does not end its socket."""
    headers = await bearer(expires_delta=False)
    clock.advance(10 * 365 * 86_400)
    async with client.websocket("/echo", headers=headers) as connection:
        assert await connection.receive() == "joe by headers"


async def test_timeouts_of_the_handler_are_its_own(
    make_app: MakeApp, bearer: Mint
) -> None:
    """A TimeoutError that the handler raises is not taken for expiry."""
    app = make_app()

    @app.websocket("/slow")
    @jwt_required()
    async def slow() -> None:
        raise TimeoutError("mine")

    with pytest.raises(WebsocketResponseError) as caught:
        async with app.test_client().websocket("/slow", headers=await bearer()) as ws:
            await ws.receive()
    assert caught.value.response.status_code == 500


async def test_optional(make_app: MakeApp) -> None:
    """An optional token may be absent on a websocket, too."""
    app = make_app()

    @app.websocket("/open")
    @jwt_required(optional=True)
    async def opened() -> None:
        await websocket.send(str(get_jwt_identity()))

    async with app.test_client().websocket("/open") as connection:
        assert await connection.receive() == "None"


async def test_handler_that_will_not_stop(
    make_app: MakeApp, bearer: Mint, clock: Any
) -> None:
    """A handler that swallows its cancellation cannot keep the socket open."""
    app = make_app()

    @app.websocket("/stubborn")
    @jwt_required()
    async def stubborn() -> None:
        await websocket.send("here")
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await websocket.send("still here")

    headers = await bearer()
    clock.advance(15 * 60 - 0.05)
    code = closing_code(app)
    client = app.test_client()
    async with client.websocket("/stubborn", headers=headers) as connection:
        assert await connection.receive() == "here"
        assert await code == 1008


async def test_plain_decorator_of_a_websocket_route(
    app: Quart, client: Client, bearer: Mint, clock: Any
) -> None:
    """A plain decorator under the guard changes nothing: the socket is closed."""

    def plain(handler: Any) -> Any:
        @wraps(handler)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return handler(*args, **kwargs)

        return wrapper

    @app.websocket("/plain")
    @jwt_required()
    @plain
    async def route() -> None:
        await websocket.send(str(get_jwt_identity()))
        await asyncio.Event().wait()

    headers = await bearer()
    clock.advance(15 * 60 - 0.05)
    code = closing_code(app)
    async with client.websocket("/plain", headers=headers) as connection:
        assert await connection.receive() == "joe"
        assert await code == 1008


@pytest.mark.parametrize(
    ("offered", "status"),
    [
        ("bearer.v1, {token}", None),
        ("chat,bearer.v1,{token}", None),
        ("bearer.v1, {token}, chat", None),
        ("{token}", 401),
        ("bearer.v1", 422),
        ("chat, bearer.v1", 422),
        ("bearer.v1,,{token}", 422),
        ("bearer.v1, {token}, bearer.v1, {token}", 422),
        ("bearer.v2, {token}", 401),
        ("bearer.v1, a.b.c", 422),
        ("", 401),
        ("bearer.v1," + "a" * 17_000, 422),
    ],
)
async def test_a_token_offered_as_a_subprotocol(
    app: Quart, client: Client, bearer: Mint, offered: str, status: int | None
) -> None:
    """A browser may send its token after the configured subprotocol."""
    app.config["JWT_TOKEN_LOCATION"] = "headers"
    token = (await bearer())["Authorization"].split()[1]
    headers = {"Sec-WebSocket-Protocol": offered.format(token=token)}
    assert (await _refusal(client, headers=headers))[0] == 401  # it is not on yet
    app.config["JWT_WEBSOCKET_SUBPROTOCOL"] = "bearer.v1"
    if status is not None:
        assert (await _refusal(client, headers=headers))[0] == status
        return
    async with client.websocket("/echo", headers=headers) as connection:
        assert await connection.receive() == "joe by headers"


async def test_a_subprotocol_is_of_websockets_alone(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """A usual request does not carry its token there, and Authorization goes first."""
    app.config["JWT_WEBSOCKET_SUBPROTOCOL"] = "bearer.v1"
    good = await bearer()
    token = good["Authorization"].split()[1]
    offered = {"Sec-WebSocket-Protocol": f"bearer.v1, {token}"}
    assert (await client.get("/protected", headers=offered)).status_code == 401
    both = {**good, "Sec-WebSocket-Protocol": "bearer.v1, a.b.c"}
    async with client.websocket("/echo", headers=both) as connection:
        assert await connection.receive() == "joe by headers"


async def _greet_and_wait() -> None:
    await websocket.send(str(get_jwt_identity()))
    await asyncio.Event().wait()


async def _verify() -> None:
    await verify_jwt_in_request()


def _verify_in_a_thread() -> None:
    verify_jwt_in_request()


def _guard_app(app: Quart, guard: Any) -> None:
    app.before_websocket(guard)
    app.add_websocket("/guarded", "guarded", _greet_and_wait)


def _guard_blueprint(app: Quart, guard: Any) -> None:
    blueprint = Blueprint("inner", __name__)
    blueprint.before_websocket(guard)
    blueprint.add_websocket("/guarded", "guarded", _greet_and_wait)
    app.register_blueprint(blueprint)


def _guard_in_the_handler(app: Quart, guard: Any) -> None:
    @app.websocket("/guarded")
    async def guarded() -> None:
        await app.ensure_async(guard)()
        await _greet_and_wait()


GUARDS = {
    "await": _verify,
    "thread": _verify_in_a_thread,
    "decorated": jwt_required()(_nothing),
    "decorated_thread": jwt_required()(lambda: None),
}
PLACES = {
    "app": _guard_app,
    "blueprint": _guard_blueprint,
    "handler": _guard_in_the_handler,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("guard", GUARDS)
async def test_a_verification_anywhere_protects_until_expiry(
    make_app: MakeApp, clock: Any, place: str, guard: str
) -> None:
    """What verified the token has returned long before the token expires."""
    app = make_app()
    PLACES[place](app, GUARDS[guard])
    async with app.app_context():
        token = create_access_token("joe")
    headers = {"Authorization": f"Bearer {token}"}
    clock.advance(15 * 60 - 0.2)
    for _ in range(2):  # the second is recognised by the gate
        code = closing_code(app)
        client = app.test_client()
        async with client.websocket("/guarded", headers=headers) as connection:
            assert await connection.receive() == "joe"
            async with asyncio.timeout(PATIENCE_S):
                assert await code == 1008


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("entries", [1, 100])
async def test_a_verification_anywhere_protects_until_revocation(
    make_app: MakeApp, place: str, guard: str, entries: int
) -> None:
    """By the feed, also when it has more revocations than fit into memory."""
    app = make_app(JWT_STORE_URL="memory://", JWT_REVOCATION_MAX_ENTRIES=entries)
    PLACES[place](app, GUARDS[guard])
    async with app.test_app(), app.app_context():
        for _ in range(3):
            await revoke_token(jti=uuid4().hex)
        pair = await create_token_pair("joe")
        headers = {"Authorization": f"Bearer {pair.access_token}"}
        code = closing_code(app)
        client = app.test_client()
        async with client.websocket("/guarded", headers=headers) as connection:
            assert await connection.receive() == "joe"
            store = app.extensions["quart-jwt"].settings.sessions.in_use
            for family in await store.store.live("joe", now=0):
                # As another process would: this one hears of it by the feed alone.
                await store._parts[0]._guard.store.end(
                    family.family_id, subject=None, now=0
                )
            async with asyncio.timeout(PATIENCE_S):
                assert await code == 1008


async def test_the_first_token_that_is_over_ends_the_websocket(
    make_app: MakeApp, clock: Any
) -> None:
    """One guard looks into the header, the other into the address."""
    app = make_app()

    async def by_argument() -> None:
        await verify_jwt_in_request(locations="query_string")

    app.before_websocket(by_argument)
    app.add_websocket("/both", "both", jwt_required()(_greet_and_wait))
    async with app.app_context():
        short = create_access_token("short")
        long = create_access_token("long", expires_delta=False)
    headers = {"Authorization": f"Bearer {long}"}
    clock.advance(15 * 60 - 0.1)
    code = closing_code(app)
    client = app.test_client()
    async with client.websocket(f"/both?jwt={short}", headers=headers) as connection:
        assert await connection.receive() == "long"
        async with asyncio.timeout(PATIENCE_S):
            assert await code == 1008


async def test_a_handler_that_returns_leaves_nothing_behind(
    make_app: MakeApp, bearer: Mint
) -> None:
    """No timer and nobody who watches the store."""
    app = make_app(JWT_STORE_URL="memory://")
    app.before_websocket(_verify)

    @app.websocket("/short")
    async def short() -> None:
        await websocket.send("done")

    async with app.test_app(), app.app_context():
        pair = await create_token_pair("joe")
        headers = {"Authorization": f"Bearer {pair.access_token}"}
        tasks = asyncio.all_tasks()
        async with app.test_client().websocket("/short", headers=headers) as connection:
            assert await connection.receive() == "done"
        store = app.extensions["quart-jwt"].settings.sessions.in_use
        left = asyncio.all_tasks() - tasks
        assert not left or not (await asyncio.wait(left, timeout=PATIENCE_S))[1]
        assert store._parts[0].follower.watchers._watching == {}
