"""
Renewal at the gateway: a session goes on although its browser only loads pages.

A browser that sends no JavaScript requests never calls ``/refresh``. If the access
cookie of a question at ``/auth/verify`` is over and a refresh cookie came along, the
session is refreshed here, and the answer carries the new cookies with ``Set-Cookie``.

It asks the service's own ``/refresh``, so that the rules of rotation, of reuse and of
disabled users are those of every refresh. It needs no CSRF value of the client: only
GET and HEAD are renewed, the new cookies go to the browser that sent the old ones, and
nothing else changes. A page of another site can cause it and learns nothing.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from typing import cast

from hypercorn.typing import ASGIFramework
from hypercorn.typing import ASGIReceiveCallable
from hypercorn.typing import ASGIReceiveEvent
from hypercorn.typing import ASGISendCallable
from hypercorn.typing import ASGISendEvent
from hypercorn.typing import HTTPScope
from hypercorn.typing import Scope
from jwt.exceptions import PyJWTError
from quart import Quart

from quart_jwt import get_csrf_token
from quart_jwt.building_blocks import ForwardedPresentation
from quart_jwt.building_blocks import Forwarding
from quart_jwt.building_blocks import settings_of
from quart_jwt.building_blocks import SingleFlight
from quart_jwt.building_blocks import trusted_peers
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.service.ground.request_facts import request_facts
from quart_jwt.service.ground.values import VERIFY_PATH
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.web.routes import REFRESH_PATH

SAFE_METHODS = frozenset({"GET", "HEAD"})

RENEWABLE = frozenset({"missing_token", "token_expired", "token_revoked"})
"""
Refusals that a refresh can mend. A change of roles revokes access tokens, and the
session goes on; a session that has ended is refused by the refresh.
"""

FOREIGN = ("Authorization", "Sec-WebSocket-Key", "Upgrade")
"""Headers of API clients and websockets, which would lose the new cookies."""

JOIN_WITHIN_S = 60.0
"""A refresh that takes longer is not waited for by those who come later."""

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class _Refreshed:
    """
    What ``/refresh`` answered.

    Attributes:
        status: Its status.
        set_cookies: The headers with the new cookies.
    """

    status: int
    set_cookies: Headers


class Renewal:
    """
    Wraps the lane that answers a gateway's questions.

    Args:
        lane: Answers at ``/auth/verify``, and passes other requests on.
        refreshing: Answers at ``/refresh``.
        app: The app whose tokens they are.
        settings: The settings of the service.
    """

    def __init__(
        self,
        lane: ASGIFramework,
        refreshing: ASGIFramework,
        *,
        app: Quart,
        settings: Settings,
    ) -> None:
        self._lane = lane
        self._refreshing = refreshing
        self._app = app
        gateway = settings.gateway
        self._forwarding = Forwarding(
            is_trusted=trusted_peers(gateway.trusted),
            pass_preflight=False,
            method_header=gateway.method_header,
            uri_header=gateway.uri_header,
        )
        address = settings.proxies.address_header or ""
        self._told = {b"host", b"user-agent", address.lower().encode("ascii")}
        self._running = SingleFlight(time.monotonic, lambda: JOIN_WITHIN_S)

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Handle one connection; an answer that is not 401 passes at once."""
        if scope["type"] != "http" or not _is_question(scope):
            await self._lane(scope, receive, send)
            return
        refused: list[Any] = []

        async def hold_refusal(event: ASGISendEvent) -> None:
            if refused or event.get("status") == HTTPStatus.UNAUTHORIZED:
                refused.append(event)
            else:
                await send(event)

        await self._lane(scope, receive, hold_refusal)
        if not refused:
            return
        refreshed = await self._refreshed(scope, refused)
        if refreshed is None:
            for event in refused:
                await send(event)
        elif refreshed.set_cookies:
            await self._ask_again(scope, send, refreshed)
        else:
            await _answer_unavailable(send)

    async def _refreshed(
        self, scope: HTTPScope, refused: list[Any]
    ) -> _Refreshed | None:
        """Refresh the session once for all questions with one token, or return None."""
        token = self._refresh_token(scope)
        if token is None or _code_of(refused) not in RENEWABLE:
            return None
        facts = request_facts()
        route = None if facts is None else facts.route
        refreshed: _Refreshed = await self._running.ask(
            token, lambda: self._refresh(scope, token)
        )
        if facts is not None:
            facts.route = route  # metrics are of the question, not of its refresh
        is_known = refreshed.set_cookies or refreshed.status >= HTTPStatus(500)
        return refreshed if is_known else None

    def _refresh_token(self, scope: HTTPScope) -> str | None:
        """Return the refresh token of a question that may be renewed."""
        shown = ForwardedPresentation(scope, self._forwarding)
        client = scope.get("client")
        if not self._forwarding.is_trusted(client[0] if client else ""):
            return None
        if shown.method not in SAFE_METHODS or any(map(shown.header, FOREIGN)):
            return None
        try:
            return shown.cookie(settings_of(self._app).refresh_cookie_name)
        except (JWTExtendedException, PyJWTError):  # two of them: a neighbour's is one
            return None

    async def _refresh(self, scope: HTTPScope, token: str) -> _Refreshed:
        """Ask ``/refresh`` as the browser's own page would."""
        names = settings_of(self._app)
        async with self._app.app_context():
            try:
                csrf = get_csrf_token(token)
            except (JWTExtendedException, PyJWTError, KeyError):
                return _Refreshed(HTTPStatus.UNAUTHORIZED, [])
        headers: Headers = [
            *(pair for pair in scope["headers"] if pair[0] in self._told),
            (b"cookie", f"{names.refresh_cookie_name}={token}".encode("ascii")),
            (names.refresh_csrf_header_name.lower().encode(), csrf.encode("ascii")),
            (b"content-length", b"0"),
        ]
        path = scope.get("root_path", "") + REFRESH_PATH
        asking = {
            **scope,
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
        }
        start: dict[str, Any] = {"status": HTTPStatus.SERVICE_UNAVAILABLE}
        answered = asyncio.Event()

        async def note(event: ASGISendEvent) -> None:
            if event["type"] == "http.response.start":
                start.update(event)
            elif event["type"] == "http.response.body" and not event["more_body"]:
                answered.set()

        await self._refreshing(cast("HTTPScope", asking), _without_body(answered), note)
        if start["status"] != HTTPStatus.OK:
            return _Refreshed(start["status"], [])
        cookies = [pair for pair in start["headers"] if _is_set_cookie(pair)]
        return _Refreshed(HTTPStatus.OK, cookies)

    async def _ask_again(
        self, scope: HTTPScope, send: ASGISendCallable, refreshed: _Refreshed
    ) -> None:
        """Answer the question for the new access token, whatever the answer is."""
        name = settings_of(self._app).access_cookie_name
        kept = [pair for pair in scope["headers"] if pair[0] != b"cookie"]
        cookie = (b"cookie", _value_of(name, refreshed.set_cookies))
        asking = cast("HTTPScope", {**scope, "headers": [*kept, cookie]})

        async def send_with_cookies(event: ASGISendEvent) -> None:
            if event["type"] == "http.response.start":
                headers = [*event["headers"], *refreshed.set_cookies]
                event = {**event, "headers": headers}
            await send(event)

        await self._lane(asking, _gone, send_with_cookies)


def _is_question(scope: HTTPScope) -> bool:
    asked = scope["path"].removeprefix(scope.get("root_path", ""))
    return asked == VERIFY_PATH or asked.startswith(f"{VERIFY_PATH}/")


def _code_of(refused: list[Any]) -> str:
    body = b"".join(event.get("body", b"") for event in refused)
    try:
        return str(json.loads(body)["code"])
    except (ValueError, TypeError, KeyError):
        return ""


def _is_set_cookie(pair: tuple[bytes, bytes]) -> bool:
    return bytes(pair[0]).lower() == b"set-cookie"


def _value_of(name: str, set_cookies: Headers) -> bytes:
    """Return ``name=value`` of a cookie that was set."""
    begin = f"{name}=".encode("ascii")
    found = (bytes(value) for _, value in set_cookies if value.startswith(begin))
    return next(found).partition(b";")[0]


def _without_body(answered: asyncio.Event) -> ASGIReceiveCallable:
    """Give the events of a request without a body; who asks waits for the answer."""
    events: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> ASGIReceiveEvent:
        if events:
            return cast("ASGIReceiveEvent", events.pop())
        await answered.wait()
        return await _gone()

    return receive


async def _gone() -> ASGIReceiveEvent:
    return {"type": "http.disconnect"}


async def _answer_unavailable(send: ASGISendCallable) -> None:
    """The session may well live: signing in again is not what helps."""
    headers = [(b"retry-after", b"1"), (b"content-length", b"0")]
    start: Any = {"type": "http.response.start", "status": 503, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
