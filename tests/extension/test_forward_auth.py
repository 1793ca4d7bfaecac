"""The ASGI lane: what gateways ask, and the only answers they get."""

import json
from typing import Any
from urllib.parse import unquote

import pytest
from quart import abort
from quart import current_app
from quart import Quart

from extension.apps import MakeApp
from extension.apps import Mint
from extension.asgi import ask
from extension.asgi import Reply
from quart_jwt import create_access_token
from quart_jwt import ForwardAuth
from quart_jwt import get_csrf_token
from quart_jwt import JWTManager
from quart_jwt.exceptions import StoreError

TRUSTED = ("10.0.0.7", 4711)
STRANGER = ("192.0.2.1", 4711)


async def _token(app: Quart, **options: Any) -> str:
    async with app.app_context():
        return create_access_token(options.pop("identity", "joe"), **options)


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Quart:
    """An app with every location that a gateway can forward."""
    app = make_app(JWT_TOKEN_LOCATION=["headers", "cookies", "query_string"])
    lane = ForwardAuth(
        app.extensions["quart-jwt"], trusted=["10.0.0.0/24"], pass_preflight=True
    )
    app.asgi_app = lane.wrap(app.asgi_app)  # type: ignore[method-assign]
    return app


async def test_accepted(app: Quart, bearer: Mint) -> None:
    """A good token gets 200, an empty body, and the identity in a header."""
    reply = await ask(app, "/auth/verify", headers=await bearer())
    assert reply == Reply(
        200,
        {
            "cache-control": "no-store",
            "content-length": "0",
            "x-auth-subject": "joe",
        },
        b"",
    )


@pytest.mark.parametrize("path", ["/auth/verify", "/auth/verify/", "/auth/verify/a/b"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "PURGE"])
async def test_any_method_and_any_suffix(
    app: Quart, bearer: Mint, path: str, method: str
) -> None:
    """Envoy appends the original path and calls with the original method."""
    reply = await ask(app, path, method=method, headers=await bearer())
    assert reply.status == 200


@pytest.mark.parametrize("path", ["/", "/auth", "/auth/verifying", "/auth/verif"])
async def test_other_paths_are_the_apps(app: Quart, path: str, bearer: Mint) -> None:
    """Only the lane's own path is answered by it."""
    assert (await ask(app, path, headers=await bearer())).status == 404
    assert (await ask(app, "/protected", headers=await bearer())).status == 200


async def test_without_a_token(app: Quart) -> None:
    """No token gets 401 and a bare challenge (RFC 6750 §3)."""
    reply = await ask(app, "/auth/verify")
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "x-auth-subject" not in reply.headers
    assert "Missing JWT" in json.loads(reply.body)["msg"]


@pytest.mark.parametrize(
    "token", ["garbage", "a.b.c", "x" * 9000, "\xff", "a.b", ""], ids=repr
)
async def test_bad_tokens(app: Quart, token: str) -> None:
    """Whatever is wrong with a token, the answer is 401, and never repeats it."""
    reply = await ask(app, "/auth/verify", headers={"Authorization": f"Bearer {token}"})
    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert len(token) < 4 or token.encode("latin-1") not in reply.body


async def test_expired_and_refresh_tokens(app: Quart, bearer: Mint, clock: Any) -> None:
    """An expired token and a refresh token open nothing."""
    refresh, access = await bearer(refresh=True), await bearer()
    assert (await ask(app, "/auth/verify", headers=refresh)).status == 401
    clock.advance(15 * 60)
    reply = await ask(app, "/auth/verify", headers=access)
    assert (reply.status, reply.headers["www-authenticate"]) == (
        401,
        'Bearer error="invalid_token"',
    )


async def test_hooks_are_asked_within_the_apps_context(
    app: Quart, bearer: Mint
) -> None:
    """The lane asks the hooks that views ask, with the app's context."""
    jwt: JWTManager = app.extensions["quart-jwt"]
    seen: list[str] = []

    @jwt.token_in_blocklist_loader
    def revoked(_header: Any, claims: Any) -> bool:
        seen.append(current_app.name)
        return bool(claims.get("gone"))

    good, gone = await bearer(), await bearer(additional_claims={"gone": True})
    assert (await ask(app, "/auth/verify", headers=good)).status == 200
    assert (await ask(app, "/auth/verify", headers=gone)).status == 401
    assert seen == [app.name] * 2


async def test_failed_verification_hook_is_forbidden(app: Quart, bearer: Mint) -> None:
    """Who is known and may not gets 403."""
    jwt: JWTManager = app.extensions["quart-jwt"]
    jwt.token_verification_loader(lambda *_: False)
    assert (await ask(app, "/auth/verify", headers=await bearer())).status == 403


async def test_failing_hook_is_unavailable(
    app: Quart, bearer: Mint, caplog: pytest.LogCaptureFixture
) -> None:
    """A hook whose store is away gets 503 with Retry-After, never 200."""
    jwt: JWTManager = app.extensions["quart-jwt"]

    @jwt.token_in_blocklist_loader
    async def revoked(_header: Any, _claims: Any) -> bool:
        raise ConnectionError("the store is away")

    headers = await bearer()
    reply = await ask(app, "/auth/verify", headers=headers)
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    assert "the store is away" in caplog.text
    assert headers["Authorization"].split()[1] not in caplog.text


async def test_a_store_that_is_away_is_one_line(
    app: Quart, bearer: Mint, caplog: pytest.LogCaptureFixture
) -> None:
    """Every question finds it away, so there is a line for each and no traceback."""
    jwt: JWTManager = app.extensions["quart-jwt"]

    @jwt.token_in_blocklist_loader
    async def revoked(_header: Any, _claims: Any) -> bool:
        raise StoreError("the store is away")

    reply = await ask(app, "/auth/verify", headers=await bearer())
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")
    (record,) = [each for each in caplog.records if each.name == "quart_jwt"]
    assert (record.levelname, record.exc_info) == ("WARNING", None)


@pytest.mark.parametrize(
    ("raised", "status", "challenged"),
    [(401, 401, True), (403, 403, False), (404, 503, False), (500, 503, False)],
)
async def test_a_hook_that_aborts(
    app: Quart, bearer: Mint, raised: int, status: int, challenged: bool
) -> None:
    """``abort(401)`` and ``abort(403)`` mean what they say, any other is a fault."""
    jwt: JWTManager = app.extensions["quart-jwt"]
    jwt.token_verification_loader(lambda *_: abort(raised))
    reply = await ask(app, "/auth/verify", headers=await bearer())
    assert reply.status == status
    assert ("www-authenticate" in reply.headers) is challenged


FORWARDED_METHODS = [
    ("GET", TRUSTED, False, 200),
    ("HEAD", TRUSTED, False, 200),
    ("POST", TRUSTED, False, 403),
    ("POST", TRUSTED, True, 200),
    ("DELETE", TRUSTED, False, 403),
    (None, TRUSTED, False, 403),
    (None, TRUSTED, True, 200),
    ("GET", STRANGER, False, 403),
    ("GET", None, False, 403),
    ("GET", ("::ffff:10.0.0.7", 1), False, 200),
    ("GET", ("nonsense", 1), False, 403),
    ("nonsense", TRUSTED, False, 403),
    ("GET, POST", TRUSTED, False, 403),
]


@pytest.mark.parametrize(("method", "peer", "with_csrf", "status"), FORWARDED_METHODS)
async def test_csrf_by_the_original_method(
    app: Quart, method: str | None, peer: Any, with_csrf: bool, status: int
) -> None:
    """A cookie needs its CSRF value unless a trusted gateway says "safe method"."""
    token = await _token(app)
    async with app.app_context():
        csrf = get_csrf_token(token)
    headers = {"Cookie": f"a=b; access_token_cookie={token}"}
    headers |= {"X-Forwarded-Method": method} if method else {}
    headers |= {"X-CSRF-TOKEN": csrf} if with_csrf else {}
    reply = await ask(app, "/auth/verify", headers=headers, peer=peer)
    assert reply.status == status


@pytest.mark.parametrize(
    ("peer", "status"), [(TRUSTED, 200), (STRANGER, 401)], ids=["trusted", "stranger"]
)
async def test_preflight(app: Quart, peer: Any, status: int) -> None:
    """OPTIONS passes without a token if a trusted gateway says so, as nobody."""
    headers = {"X-Forwarded-Method": "OPTIONS"}
    reply = await ask(app, "/auth/verify", headers=headers, peer=peer)
    assert reply.status == status
    assert reply.headers.get("x-auth-subject", "") == ""


async def test_own_options_call_is_not_a_preflight(app: Quart) -> None:
    """The gateway's own method says nothing where a header should."""
    reply = await ask(app, "/auth/verify", method="OPTIONS", peer=TRUSTED)
    assert reply.status == 401


async def test_gateway_that_calls_with_the_original_method(make_app: MakeApp) -> None:
    """Envoy's way: no header, the method and the query are the call's own."""
    app = make_app(JWT_TOKEN_LOCATION=["cookies", "query_string"])
    jwt = app.extensions["quart-jwt"]
    lane = ForwardAuth(jwt, method_header=None, uri_header=None, pass_preflight=True)
    token = await _token(app)
    cookie = {"Cookie": f"access_token_cookie={token}", "X-Forwarded-Method": "GET"}
    assert (await ask(lane, "/x", method="GET", headers=cookie)).status == 200
    assert (await ask(lane, "/x", method="POST", headers=cookie)).status == 403
    assert (await ask(lane, "/x", method="OPTIONS")).status == 200
    assert (await ask(lane, "/x", query=f"jwt={token}")).status == 200


@pytest.mark.parametrize(
    ("uri", "peer", "status"),
    [
        ("/page?a=1&jwt={token}", TRUSTED, 200),
        ("https://example.com/page?jwt={token}", TRUSTED, 200),
        ("/page?jwt={token}", STRANGER, 401),
        ("/page", TRUSTED, 401),
        ("http://[", TRUSTED, 401),
    ],
)
async def test_token_in_the_original_query(
    app: Quart, uri: str, peer: Any, status: int
) -> None:
    """A token in the original query counts where a trusted gateway forwards it."""
    headers = {"X-Forwarded-Uri": uri.format(token=await _token(app))}
    reply = await ask(app, "/auth/verify", headers=headers, peer=peer)
    assert reply.status == status


async def test_identity_headers_of_the_client_are_not_believed(app: Quart) -> None:
    """What a client sends as an identity is neither read nor sent back."""
    headers = {"X-Auth-Subject": "root"}
    reply = await ask(app, "/auth/verify", headers=headers)
    assert reply.status == 401
    assert "root" not in str(reply)


async def test_identity_headers(make_app: MakeApp) -> None:
    """Claims go into headers as visible ASCII, all of them on every 200."""
    app = make_app()
    names = {"X-Sub": "sub", "X-Roles": "roles", "X-Age": "age", "X-None": "none"}
    lane = ForwardAuth(app.extensions["quart-jwt"], identity_headers=names)
    claims = {"roles": ["a", "ü"], "age": 5}
    token = await _token(app, identity="j\r\noe 100%", additional_claims=claims)
    reply = await ask(lane, "/", headers={"Authorization": f"Bearer {token}"})
    sent = {name: reply.headers[name.lower()] for name in names}
    assert sent == {
        "X-Sub": "j%0D%0Aoe%20100%25",
        "X-Roles": "a %C3%BC",
        "X-Age": "5",
        "X-None": "",
    }


async def test_identity_claim_by_setting(make_app: MakeApp) -> None:
    """The identity header carries the configured identity claim."""
    app = make_app(JWT_IDENTITY_CLAIM="uid")
    lane = ForwardAuth(app.extensions["quart-jwt"])
    headers = {"Authorization": f"Bearer {await _token(app)}"}
    reply = await ask(lane, "/", headers={**headers, "Accept": "application/json"})
    assert reply.headers["x-auth-subject"] == "joe"
    assert json.loads(reply.body) == {"sub": "joe"}


async def test_body_is_never_read(app: Quart, bearer: Mint) -> None:
    """Ten announced megabytes do not keep the gateway waiting."""
    headers = {**await bearer(), "Content-Length": "10000000"}
    reply = await ask(app, "/auth/verify", method="POST", headers=headers)
    assert reply.status == 200


@pytest.mark.parametrize("with_token", [True, False])
async def test_websocket_upgrade(app: Quart, bearer: Mint, with_token: bool) -> None:
    """An upgrade that a gateway forwards as one gets an HTTP answer."""
    headers = await bearer() if with_token else {}
    reply = await ask(app, "/auth/verify", kind="websocket", headers=headers)
    assert reply.status == (200 if with_token else 401)


async def test_lifespan_is_the_apps(app: Quart) -> None:
    """What is no request goes to the app."""
    async with app.test_app():
        assert app.extensions["quart-jwt"]


async def test_json_location_is_not_there(make_app: MakeApp) -> None:
    """A gateway forwards no body, so the json location is empty."""
    app = make_app(JWT_TOKEN_LOCATION=["json", "cookies"], JWT_CSRF_CHECK_FORM=True)
    lane = ForwardAuth(app.extensions["quart-jwt"])
    reply = await ask(lane, "/", headers={"Content-Type": "application/json"})
    assert reply.status == 401
    cookie = {"Cookie": f"access_token_cookie={await _token(app)}"}
    assert (await ask(lane, "/", headers=cookie)).status == 403


def test_app_has_to_be_known() -> None:
    """A manager without exactly one app needs to be told which."""
    with pytest.raises(RuntimeError, match="pass the app"):
        ForwardAuth(JWTManager())


async def test_one_of_several_apps(make_app: MakeApp) -> None:
    """A manager of two apps judges by the settings of the one that was named."""
    first, second = make_app(), Quart("second")
    jwt: JWTManager = first.extensions["quart-jwt"]
    second.config["JWT_SECRET_KEY"] = "the second secret, which is long enough"
    jwt.init_app(second)
    headers = {"Authorization": f"Bearer {await _token(second)}"}
    statuses = [
        (await ask(ForwardAuth(jwt, app), "/", headers=headers)).status
        for app in (first, second)
    ]
    assert statuses == [401, 200]


def test_trusted_has_to_be_networks(make_app: MakeApp) -> None:
    """A typing error in the trusted networks is found at once."""
    with pytest.raises(ValueError, match="nonsense"):
        ForwardAuth(make_app().extensions["quart-jwt"], trusted=["nonsense"])


async def test_preflight_is_not_believed_by_default(make_app: MakeApp) -> None:
    """One forgotten line in a gateway's configuration opens nothing."""
    lane = ForwardAuth(make_app().extensions["quart-jwt"])
    headers = {"X-Forwarded-Method": "OPTIONS"}
    assert (await ask(lane, "/", headers=headers)).status == 401


@pytest.mark.parametrize(("trusted", "status"), [([], 401), (["unix"], 200)])
@pytest.mark.parametrize("peer", [None, ("", 0)])
async def test_peer_without_an_address(
    make_app: MakeApp, trusted: list[str], peer: Any, status: int
) -> None:
    """A unix socket's peer is trusted if the settings say so, and else not."""
    lane = ForwardAuth(
        make_app().extensions["quart-jwt"], trusted=trusted, pass_preflight=True
    )
    headers = {"X-Forwarded-Method": "OPTIONS"}
    assert (await ask(lane, "/", headers=headers, peer=peer)).status == status


@pytest.mark.parametrize("name", [" joe", "joe ", "j oe", "%20joe"])
async def test_identities_differ_on_the_wire(make_app: MakeApp, name: str) -> None:
    """Servers strip blanks: no identity may turn into another by that."""
    app = make_app()
    lane = ForwardAuth(app.extensions["quart-jwt"], identity_headers={"X-S": "sub"})
    headers = {"Authorization": f"Bearer {await _token(app, identity=name)}"}
    sent = (await ask(lane, "/", headers=headers)).headers["x-s"]
    assert " " not in sent
    assert unquote(sent) == name


async def test_items_of_a_list_stay_apart(make_app: MakeApp) -> None:
    """One role with a blank in it is not two roles."""
    app = make_app()
    lane = ForwardAuth(app.extensions["quart-jwt"], identity_headers={"X-R": "roles"})
    sent = set()
    for roles in (["user admin"], ["user", "admin"]):
        token = await _token(app, additional_claims={"roles": roles})
        headers = {"Authorization": f"Bearer {token}"}
        sent.add((await ask(lane, "/", headers=headers)).headers["x-r"])
    assert sent == {"user%20admin", "user admin"}


async def test_identity_claim_that_changes_later(make_app: MakeApp) -> None:
    """The identity header follows the setting, as everything does."""
    app = make_app()
    lane = ForwardAuth(app.extensions["quart-jwt"])
    app.config["JWT_IDENTITY_CLAIM"] = "uid"
    headers = {"Authorization": f"Bearer {await _token(app)}"}
    assert (await ask(lane, "/", headers=headers)).headers["x-auth-subject"] == "joe"


async def test_application_by_itself_lives_with_its_server(make_app: MakeApp) -> None:
    """Served alone, the lane answers the server's lifespan."""
    lane = ForwardAuth(make_app().extensions["quart-jwt"])
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await lane({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_lifespan_of_the_app_behind_a_lane_at_the_root(make_app: MakeApp) -> None:
    """A lane that answers every path leaves the lifespan to the app."""
    app = make_app()
    lane = ForwardAuth(app.extensions["quart-jwt"], path="/")
    app.asgi_app = lane.wrap(app.asgi_app)  # type: ignore[method-assign]
    started: list[bool] = []
    app.before_serving(lambda: started.append(True))
    async with app.test_app():
        assert started == [True]


def test_known_peers_are_bounded() -> None:
    """The memory for addresses does not grow with the addresses."""
    from quart_jwt.extension.gateway import peers

    is_trusted = peers.trusted_peers(["10.0.0.0/8"])
    verdicts = [is_trusted(f"10.0.{n // 256}.{n % 256}") for n in range(5000)]
    known = is_trusted.__closure__[1].cell_contents  # type: ignore[index]
    assert all(verdicts)
    assert not is_trusted("192.0.2.1")
    assert not is_trusted("nonsense")
    assert len(known) <= peers.MAX_KNOWN_PEERS
