"""The public test kit, on apps of every kind."""

from typing import Any

import pytest
from quart import jsonify
from quart import Quart
from quart import websocket

from extension.apps import SECRET
from key_material import private_pem
from key_material import public_pem
from quart_jwt import get_jwt
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import revoke_token
from quart_jwt.testing import assert_no_open_routes
from quart_jwt.testing import assert_protected
from quart_jwt.testing import auth_headers
from quart_jwt.testing import authenticated_client
from quart_jwt.testing import Failing
from quart_jwt.testing import FakeBlocklist
from quart_jwt.testing import Fault
from quart_jwt.testing import make_token
from quart_jwt.testing import moving_clock


def make_app(**settings: Any) -> Quart:
    """An app with a door of each kind."""
    app = Quart(__name__, static_folder=None)
    app.config.update(JWT_SECRET_KEY=SECRET, PROPAGATE_EXCEPTIONS=False, **settings)
    JWTManager(app)

    async def claims() -> Any:
        return jsonify(get_jwt())

    async def nobody() -> Any:
        return jsonify({})

    async def socket() -> None:
        await websocket.send(get_jwt()["sub"])

    async def open_socket() -> None:
        await websocket.send("welcome")

    both: Any = {"methods": ["GET", "POST"]}
    app.route("/me", endpoint="me", **both)(jwt_required()(claims))
    app.post("/refresh", endpoint="refresh")(jwt_required(refresh=True)(claims))
    app.get("/fresh", endpoint="fresh")(jwt_required(fresh=True)(claims))
    app.get("/either", endpoint="either")(jwt_required(optional=True)(nobody))
    app.get("/open", endpoint="open")(nobody)
    app.websocket("/socket", endpoint="socket")(jwt_required()(socket))
    app.websocket("/open-socket", endpoint="open-socket")(open_socket)
    return app


@pytest.fixture(name="app")
def _app() -> Quart:
    return make_app()


PLACES = pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="header"),
        pytest.param({"JWT_TOKEN_LOCATION": ["json", "cookies"]}, id="cookie"),
        pytest.param(
            {"JWT_TOKEN_LOCATION": "cookies", "JWT_COOKIE_CSRF_PROTECT": False},
            id="cookie-without-csrf",
        ),
        pytest.param({"JWT_HEADER_NAME": "X-T", "JWT_HEADER_TYPE": ""}, id="bare"),
        pytest.param({"JWT_HEADER_TYPE": None}, id="no scheme"),
        pytest.param(
            {
                "JWT_ALGORITHM": "RS256",
                "JWT_PRIVATE_KEY": private_pem("RS256"),
                "JWT_PUBLIC_KEY": public_pem("RS256"),
            },
            id="RS256",
        ),
    ],
)


@PLACES
async def test_a_client_is_signed_in(settings: dict[str, Any]) -> None:
    """GET, POST and a handshake carry the token, wherever the app looks for it."""
    app = make_app(**settings)
    client: Any = await authenticated_client(app, "ada", claims={"role": "admin"})
    for method in ("GET", "POST"):
        response = await client.open("/me", method=method, headers={"X-Other": "1"})
        claims = await response.get_json()
        assert (claims["sub"], claims["role"]) == ("ada", "admin")
    async with client.websocket("/socket") as socket:
        assert await socket.receive() == "ada"
    response = await client.get("/me", headers=await auth_headers(app, "bob"))
    assert (await response.get_json())["sub"] == "bob"


@PLACES
@pytest.mark.parametrize("path", ["/me", "/fresh", "/refresh"])
@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("expired", {401}),
        ("not_yet_valid", {422}),
        ("wrong_type", {422}),
        ("wrong_key", {422}),
        ("revoked", {401}),
        (None, {200}),
    ],
)
async def test_each_fault_is_what_it_says(
    settings: dict[str, Any], path: str, fault: Fault | None, statuses: set[int]
) -> None:
    """A token with a fault is refused for it, and the same one without it passes."""
    app = make_app(**settings)
    refresh = path == "/refresh"
    headers = await auth_headers(app, refresh=refresh, fresh=True, fault=fault)
    method = "POST" if refresh else "GET"
    client: Any = app.test_client()
    response = await client.open(path, method=method, headers=headers)

    assert response.status_code in statuses


async def test_an_expired_token_is_beyond_the_leeway() -> None:
    """However long the app's leeway is; and a life can be given."""
    app = make_app(JWT_DECODE_LEEWAY=120)
    client = app.test_client()
    cases: list[tuple[dict[str, Any], int]] = [
        ({"fault": "expired"}, 401),
        ({"fault": "not_yet_valid"}, 422),
        ({"expires_in_s": -119}, 200),
    ]
    for options, status in cases:
        headers = await auth_headers(app, **options)
        assert status == (await client.get("/me", headers=headers)).status_code


async def test_the_apps_own_blocklist_is_still_asked(app: Quart) -> None:
    """``fault="revoked"`` comes before it, and everything else is its to say."""
    jwt: JWTManager = app.extensions["quart-jwt"]
    blocklist = FakeBlocklist()
    jwt.token_in_blocklist_loader(blocklist)
    await make_token(app, fault="revoked")
    await make_token(app, fault="revoked")
    token = await make_token(app)
    client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    assert (await client.get("/me", headers=headers)).status_code == 200
    blocklist.revoke(token)
    assert (await client.get("/me", headers=headers)).status_code == 401


async def test_the_apps_own_store_is_still_asked() -> None:
    """A revoked token is revoked in the store, which goes on judging the others."""
    app = make_app(JWT_STORE_URL="memory://")
    async with app.test_app():
        client = app.test_client()
        revoked = await auth_headers(app, fault="revoked")
        assert (await client.get("/me", headers=revoked)).status_code == 401
        good = await auth_headers(app)
        assert (await client.get("/me", headers=good)).status_code == 200
        async with app.app_context():
            await revoke_token(good["Authorization"].removeprefix("Bearer "))
        assert (await client.get("/me", headers=good)).status_code == 401


async def test_hooks_of_the_app_make_the_token(app: Quart) -> None:
    """Async ones, too."""
    jwt: JWTManager = app.extensions["quart-jwt"]

    @jwt.user_identity_loader
    async def identity(user: dict[str, str]) -> str:
        return user["name"]

    client = await authenticated_client(app, {"name": "ada"})
    assert (await (await client.get("/me")).get_json())["sub"] == "ada"


async def test_time_is_moved(app: Quart) -> None:
    """A token lives 15 minutes by the app's clock, which comes back afterwards."""
    jwt: JWTManager = app.extensions["quart-jwt"]
    before = jwt.clock
    with moving_clock(app, 1_700_000_000.0) as clock:
        client = await authenticated_client(app)
        for seconds, status in ((899, 200), (1, 401), (-1, 200)):
            clock.advance(seconds)
            assert status == (await client.get("/me")).status_code
    assert jwt.clock is before
    with moving_clock(app) as clock:
        assert clock() == pytest.approx(before(), abs=3600)


async def test_a_hook_fails_on_demand(app: Quart) -> None:
    """A blocklist that is away lets nobody in, and comes back."""
    jwt: JWTManager = app.extensions["quart-jwt"]
    blocklist = Failing(FakeBlocklist())
    jwt.token_in_blocklist_loader(blocklist)
    client = await authenticated_client(app)
    with blocklist.away():
        assert (await client.get("/me")).status_code == 500
    assert (await client.get("/me")).status_code == 200


async def test_a_store_fails_on_demand() -> None:
    """Every method of an object does, and what is no method is shown."""

    class Store:
        name = "store"

        async def get(self, key: str, *, default: int) -> str:
            return f"{key}{default}"

    store = Failing(Store(), TimeoutError("slow"))
    assert (store.name, await store.get("a", default=1)) == ("store", "a1")
    with store.away(), pytest.raises(TimeoutError, match="slow"):
        await store.get("a", default=1)


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/me", {}),
        ("/me", {"method": "POST"}),
        ("/refresh", {"method": "POST", "refresh": True}),
        ("/fresh", {"fresh": True}),
        ("/socket", {"method": "WEBSOCKET"}),
    ],
)
@PLACES
async def test_a_protected_route_is_one(
    settings: dict[str, Any], path: str, options: dict[str, Any]
) -> None:
    """Header, cookie or handshake: the assertion holds."""
    await assert_protected(make_app(**settings), path, **options)


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("/open", {}, "GET /open answered 200 to no token"),
        ("/either", {}, "GET /either answered 200 to no token"),
        ("/me", {"fresh": True}, "answered 200 to a token that is not fresh"),
        ("/me", {"refresh": True}, "answered 200 to a token with the fault 'wrong_t"),
        ("/nowhere", {}, "GET /nowhere answered 404 to no token"),
        ("/me", {"method": "PUT"}, "PUT /me answered 405 to no token"),
        ("/open-socket", {"method": "WEBSOCKET"}, "answered 101 to no token"),
    ],
)
async def test_an_open_route_is_named(
    app: Quart, path: str, options: dict[str, Any], message: str
) -> None:
    """The assertion says what was asked and answered."""
    with pytest.raises(AssertionError, match=message):
        await assert_protected(app, path, **options)


def test_all_routes_can_be_asserted_at_once(app: Quart) -> None:
    """As the command ``quart-jwt routes --fail-on-open`` does."""
    assert_no_open_routes(app, allow=["/open*", "either"], trust=["any.name"])
    with pytest.raises(AssertionError, match=r"not allowed: GET /either$"):
        assert_no_open_routes(app, allow=["/open*"])


async def test_an_app_without_a_place_for_headers_says_so() -> None:
    """A token in a body or a query is for the test to put there."""
    app = make_app(JWT_TOKEN_LOCATION=["json", "query_string"])
    with pytest.raises(ValueError, match="neither from headers nor"):
        await auth_headers(app)
    assert await make_token(app)
