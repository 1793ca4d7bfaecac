"""What one route asks of a token: issuer, audience, scopes; and RFC 9068's profile."""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

import pytest
from quart import jsonify
from quart import Quart
from quart.testing import WebsocketResponseError

from extension.apps import MakeApp
from extension.asgi import ask
from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from quart_jwt import decode_token
from quart_jwt import ForwardAuth
from quart_jwt import get_unverified_jwt_headers
from quart_jwt import jwt_required
from quart_jwt import verify_jwt_in_request
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import InsufficientScopeError

Get = Callable[..., Any]


@pytest.fixture(name="routed")
def _routed(make_app: MakeApp) -> Quart:
    """An app whose routes ask for more than a valid token."""
    app = make_app()

    @app.get("/scoped")
    @jwt_required(scopes="orders:read orders:write")
    async def scoped() -> Any:
        return jsonify(ok=True)

    @app.get("/sync")
    @jwt_required(scopes=["orders:read", "orders:write"])
    def sync() -> Any:
        return jsonify(ok=True)

    @app.get("/called")
    async def called() -> Any:
        await verify_jwt_in_request(optional=True, scopes=["orders:read"])
        return jsonify(ok=True)

    @app.get("/issued")
    @jwt_required(issuer=["https://a.example", "https://b.example"])
    async def issued() -> Any:
        return jsonify(ok=True)

    @app.get("/one-issuer")
    @jwt_required(issuer="https://a.example")
    async def one_issuer() -> Any:
        return jsonify(ok=True)

    @app.get("/addressed")
    @jwt_required(audience="orders")
    async def addressed() -> Any:
        return jsonify(ok=True)

    @app.websocket("/socket")
    @jwt_required(scopes="chat")
    async def socket() -> None:
        """Is never reached."""

    return app


@pytest.fixture(name="get")
def _get(routed: Quart) -> Get:
    """Asks a route with a token that has these claims."""

    async def get(path: str, **claims: Any) -> Any:
        async with routed.app_context():
            token = create_access_token("joe", additional_claims=claims)
        headers = {"Authorization": f"Bearer {token}"}
        first = await routed.test_client().get(path, headers=headers)
        # The second time the token comes out of the cache.
        second = await routed.test_client().get(path, headers=headers)
        assert first.status_code == second.status_code
        return second

    return get


@pytest.mark.parametrize("path", ["/scoped", "/sync"])
@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"scope": "orders:read orders:write"}, 200),
        ({"scope": "x orders:write orders:read"}, 200),
        ({"scp": ["orders:read", "orders:write"]}, 200),
        ({"scope": "orders:read", "scp": "orders:write"}, 200),
        ({"scope": "orders:read"}, 403),
        ({"scope": "orders:readorders:write"}, 403),
        ({"scope": "orders:* orders"}, 403),
        ({"scope": ""}, 403),
        ({"scope": {"orders:read": 1, "orders:write": 1}}, 403),
        ({}, 403),
    ],
)
async def test_scopes_of_a_route(
    get: Get, path: str, claims: dict[str, Any], status: int
) -> None:
    """Every scope has to be there; what is missing is a 403, from any view."""
    answer = await get(path, **claims)

    assert answer.status_code == status


async def test_a_missing_scope_says_what_is_needed(get: Get) -> None:
    """RFC 6750: 403, ``insufficient_scope`` and the scopes that would do."""
    answer = await get("/scoped", scope="orders:read")

    assert await answer.get_json() == {"msg": "The token lacks a required scope"}
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", scope="orders:read orders:write"'
    )


async def test_scopes_where_a_token_is_optional(routed: Quart, get: Get) -> None:
    """Nobody is not asked for scopes; somebody is."""
    anonymous = await routed.test_client().get("/called")

    assert anonymous.status_code == 200
    assert (await get("/called", scope="orders:read")).status_code == 200
    assert (await get("/called")).status_code == 403


async def test_an_app_may_answer_itself(routed: Quart, get: Get) -> None:
    """An error handler of the app sees the error with the token's claims."""

    @routed.errorhandler(InsufficientScopeError)
    async def missing(error: InsufficientScopeError) -> Any:
        return jsonify(sub=error.jwt_data["sub"], needs=error.scopes), 403

    answer = await get("/called")

    assert await answer.get_json() == {"sub": "joe", "needs": ["orders:read"]}


async def test_a_websocket_without_the_scope_is_refused(routed: Quart) -> None:
    """The handshake gets a plain 403."""
    async with routed.app_context():
        token = create_access_token("joe")
    headers = {"Authorization": f"Bearer {token}"}
    with pytest.raises(WebsocketResponseError) as caught:
        async with routed.test_client().websocket("/socket", headers=headers) as socket:
            await socket.receive()

    assert caught.value.response.status_code == 403


@pytest.mark.parametrize(
    ("path", "claims", "status"),
    [
        ("/issued", {"iss": "https://a.example"}, 200),
        ("/issued", {"iss": "https://b.example"}, 200),
        ("/issued", {"iss": "https://a.exampl"}, 422),
        ("/issued", {"iss": "https://c.example"}, 422),
        ("/issued", {}, 422),
        ("/one-issuer", {"iss": "https://a.example"}, 200),
        ("/one-issuer", {"iss": "https://a.ex"}, 422),
        ("/addressed", {"aud": "orders"}, 200),
        ("/addressed", {"aud": ["x", "orders"]}, 200),
        ("/addressed", {"aud": "order"}, 422),
        ("/addressed", {"aud": ["orders", 1]}, 422),
        ("/addressed", {}, 422),
    ],
)
async def test_issuer_and_audience_of_a_route(
    get: Get, path: str, claims: dict[str, Any], status: int
) -> None:
    """They are compared whole, and a token without them is refused."""
    answer = await get(path, **claims)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "asked",
    [
        {"scopes": ""},
        {"scopes": []},
        {"scopes": 'a"b'},
        {"issuer": []},
        {"audience": ""},
    ],
)
def test_what_nothing_could_pass_is_a_mistake(asked: dict[str, Any]) -> None:
    """A requirement that is empty or no scope is told where it is written."""
    with pytest.raises(ValueError, match=r"A scope|at least one name"):
        jwt_required(**asked)


async def test_a_gateway_hears_403(make_app: MakeApp) -> None:
    """The forward-auth lane asks for scopes, issuer and audience, too."""
    app = make_app()
    lane = ForwardAuth(
        app.extensions["quart-jwt"], scopes="read", issuer="i", audience="a"
    )
    full = {"scope": "read", "iss": "i", "aud": "a"}

    async def status(**claims: Any) -> tuple[int, str | None]:
        async with app.app_context():
            token = create_access_token("joe", additional_claims=claims)
        reply = await ask(lane, "/", headers={"Authorization": f"Bearer {token}"})
        return reply.status, reply.headers.get("www-authenticate")

    assert await status(**full) == (200, None)
    assert await status(**{**full, "scope": "write"}) == (
        403,
        'Bearer error="insufficient_scope", scope="read"',
    )
    assert await status(**{**full, "iss": "j"}) == (401, 'Bearer error="invalid_token"')
    assert await status(**{**full, "aud": "b"}) == (401, 'Bearer error="invalid_token"')


PROFILE = {
    "JWT_PROFILE": "rfc9068",
    "JWT_ENCODE_ISSUER": "https://id.example",
    "JWT_ENCODE_AUDIENCE": "orders",
}


async def test_profile_of_access_tokens(make_app: MakeApp) -> None:
    """They say ``at+jwt`` and have the seven claims; refresh tokens do not."""
    async with make_app(**PROFILE).app_context():
        token = create_access_token("joe", additional_claims={"client_id": "web"})
        refresh = create_refresh_token("joe")
        claims = decode_token(token)
        assert decode_token(refresh)["type"] == "refresh"
    assert get_unverified_jwt_headers(token)["typ"] == "at+jwt"
    assert get_unverified_jwt_headers(refresh)["typ"] == "JWT"
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= claims.keys()


async def test_profile_refuses_other_tokens(make_app: MakeApp) -> None:
    """A token without the type, another issuer's or for another audience: 422."""
    settings = make_app(**PROFILE)
    plain = make_app(
        JWT_ENCODE_ISSUER="https://id.example", JWT_ENCODE_AUDIENCE="orders"
    )
    elsewhere = make_app(**{**PROFILE, "JWT_ENCODE_AUDIENCE": "billing"})
    other = make_app(**{**PROFILE, "JWT_ENCODE_ISSUER": "https://id.exampl"})
    for app, status in ((settings, 200), (plain, 422), (elsewhere, 422), (other, 422)):
        async with app.app_context():
            token = create_access_token("joe", additional_claims={"client_id": "web"})
        headers = {"Authorization": f"Bearer {token}"}
        answer = await settings.test_client().get("/protected", headers=headers)
        assert answer.status_code == status


async def test_profile_issues_nothing_incomplete(make_app: MakeApp) -> None:
    """A token without its client, or without an end, is not made."""
    async with make_app(**PROFILE).app_context():
        with pytest.raises(ValueError, match="needs client_id"):
            create_access_token("joe")
        with pytest.raises(ValueError, match="needs exp"):
            create_access_token(
                "joe", expires_delta=False, additional_claims={"client_id": "web"}
            )
        header = {"typ": "JWT"}
        token = create_access_token(
            "joe", additional_claims={"client_id": "web"}, additional_headers=header
        )
    assert get_unverified_jwt_headers(token)["typ"] == "at+jwt"
    assert header == {"typ": "JWT"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"JWT_PROFILE": "rfc9086"}, 'a profile is "rfc9068"'),
        ({"JWT_ENCODE_ISSUER": None}, "needs JWT_ENCODE_ISSUER or JWT_DECODE_ISSUER"),
        ({"JWT_ENCODE_AUDIENCE": None}, "needs JWT_ENCODE_AUDIENCE or"),
    ],
)
async def test_a_profile_that_cannot_work_is_told_at_the_start(
    make_app: MakeApp, changes: dict[str, Any], reason: str
) -> None:
    """Without an issuer and an audience there is nothing to hold a token to."""
    with pytest.raises(ConfigurationError, match=reason):
        await make_app(**{**PROFILE, **changes}).startup()


async def test_default_layout_is_flask_jwt_extendeds(make_app: MakeApp) -> None:
    """Without a profile nothing of it is there, and nothing is asked for."""
    async with make_app().app_context():
        token = create_access_token("joe")
        expected: Iterable[str] = ["csrf", "exp", "fresh", "iat", "jti", "nbf"]
        assert sorted(decode_token(token)) == [*expected, "sub", "type"]
    assert get_unverified_jwt_headers(token)["typ"] == "JWT"
