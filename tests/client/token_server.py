"""
A server that gives tokens, rotates them, and can be told to misbehave.

It stands on the extension and on a clock that the test moves. A refresh token counts
until its successor has been used: a lost answer can be asked for again, a stolen
token cannot be used later.
"""

import asyncio
from collections import Counter
from email.utils import formatdate
from typing import Any

from quart import jsonify
from quart import Quart
from quart import request
from quart import Response

from clock import Clock
from extension.apps import SECRET
from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import set_access_cookies
from quart_jwt import set_refresh_cookies

CREDENTIALS = {"username": "ada", "password": "lovelace"}
LIFE_S = 900


class TokenServer:
    """
    The server and what was asked of it.

    Attributes:
        app: The application.
        clock: Its clock.
        asked: How often each path was asked.
        answers: For a path, the answers to give in place of the real one, in order.
        refreshed: The ids of the refresh tokens that were used, in order.
        held: While it is not set, the refresh answers nobody.
        holding: Set when somebody waits for that.
    """

    def __init__(self, clock: Clock, **settings: Any) -> None:
        self.clock = clock
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, list[tuple[str, int]]] = {}
        self.refreshed: list[str] = []
        self.held = asyncio.Event()
        self.held.set()
        self.holding = asyncio.Event()
        self._used: set[str] = set()
        self.app = Quart(__name__)
        self.app.config.update(
            JWT_SECRET_KEY=SECRET,
            JWT_ACCESS_TOKEN_EXPIRES=LIFE_S,
            JWT_TOKEN_LOCATION=["headers", "cookies"],
            **settings,
        )
        JWTManager(self.app, clock=clock)
        self.app.before_request(self._before)
        self.app.after_request(self._after)
        self.app.post("/login")(self.login)
        self.app.post("/refresh")(jwt_required(refresh=True)(self.refresh))
        methods = {"methods": ["GET", "POST"]}
        self.app.route("/me", **methods)(jwt_required()(self.me))

    async def _before(self) -> Any:
        self.asked[request.path] += 1
        waiting = self.answers.get(request.path)
        if waiting:
            body, status = waiting.pop(0)
            return Response(body, status, content_type="application/json")
        return None

    async def _after(self, response: Response) -> Response:
        response.headers["Date"] = formatdate(self.clock(), usegmt=True)
        return response

    async def login(self) -> Any:
        """Credentials for a new session."""
        body = await request.get_json()
        if {name: body.get(name) for name in CREDENTIALS} != CREDENTIALS:
            return jsonify(msg="Wrong user name or password"), 401
        return self._tokens(cookies="cookies" in body)

    async def refresh(self) -> Any:
        """A refresh token for a new pair, as long as its successor is unused."""
        if not self.held.is_set():
            self.holding.set()
            await self.held.wait()
        claims = get_jwt()
        self.refreshed.append(claims["jti"])
        if claims["jti"] in self._used:
            return jsonify(msg="Token has been revoked"), 401
        if "parent" in claims:
            self._used.add(claims["parent"])
        return self._tokens(
            parent=claims["jti"], cookies="Authorization" not in request.headers
        )

    async def me(self) -> Any:
        """Whose token it is."""
        return jsonify(name=get_jwt_identity(), jti=get_jwt()["jti"])

    def _tokens(self, parent: str | None = None, *, cookies: bool) -> Response:
        claims = {"parent": parent} if parent else None
        access = create_access_token("ada")
        refresh = create_refresh_token("ada", additional_claims=claims)
        if not cookies:
            return jsonify(access_token=access, refresh_token=refresh)
        response = jsonify(cookies=True)
        set_access_cookies(response, access)
        set_refresh_cookies(response, refresh)
        return response
