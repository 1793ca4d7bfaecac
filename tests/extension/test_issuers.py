"""``JWT_ISSUERS``: tokens of others beside our own."""

import asyncio
import json
from collections.abc import AsyncIterator
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pytest
from quart import jsonify
from quart import Quart

import key_material
from clock import Clock
from clock import START
from extension.apps import MakeApp
from extension.asgi import ask
from quart_jwt import create_access_token
from quart_jwt import decode_token
from quart_jwt import decode_token_async
from quart_jwt import ForwardAuth
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.request.current import key_sources_of
from quart_jwt.extension.request.current import settings_of
from quart_jwt.extension.settings import issuers
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.stores.jwks.remote import RemoteKeys
from stores.jwks_server import JwksServer
from stores.jwks_server import sends
from stores.jwks_server import serving
from tokens.test_jwk import jwk

ISSUER = "https://id.example"
CLAIMS = {"iss": ISSUER, "aud": "orders", "sub": "ann", "exp": START + 60, "jti": "1"}

Status = Callable[[str], Any]


def _token(algorithm: str = "RS256", kid: str | None = "a", **changes: Any) -> str:
    claims = {**CLAIMS, **changes}
    headers = {} if kid is None else {"kid": kid}
    return pyjwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        key_material.private(algorithm),
        algorithm,
        headers,
    )


@pytest.fixture(name="server")
async def _server() -> AsyncIterator[JwksServer]:
    keys = [jwk("RS256", kid="a"), jwk("ES256", kid="b")]
    async with serving(sends({"keys": keys})) as server:
        yield server


@pytest.fixture(name="make_consumer")
def _make_consumer(make_app: MakeApp, server: JwksServer) -> MakeApp:
    """Builds an app that accepts the issuer's tokens beside its own."""

    def make_consumer(**said: Any) -> Quart:
        options = {
            "jwks_uri": server.url,
            "audience": "orders",
            "algorithms": ["RS256", "ES256"],
            "allow_http": True,
            "timeout": 60,
            **said,
        }
        app = make_app(JWT_ISSUERS={ISSUER: options})

        @app.get("/ours")
        @jwt_required(issuer="us")
        async def ours() -> Any:
            return jsonify(get_jwt_identity())

        @app.get("/theirs")
        @jwt_required(issuer=ISSUER)
        def theirs() -> Any:
            return jsonify(get_jwt_identity())

        @app.get("/refresh")
        @jwt_required(refresh=True)
        async def refresh() -> Any:
            return jsonify(get_jwt_identity())

        return app

    return make_consumer


@pytest.fixture(name="consumer")
async def _consumer(make_consumer: MakeApp) -> AsyncIterator[Quart]:
    app = make_consumer()
    async with app.test_app():
        yield app


def _keys(app: Quart) -> RemoteKeys:
    keys = _settings(app).issuers[ISSUER].keys
    assert keys is not None
    return keys


def _settings(app: Quart) -> Settings:
    return settings_of(app)


async def _get(app: Quart, token: str, path: str = "/protected") -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return await app.test_client().get(path, headers=headers)


@pytest.mark.parametrize(("algorithm", "kid"), [("RS256", "a"), ("ES256", "b")])
async def test_a_token_of_another_issuer_is_accepted(
    consumer: Quart, algorithm: str, kid: str
) -> None:
    """With a kid and without, out of the cache and into it."""
    for token in (_token(algorithm, kid), _token(algorithm, None)):
        for _ in range(2):
            answer = await _get(consumer, token)
            assert answer.status_code == 200
            assert (await answer.get_json())["sub"] == "ann"


async def test_our_own_tokens_stay_our_own(consumer: Quart) -> None:
    """A token that names no other issuer is judged with our keys and our rules."""
    async with consumer.app_context():
        own = create_access_token("joe")
        with_issuer = create_access_token("joe", additional_claims={"iss": "us"})
        forged = create_access_token("joe", additional_claims={"iss": ISSUER})
    for token, status in ((own, 200), (with_issuer, 200), (forged, 422)):
        assert (await _get(consumer, token)).status_code == status


async def test_a_route_may_ask_for_one_issuer(consumer: Quart) -> None:
    """What one route takes, another need not."""
    async with consumer.app_context():
        ours = create_access_token("joe", additional_claims={"iss": "us"})
    for path, token, status in (
        ("/ours", ours, 200),
        ("/ours", _token(), 422),
        ("/theirs", ours, 422),
        ("/theirs", _token(), 200),
    ):
        assert (await _get(consumer, token, path)).status_code == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"exp": START + 1}, 200),
        ({"exp": START}, 401),
        ({"aud": "order"}, 422),
        ({"aud": None}, 422),
        ({"aud": ["x", "orders"]}, 200),
        ({"iss": f"{ISSUER}/"}, 422),
        ({"iss": None}, 422),
        ({"iss": [ISSUER]}, 422),
        ({"sub": None}, 422),
        ({"nbf": START + 5}, 200),
        ({"nbf": START + 6}, 422),
        ({"type": "refresh"}, 422),
    ],
)
async def test_the_issuers_rules_count(
    consumer: Quart, changes: dict[str, Any], status: int
) -> None:
    """Its audience, its times and its name are judged as our own would be."""
    headers: dict[str, str] = {"kid": "a"}
    claims = {**CLAIMS, **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    # Written by hand: PyJWT would not write what is no string.
    token = pyjwt.api_jws.encode(
        json.dumps(kept).encode(),
        key_material.private("RS256"),
        "RS256",
        headers,
    )

    assert (await _get(consumer, token)).status_code == status


@pytest.mark.parametrize(
    "token",
    [
        _token("RS256", "b"),
        _token("RS256", "nobody"),
        _token("RS384", "a"),
        _token("PS256", "a"),
        _token("HS256", "a"),
        _token("EdDSA", "a"),
    ],
    ids=["other-key", "unknown-key", "other-hash", "pss", "hmac", "other-kind"],
)
async def test_the_issuers_keys_are_for_their_algorithm(
    consumer: Quart, token: str
) -> None:
    """A kid picks one key, and the key says what it is used for."""
    assert (await _get(consumer, token)).status_code == 422


async def test_another_issuers_refresh_token_refreshes_nothing(
    consumer: Quart,
) -> None:
    """Neither does its access token."""
    for token in (_token(type="refresh"), _token()):
        answer = await _get(consumer, token, "/refresh")
        assert answer.status_code == 422


async def test_leeway_is_the_issuers(make_consumer: MakeApp, clock: Clock) -> None:
    """Its clock may differ by more than ours."""
    app = make_consumer(leeway=timedelta(seconds=10))
    async with app.test_app():
        clock.now = START + 69
        assert (await _get(app, _token())).status_code == 200
        clock.now = START + 70
        assert (await _get(app, _token())).status_code == 401


async def test_profile_is_the_issuers(make_consumer: MakeApp) -> None:
    """An issuer of RFC 9068's tokens can be held to it."""
    app = make_consumer(profile="rfc9068")
    full = {**CLAIMS, "client_id": "web", "iat": START}
    headers = {"kid": "a", "typ": "at+jwt"}
    good = pyjwt.encode(full, key_material.private("RS256"), "RS256", headers)
    async with app.test_app():
        assert (await _get(app, good)).status_code == 200
        assert (await _get(app, _token())).status_code == 422


async def test_a_thousand_requests_at_the_start_are_one_fetch(
    consumer: Quart, server: JwksServer
) -> None:
    """They come before there is a set, over the whole app (G04)."""
    asking = [_get(consumer, _token(jti=f"{n}")) for n in range(1_000)]
    answers = await asyncio.gather(*asking)

    assert {answer.status_code for answer in answers} == {200}
    assert len(server.requests) == 1


async def test_a_flood_of_unknown_kids_causes_no_fetch(
    consumer: Quart, server: JwksServer
) -> None:
    """Inside of the cooldown the issuer hears nothing of it (G03)."""
    assert (await _get(consumer, _token())).status_code == 200
    flood = [_get(consumer, _token(kid=f"no-{n}")) for n in range(200)]
    answers = await asyncio.gather(*flood)

    assert {answer.status_code for answer in answers} == {422}
    assert len(server.requests) == 1


async def test_an_unknown_kid_without_an_issuer_asks_nobody(
    consumer: Quart, server: JwksServer
) -> None:
    """The iss chooses whom to ask, and this one names nobody we know."""
    for changes in ({"iss": "https://other.example"}, {"iss": None}):
        answer = await _get(consumer, _token(kid="nobody", **changes))
        assert answer.status_code == 422

    assert len(server.requests) <= 1  # the one at the start


async def test_a_key_that_was_taken_back_ends_its_tokens(
    consumer: Quart, server: JwksServer
) -> None:
    """Also those that were remembered (G07)."""
    token = _token()
    assert (await _get(consumer, token)).status_code == 200
    server.answer = sends({"keys": [jwk("ES256", kid="b")]})
    await _keys(consumer).refresh()

    assert (await _get(consumer, token)).status_code == 422


async def test_no_keys_is_503(make_consumer: MakeApp, server: JwksServer) -> None:
    """A view and a gateway hear that it is not the client's fault."""
    server.answer = sends(b"", "500 Internal Server Error")
    app = make_consumer()
    lane = ForwardAuth(app.extensions["quart-jwt"])
    async with app.test_app():
        answer = await _get(app, _token())
        reply = await ask(lane, "/", headers={"Authorization": f"Bearer {_token()}"})
        async with app.app_context():
            ours = create_access_token("joe")
        assert (await _get(app, ours)).status_code == 200

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert await answer.get_json() == {
        "msg": "The keys of the issuer are not available"
    }
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")


async def test_a_server_that_hangs_holds_up_nobody_else(
    make_consumer: MakeApp, server: JwksServer
) -> None:
    """The start does not wait for it, nor do our own tokens; its own are told."""
    released = asyncio.Event()

    async def held(writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    server.answer = held
    app = make_consumer(timeout=60)
    async with app.test_app():
        async with app.app_context():
            ours = create_access_token("joe")
        waiting = asyncio.create_task(_get(app, _token()))
        assert (await _get(app, ours)).status_code == 200
        assert not waiting.done()
        released.set()
        assert (await waiting).status_code == 503


async def test_decode_token_does_not_wait(consumer: Quart, server: JwksServer) -> None:
    """The sync function says so before there are keys, and works afterwards."""
    fresh = Quart("fresh")
    fresh.config.update(consumer.config)
    JWTManager(fresh, clock=Clock())
    async with fresh.app_context():
        with pytest.raises(RuntimeError, match="await decode_token_async"):
            decode_token(_token())
        assert (await decode_token_async(_token()))["sub"] == "ann"
        assert decode_token(_token(jti="2"))["sub"] == "ann"
        await key_sources_of(fresh).close()


async def test_keys_outlive_a_change_of_another_setting(
    consumer: Quart, server: JwksServer
) -> None:
    """What has nothing to do with the issuer costs no fetch."""
    assert (await _get(consumer, _token())).status_code == 200
    consumer.config["JWT_COOKIE_SECURE"] = True
    assert (await _get(consumer, _token())).status_code == 200
    assert len(server.requests) == 1


async def test_an_issuer_that_was_removed_counts_no_more(
    consumer: Quart, server: JwksServer
) -> None:
    """From the next request, remembered tokens included."""
    token = _token()
    assert (await _get(consumer, token)).status_code == 200
    keys = _keys(consumer)
    consumer.config["JWT_ISSUERS"] = {}
    assert (await _get(consumer, token)).status_code == 422
    fetches = len(server.requests)
    keys._start_planned()  # as its timer would
    assert not keys._is_fetching()
    assert len(server.requests) == fetches


async def test_a_key_hook_is_for_our_own_tokens(consumer: Quart) -> None:
    """An issuer's tokens are verified with its keys, whatever hooks there are."""
    manager: JWTManager = consumer.extensions["quart-jwt"]
    asked: list[Any] = []

    @manager.decode_key_loader
    def secret(_header: dict[str, Any], claims: dict[str, Any]) -> str:
        asked.append(claims)
        return "x" * 64

    assert (await _get(consumer, _token())).status_code == 200
    assert asked == []


async def test_discovery_is_the_default(
    make_app: MakeApp, server: JwksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a URL the issuer's own metadata are asked where they have to be."""
    name = server.url
    server.pages["/.well-known/openid-configuration"] = sends(
        {"issuer": name, "jwks_uri": f"{name}/keys"}
    )
    app = make_app(JWT_ISSUERS={name: {"audience": "orders", "allow_http": True}})
    async with app.test_app():
        assert (await _get(app, _token(iss=name))).status_code == 200

    assert [request.split(" ")[1] for request in server.requests] == [
        "/.well-known/openid-configuration",
        "/keys",
    ]


GOOD = {"jwks_uri": "https://id.example/keys", "audience": "orders"}
MISTAKES: dict[str, tuple[Any, str]] = {
    "no-dict": ([ISSUER], "must be a dict"),
    "no-options": ({ISSUER: "https://id.example/keys"}, "a dict$"),
    "no-name": ({"": GOOD}, "an issuer must be a string"),
    "number": ({5: GOOD}, "an issuer must be a string"),
    "no-audience": ({ISSUER: {"jwks_uri": "https://a.b"}}, "set the audience"),
    "misspelt": ({ISSUER: {**GOOD, "jwks_url": "x"}}, "did you mean jwks_uri"),
    "unknown": ({ISSUER: {**GOOD, "zzz": 1}}, "'zzz' is not an option$"),
    "http": ({ISSUER: {**GOOD, "jwks_uri": "http://a.b"}}, "jwks_uri is not an https"),
    "file": ({ISSUER: {**GOOD, "jwks_uri": "file:///k"}}, "is not an https URL"),
    "no-url": ({"id.example": {"audience": None}}, "discovery_uri is not an https"),
    "both": (
        {ISSUER: {**GOOD, "discovery_uri": "https://a.b"}},
        "jwks_uri and discovery_uri are both set",
    ),
    "hmac": ({ISSUER: {**GOOD, "algorithms": ["HS256"]}}, "must be asymmetric"),
    "none": ({ISSUER: {**GOOD, "algorithms": "none"}}, "must be asymmetric"),
    "no-algorithm": ({ISSUER: {**GOOD, "algorithms": []}}, "must be asymmetric"),
    "leeway": ({ISSUER: {**GOOD, "leeway": "10"}}, "leeway must be seconds"),
    "negative": ({ISSUER: {**GOOD, "cooldown": -1}}, "cooldown must be seconds"),
    "bool": ({ISSUER: {**GOOD, "stale_limit": True}}, "stale_limit must be seconds"),
    "profile": ({ISSUER: {**GOOD, "profile": "oidc"}}, "a profile is"),
    "loader": ({ISSUER: {"audience": None, "key_loader": "pem"}}, "must be a function"),
    "two-sources": ({ISSUER: {**GOOD, "key_loader": print}}, "key_loader and an addr"),
}


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_mistake_is_told_at_the_start(make_app: MakeApp, name: str) -> None:
    """The sentence names the issuer and what is wrong; nothing is fetched."""
    value, reason = MISTAKES[name]
    with pytest.raises(ConfigurationError, match=reason):
        await make_app(JWT_ISSUERS=value).startup()


@pytest.mark.parametrize("option", ["JWT_ENCODE_ISSUER", "JWT_DECODE_ISSUER"])
async def test_we_are_not_another_issuer(make_app: MakeApp, option: str) -> None:
    """A name that stands for us cannot stand for somebody else's keys."""
    app = make_app(JWT_ISSUERS={ISSUER: GOOD}, **{option: ISSUER})
    with pytest.raises(ConfigurationError, match="this app needs an issuer of its own"):
        await app.startup()


async def test_without_httpx_the_extra_is_named(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who sets it without the library is told what to install."""
    monkeypatch.setattr(issuers, "find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'quart-jwt\[jwks\]'"):
        await make_app(JWT_ISSUERS={ISSUER: GOOD}).startup()


async def test_an_unknown_issuer_is_named_as_the_fault(consumer: Quart) -> None:
    """A token of an issuer that is not configured is not said to have a bad ``alg``."""
    unknown = await _get(consumer, _token(iss="https://else.example"))
    known = await _get(consumer, _token("RS384"))

    assert (await unknown.get_json())["msg"] == "Invalid issuer"
    assert (await known.get_json())["msg"] == "The specified alg value is not allowed"
    assert {unknown.status_code, known.status_code} == {422}


@pytest.mark.parametrize("purpose", ["password-reset", "download"])
async def test_another_issuer_makes_no_tokens_for_our_purposes(
    consumer: Quart, purpose: str
) -> None:
    """Whatever type it writes into them: its users could open our mail links."""

    @consumer.get("/once")
    @jwt_required(purpose=purpose)
    async def once() -> str:
        return "opened"

    @consumer.get("/any-type")
    @jwt_required(verify_type=False)
    async def any_type() -> str:
        return "opened"

    assert (await _get(consumer, _token(type=purpose), "/once")).status_code == 422
    refresh = await _get(consumer, _token(type="refresh"), "/any-type")
    assert refresh.status_code == 422
    assert (await _get(consumer, _token(), "/any-type")).status_code == 200
