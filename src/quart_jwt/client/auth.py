"""
``JWTAuth``: what httpx asks before and after each request.
"""

import threading
from collections.abc import AsyncGenerator
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Literal

import httpx

from quart_jwt.client.carriers import Carrier
from quart_jwt.client.carriers import CookieCarrier
from quart_jwt.client.carriers import CookieNames
from quart_jwt.client.carriers import HeaderCarrier
from quart_jwt.client.exchange import Exchange
from quart_jwt.client.exchange import says_renew
from quart_jwt.client.exchange import UNAUTHORIZED
from quart_jwt.client.held_tokens import HeldTokens
from quart_jwt.client.server_clock import ServerClock
from quart_jwt.client.session import Session
from quart_jwt.client.token_store import MemoryTokenStore
from quart_jwt.client.token_store import TokenStore
from quart_jwt.client.waiting import Awaiting
from quart_jwt.client.waiting import Blocking
from quart_jwt.client.waiting import run
from quart_jwt.client.waiting import Waiting
from quart_jwt.clock import system_time

RENEW_AHEAD_S = 60.0
"""Long enough for a slow request that began with the token to end with it."""


class JWTAuth(httpx.Auth):
    """
    Signs in, sends the access token, and renews it: ahead of its end by the server's
    clock, and once more after a 401.

    One object serves any number of requests at once, of ``httpx.Client`` in threads
    or of ``httpx.AsyncClient`` in the tasks of one event loop; one of them renews.
    Tokens go to the server's own origin and to ``origins``, and nowhere else.

    A request whose body can be sent only once (a generator, an open file) is not
    repeated: its 401 is the answer, and the next request gets a new token.

    Args:
        url: The address of the server that gives tokens.
        credentials: The JSON object that the login is sent, such as ``{"username":
            "ada", "password": "…"}``; None if the store has a refresh token.
        login_path: Where the login is, below ``url``.
        refresh_path: Where the refresh is, below ``url``.
        location: How tokens travel: in the header, or in cookies with their CSRF
            value beside them.
        cookie_names: The names that the server uses for that.
        origins: Further origins that are sent the access token, such as
            ``"https://api.example.com"``.
        store: Keeps the tokens; in memory if None.
        client: Sends the requests for tokens, for its proxy, certificates or
            transport; it may be the one whose ``auth`` this is. A plain one is made
            for each if None.
        ahead_s: Seconds before its end at which an access token is renewed.
        clock: Gives the time in epoch seconds; tests move it.

    Raises:
        ValueError: ``url`` or one of ``origins`` is not absolute, or there is no such
            ``location``.
    """

    def __init__(
        self,
        url: str | httpx.URL,
        credentials: Mapping[str, Any] | None = None,
        *,
        login_path: str = "/login",
        refresh_path: str = "/refresh",
        location: Literal["headers", "cookies"] = "headers",
        cookie_names: CookieNames | None = None,
        origins: Iterable[str] = (),
        store: TokenStore | None = None,
        client: httpx.Client | httpx.AsyncClient | None = None,
        ahead_s: float = RENEW_AHEAD_S,
        clock: Callable[[], float] = system_time,
    ) -> None:
        base = str(url).rstrip("/")
        self._origins = frozenset(_origin(httpx.URL(one)) for one in (base, *origins))
        self._carrier = _carrier(location, cookie_names or CookieNames())
        renewing = threading.Lock()
        self._blocking = Blocking(client, renewing)
        self._awaiting = Awaiting(client, renewing)
        server_clock = ServerClock(clock)
        exchange = Exchange(
            login_url=httpx.URL(base + login_path),
            refresh_url=httpx.URL(base + refresh_path),
            credentials=credentials,
            carrier=self._carrier,
            clock=server_clock,
        )
        self._session = Session(
            exchange,
            MemoryTokenStore() if store is None else store,
            clock=clock,
            server_clock=server_clock,
            ahead_s=ahead_s,
        )

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """What ``httpx.Client`` runs for each request."""
        pair = run(self._before(request, self._blocking))
        response = yield request
        if run(self._after(request, pair, response, self._blocking)):
            yield request

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """What ``httpx.AsyncClient`` runs for each request."""
        pair = await self._before(request, self._awaiting)
        response = yield request
        if await self._after(request, pair, response, self._awaiting):
            yield request

    def forget(self) -> None:
        """Forget the tokens, as after a logout; the next request logs in."""
        run(self._session.forget(self._blocking))

    async def aforget(self) -> None:
        """Same as ``forget``, but for ``httpx.AsyncClient``."""
        await self._session.forget(self._awaiting)

    async def _before(
        self, request: httpx.Request, waiting: Waiting
    ) -> HeldTokens | None:
        """Put a token on a request, if it goes where tokens may go."""
        if _origin(request.url) not in self._origins:
            return None
        pair = await self._session.pair(waiting)
        self._carrier.put_access(request, pair.access)
        return pair

    async def _after(
        self,
        request: httpx.Request,
        pair: HeldTokens | None,
        response: httpx.Response,
        waiting: Waiting,
    ) -> bool:
        """Say whether a request has got another token, and is to be sent again."""
        if pair is None or response.status_code != UNAUTHORIZED:
            return False
        await waiting.read(response)
        if not says_renew(response):
            return False
        self._session.refuse(pair, response)
        if not isinstance(request.stream, httpx.ByteStream):
            return False
        return await self._before(request, waiting) is not None


def _carrier(location: Literal["headers", "cookies"], names: CookieNames) -> Carrier:
    match location:
        case "headers":
            return HeaderCarrier()
        case "cookies":
            return CookieCarrier(names)
    raise ValueError('location must be "headers" or "cookies"')


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """RFC 6454 §4: scheme, host and port, the scheme's own port being None."""
    if not url.host:
        raise ValueError("An address must be absolute, such as https://example.com")
    return url.scheme, url.host, url.port
