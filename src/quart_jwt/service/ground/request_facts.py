"""
What a log line says of the request that it belongs to: its id, and whose token came.

The id is the gateway's ``X-Request-ID`` if it is a plain short word, and ours
otherwise. It is read only when it is needed: a request to ``/auth/verify``, which is
not logged, pays for one small object.
"""

import re
import secrets
from collections.abc import Callable
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line does without a server
    from hypercorn.typing import ASGIFramework
    from hypercorn.typing import ASGIReceiveCallable
    from hypercorn.typing import ASGISendCallable
    from hypercorn.typing import ASGISendEvent
    from hypercorn.typing import Scope

HEADER = b"x-request-id"
FACTS = "quart_jwt.request_facts"
"""Where the access log finds the facts, in the ASGI scope."""

Observe = Callable[[str | None, int, float], None]
"""Takes the route of a request, its status (0 if the client left) and its seconds."""

NO_CLAIMS: Mapping[str, Any] = {}

_PLAIN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_STARTS = {"http.response.start", "websocket.http.response.start"}


class RequestFacts:
    """
    The facts of one request.

    Attributes:
        claims: Those of the token that it came with, if they were noted.
        find_claim: Finds a claim of the token that was verified, if there is one.
        forwarded_address: The client's address, if a trusted proxy says it.
        route: The rule of the application that the path matched, if one did.
        observe: Takes how long the request took; None if it was told, or nothing
            measures it.
    """

    __slots__ = (
        *("_id", "_scope", "claims", "find_claim", "forwarded_address"),
        *("observe", "route"),
    )

    def __init__(self, scope: Any, observe: Observe | None = None) -> None:
        self._scope = scope
        self._id: str | None = None
        self.claims: Mapping[str, Any] = NO_CLAIMS
        self.find_claim: Callable[[str], Any] | None = None
        self.forwarded_address: str | None = None
        self.route: str | None = None
        self.observe = observe

    @property
    def request_id(self) -> str:
        """The id, the same each time."""
        if self._id is None:
            self._id = _given_id(self._scope) or secrets.token_hex(8)
        return self._id

    @property
    def peer(self) -> str | None:
        """The address at the other end, if it has one."""
        client = self._scope.get("client")
        return client[0] if client else None

    @property
    def address(self) -> str | None:
        """The client's address: the peer's, or what a trusted proxy says."""
        return self.forwarded_address or self.peer

    @property
    def user_agent(self) -> str | None:
        """The ``User-Agent`` header, if there is one."""
        for name, value in self._scope["headers"]:
            if name == b"user-agent":
                return str(value, "latin-1")
        return None

    def claim(self, name: str) -> str | None:
        """Return a claim of the token, if there is one and it is a text."""
        value = self.claims.get(name)
        if not self.claims and self.find_claim is not None:
            value = self.find_claim(name)
        return value if isinstance(value, str) else None


_current: ContextVar[RequestFacts | None] = ContextVar("request_facts", default=None)


def request_facts() -> RequestFacts | None:
    """Return the facts of the request that is being answered; None outside of any."""
    return _current.get()


def note_claims(claims: Mapping[str, Any]) -> None:
    """Remember the token of this request, by its verified claims."""
    facts = _current.get()
    if facts is not None:
        facts.claims = claims


def note_address(address: str) -> None:
    """Remember the client's address, as a trusted proxy says it."""
    facts = _current.get()
    if facts is not None:
        facts.forwarded_address = address


class RequestIds:
    """
    An ASGI layer: every request gets its facts, and its answer ``X-Request-ID``.

    Args:
        app: The application.
        without: Answers at this path, and below, carry no id: they are a gateway's.
        observe: Takes how long each request took.
    """

    def __init__(
        self, app: "ASGIFramework", *, without: str, observe: Observe | None = None
    ) -> None:
        self._app = app
        self._observe = observe
        self._without = without

    async def __call__(
        self, scope: "Scope", receive: "ASGIReceiveCallable", send: "ASGISendCallable"
    ) -> None:
        """Handle one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        facts = RequestFacts(scope, self._observe)
        scope[FACTS] = facts  # type: ignore[literal-required] # ASGI lets applications add keys
        before = _current.set(facts)
        try:
            if scope["path"].startswith(self._without):
                facts.route = self._without  # unless Quart says another
            else:
                send = _telling(facts.request_id.encode("ascii"), send)
            await self._app(scope, receive, send)
        finally:
            _current.reset(before)


def _telling(request_id: bytes, send: "ASGISendCallable") -> "ASGISendCallable":
    async def tell(event: "ASGISendEvent") -> None:
        if event["type"] in _STARTS:
            headers = event["headers"]  # type: ignore[typeddict-item] # the two in _STARTS have it
            event["headers"] = [*headers, (HEADER, request_id)]  # type: ignore[typeddict-unknown-key]
        await send(event)

    return tell


def _given_id(scope: Any) -> str | None:
    for name, value in scope["headers"]:
        if name == HEADER and _PLAIN.fullmatch(value):
            return str(value, "ascii")
    return None
