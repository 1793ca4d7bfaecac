"""What really waits: session stores and the keys of other issuers, in sync views."""

import asyncio
import json
import threading
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from flask import jsonify
from flask import Response
from werkzeug.test import Client

import key_material
from flask_apps import bearer
from flask_apps import make_app
from flask_apps import SECRET
from quart_jwt import MemoryStore
from quart_jwt.clock import system_time
from quart_jwt.exceptions import StoreError
from quart_jwt.flask import create_token_pair
from quart_jwt.flask import Flask
from quart_jwt.flask import get_jwt_identity
from quart_jwt.flask import jwt_required
from quart_jwt.flask import JWTManager
from quart_jwt.flask import list_sessions
from quart_jwt.flask import revoke_all_for
from quart_jwt.flask import revoke_family
from quart_jwt.flask import rotate_refresh_token
from quart_jwt.flask.background_loop import background_loop
from quart_jwt.flask.waiting import wait
from stores.jwks_server import sends
from stores.jwks_server import serving
from through_asgi import Call
from through_asgi import on_the_loop
from through_asgi import scope_of
from tokens.test_jwk import jwk

ClientFor = Callable[[Flask], Client]


def add_views(app: Flask) -> None:
    """Sign in, refresh, sign out, and a protected view: all sync."""

    @app.post("/login")
    def login() -> Any:
        pair = create_token_pair("ada")
        return {"access": pair.access_token, "refresh": pair.refresh_token}

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh() -> Any:
        pair = rotate_refresh_token()
        return {"access": pair.access_token, "refresh": pair.refresh_token}

    @app.get("/me")
    @jwt_required()
    def me() -> Any:
        return {"user": get_jwt_identity(), "sessions": len(list_sessions("ada"))}

    @app.post("/logout")
    @jwt_required()
    def logout() -> Any:
        revoke_family()
        return jsonify(done=True)


def carrying(token: str) -> dict[str, str]:
    """The header with a token."""
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_session_lives_and_ends_in_sync_views(
    client_for: ClientFor, kind: str, tmp_path: Path
) -> None:
    """The store is opened by the first request, where no server has done it."""
    url = (
        "memory://"
        if kind == "memory"
        else f"sqlite+aiosqlite:///{tmp_path}/sessions.db"
    )
    app = make_app(JWT_STORE_URL=url, JWT_STORE_TIMEOUT=30)
    add_views(app)
    client = client_for(app)
    try:
        pair = client.post("/login").get_json()
        me = client.get("/me", headers=carrying(pair["access"]))
        assert me.get_json() == {"user": "ada", "sessions": 1}

        second = client.post("/refresh", headers=carrying(pair["refresh"])).get_json()
        assert client.get("/me", headers=carrying(second["access"])).status_code == 200

        headers = carrying(second["access"])
        assert client.post("/logout", headers=headers).get_json() == {"done": True}
        assert client.get("/me", headers=headers).status_code == 401
        ended = client.post("/refresh", headers=carrying(second["refresh"]))
        assert ended.status_code == 401
    finally:
        _shut_down(app, client_for)


def _shut_down(app: Flask, client_for: ClientFor) -> None:
    shutdown = app.quart.shutdown()
    if client_for.__name__ == "client_of":
        on_the_loop(shutdown)
    else:
        asyncio.run_coroutine_threadsafe(shutdown, background_loop()).result(60)


def test_a_store_that_is_away_refuses(client_for: ClientFor) -> None:
    """503, and the view does not run."""
    app, ran = make_app(JWT_STORE_URL="memory://"), list[int]()
    add_views(app)

    @app.get("/ran")
    @jwt_required()
    def view() -> str:
        ran.append(1)
        return "open"

    class AwayError(StoreError):
        """Whatever is asked."""

    client = client_for(app)
    pair = client.post("/login").get_json()
    headers = carrying(pair["access"])
    assert client.get("/ran", headers=headers).status_code == 200
    sessions: Any = _settings(app).sessions

    async def fails(*_args: Any, **_options: Any) -> bool:
        raise AwayError

    sessions.store.is_revoked, sessions.is_known_good = fails, lambda _token: False
    _settings(app).gates.clear()

    assert client.get("/ran", headers=headers).status_code == 503
    assert ran == [1]
    _shut_down(app, client_for)


def _settings(app: Flask) -> Any:
    return app.extensions["quart-jwt.settings"](app.config)


def test_a_stream_ends_when_its_session_does(client_for: ClientFor) -> None:
    """Revoked between two pieces, the rest is not sent."""
    app = make_app(JWT_STORE_URL="memory://")
    add_views(app)

    @app.get("/stream")
    @jwt_required()
    def stream() -> Response:
        def pieces() -> Iterator[str]:
            yield "first"
            with app.app_context():
                revoke_all_for("ada")
            for _ in range(100_000):  # the feed has to be read
                yield "."
            raise AssertionError("the stream went on")

        return Response(pieces())

    client = client_for(app)
    pair = client.post("/login").get_json()

    body = client.get("/stream", headers=carrying(pair["access"])).text

    assert body.startswith("first")
    _shut_down(app, client_for)


def test_keys_of_another_issuer_are_fetched(client_for: ClientFor) -> None:
    """A sync view waits for them on the loop."""
    stop, urls, issuer = threading.Event(), list[str](), "https://id.example"
    ready = threading.Event()

    async def serve() -> None:
        keys = json.loads(json.dumps([jwk("RS256", kid="a")]))
        async with serving(sends({"keys": keys})) as server:
            urls.append(server.url)
            ready.set()
            await asyncio.to_thread(stop.wait, 60)

    served = threading.Thread(target=asyncio.run, args=(serve(),))
    served.start()
    try:
        assert ready.wait(60)
        said = {"jwks_uri": urls[0], "audience": "orders", "allow_http": True}
        app = make_app(JWT_ISSUERS={issuer: {**said, "algorithms": ["RS256"]}})
        app.get("/")(jwt_required(issuer=issuer)(get_jwt_identity))
        token = pyjwt.encode(
            {
                "iss": issuer,
                "aud": "orders",
                "sub": "ann",
                "jti": "1",
                "exp": system_time() + 60,
            },
            key_material.private("RS256"),
            "RS256",
            {"kid": "a"},
        )

        client = client_for(app)

        assert client.get("/", headers=carrying(token)).text == "ann"
        assert client.get("/", headers=bearer(app)).status_code != 200
        _shut_down(app, client_for)
    finally:
        stop.set()
        served.join(60)


def test_a_command_signs_out() -> None:
    """Without any request, on the background loop."""
    app = make_app(JWT_STORE_URL="memory://")
    add_views(app)
    client = app.test_client()
    pair = client.post("/login").get_json()

    @app.cli.command("sign-out")
    def sign_out() -> None:
        from quart_jwt.flask import revoke_all_for

        revoke_all_for("ada")

    result = app.test_cli_runner().invoke(args=["sign-out"])

    assert result.exit_code == 0, result.output
    assert client.get("/me", headers=carrying(pair["access"])).status_code == 401
    wait(app.quart.shutdown())


def test_requests_that_come_at_once_start_the_app_once() -> None:
    """Without a lifespan, the first of them starts it, and the others wait."""
    app = Flask("shop")
    app.config["JWT_SECRET_KEY"] = SECRET
    JWTManager(app, store=MemoryStore())
    starts = list[int]()

    @app.quart.before_serving
    async def start() -> None:
        starts.append(1)
        await asyncio.sleep(0)

    @app.get("/async")
    async def in_async() -> str:
        return "started"

    @app.get("/sync")
    def in_sync() -> str:
        return "started"

    calls = [Call() for _ in range(6)]

    async def scenario() -> None:
        await asyncio.gather(
            *(
                app.asgi_app(scope_of(path), call.receive, call.send)
                for call, path in zip(calls, ["/async", "/sync"] * 3, strict=True)
            )
        )

    on_the_loop(scenario())

    assert [call.body for call in calls] == [b"started"] * 6
    assert starts == [1]
