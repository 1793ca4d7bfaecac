"""An app with a session store, and a client that walks through its sessions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from quart import jsonify
from quart import Quart
from quart import request

from clock import Clock
from extension.apps import SECRET
from quart_jwt import create_token_pair
from quart_jwt import get_jwt
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import list_sessions
from quart_jwt import revoke_all_for
from quart_jwt import revoke_family
from quart_jwt import revoke_token
from quart_jwt import rotate_refresh_token
from quart_jwt import set_access_cookies
from quart_jwt import set_refresh_cookies
from quart_jwt import Store
from quart_jwt import TokenPair

MakeSessionApp = Callable[..., Quart]


def session_app(clock: Clock, store: Store | None, **settings: Any) -> Quart:
    """An app in which every function of sessions has a route."""
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
    app.config["JWT_STORE_TIMEOUT"] = 30  # for a loaded machine
    app.config.update(settings)
    JWTManager(app, clock=clock, store=store)
    _add_tokens(app)
    _add_endings(app)
    _add_pages(app)
    return app


def _add_tokens(app: Quart) -> None:
    @app.post("/login")
    async def login() -> Any:
        wanted = await request.get_json()
        pair = await create_token_pair(wanted.pop("user", "ada"), **wanted)
        return _answer(pair, cookies="cookies" in request.args)

    @app.post("/refresh")
    @jwt_required(refresh=True)
    async def refresh() -> Any:
        wanted = await request.get_json(silent=True) or {}
        pair = await rotate_refresh_token(**wanted)
        return _answer(pair, cookies=get_jwt_request_location() == "cookies")

    @app.post("/refresh-unchecked")
    @jwt_required(refresh=True, skip_revocation_check=True)
    async def refresh_unchecked() -> Any:
        pair = await rotate_refresh_token()
        return _answer(pair, cookies=get_jwt_request_location() == "cookies")


def _add_endings(app: Quart) -> None:
    @app.post("/logout")
    @jwt_required(verify_type=False)
    async def logout() -> Any:
        return jsonify(ended=await revoke_family())

    @app.post("/logout/all")
    @jwt_required()
    async def logout_all() -> Any:
        wanted = await request.get_json(silent=True) or {}
        return jsonify(ended=await revoke_all_for(**wanted))

    @app.post("/revoke")
    @jwt_required(verify_type=False)
    async def revoke() -> Any:
        await revoke_token(**(await request.get_json(silent=True) or {}))
        return jsonify(revoked=True)

    @app.delete("/sessions/<session_id>")
    @jwt_required()
    async def end(session_id: str) -> Any:
        identity = get_jwt()["sub"]
        return jsonify(ended=await revoke_family(session_id, identity=identity))


def _add_pages(app: Quart) -> None:
    @app.get("/sessions")
    @jwt_required()
    async def sessions() -> Any:
        return jsonify([_shown(one) for one in await list_sessions()])

    @app.get("/protected")
    @jwt_required()
    async def protected() -> Any:
        return jsonify(get_jwt())

    @app.get("/fresh")
    @jwt_required(fresh=True)
    async def fresh() -> Any:
        return jsonify(get_jwt())


def _answer(pair: TokenPair, *, cookies: bool) -> Any:
    if not cookies:
        return jsonify(
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            session_id=pair.session_id,
            access_expires_at=pair.access_expires_at,
            refresh_expires_at=pair.refresh_expires_at,
        )
    response = jsonify(session_id=pair.session_id)
    set_access_cookies(response, pair.access_token)
    set_refresh_cookies(response, pair.refresh_token)
    return response


def _shown(session: Any) -> dict[str, Any]:
    return {name: str(getattr(session, name)) for name in session.__slots__}


@dataclass(frozen=True, slots=True)
class Walker:
    """Walks through the sessions of an app, with tokens in the header."""

    app: Quart

    async def log_in(self, user: str = "ada", **wanted: Any) -> Any:
        """Sign in; gives what the app answers."""
        response = await self.app.test_client().post(
            "/login", json={"user": user, **wanted}
        )
        assert response.status_code == 200
        return await response.get_json()

    async def ask(
        self, method: str, path: str, token: str, json: Any = None
    ) -> tuple[int, Any]:
        """Send a token; gives the status and the body."""
        client: Any = self.app.test_client()
        response = await client.open(
            path,
            method=method,
            json=json,
            headers={"Authorization": f"Bearer {token}"},
        )
        return response.status_code, await response.get_json()

    async def status(self, token: str, path: str = "/protected") -> int:
        """Ask for a page with a token; gives the status."""
        return (await self.ask("GET", path, token))[0]

    async def refresh(
        self, token: str, path: str = "/refresh", **wanted: Any
    ) -> tuple[int, Any]:
        """Exchange a refresh token."""
        return await self.ask("POST", path, token, wanted or None)
