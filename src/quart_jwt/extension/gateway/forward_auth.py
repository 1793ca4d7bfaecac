"""
The ASGI lane: forward-auth for gateways, answered before Quart is entered.

A gateway asks about a request that it holds back; the same ``verify`` as
everywhere decides. Gateways understand 200, 401 and 403, so there is nothing
else, but for 503 when a hook or its store fails.
"""

import json
import logging
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from jwt.exceptions import ExpiredSignatureError
from quart import Quart
from werkzeug.exceptions import HTTPException

from quart_jwt.exceptions import CSRFError
from quart_jwt.exceptions import error_code
from quart_jwt.exceptions import InsufficientScopeError
from quart_jwt.exceptions import KeysUnavailableError
from quart_jwt.exceptions import NoAuthorizationError
from quart_jwt.exceptions import StoreError
from quart_jwt.exceptions import UnmetRequirementError
from quart_jwt.exceptions import UserClaimsVerificationError
from quart_jwt.extension.gate import open_gate
from quart_jwt.extension.gateway.forward_gate import complete
from quart_jwt.extension.gateway.forward_gate import ForwardGate
from quart_jwt.extension.gateway.forward_gate import Headers
from quart_jwt.extension.gateway.forwarded import ForwardedPresentation
from quart_jwt.extension.gateway.forwarded import Forwarding
from quart_jwt.extension.gateway.forwarded import headers_of
from quart_jwt.extension.gateway.peers import LOOPBACK
from quart_jwt.extension.gateway.peers import trusted_peers
from quart_jwt.extension.gateway.unread_body import answer_unread
from quart_jwt.extension.manager import JWTManager
from quart_jwt.extension.request.current import settings_of
from quart_jwt.extension.request.current import Verified
from quart_jwt.extension.request.refused import REFUSALS
from quart_jwt.extension.request.refused import tell_refused
from quart_jwt.extension.request.requirement import required_names
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.verify import verify
from quart_jwt.tokens.scopes import required_scopes
from quart_jwt.typing import LocationType

Send = Callable[[Any], Awaitable[None]]

RETRY_AFTER_S = b"1"

QUESTIONS = frozenset({"http", "websocket"})
"""The ASGI scopes that ask something; lifespan is the server's."""

FORBIDDEN = (CSRFError, UnmetRequirementError, UserClaimsVerificationError)
"""Refusals that signing in again would not mend."""

_logger = logging.getLogger("quart_jwt")


class ForwardAuth:
    """
    An ASGI application that answers a gateway's question, and a middleware.

    Hooks run with the app's context, and without a request: there is none.

    Args:
        jwt: The manager.
        app: The app whose settings and context count; may be left out if the
            manager has exactly one.
        path: Where the middleware answers; every path below it counts, too.
        identity_headers: Response headers and the claim that each carries, in
            visible ASCII, anything else percent-encoded; the identity in
            ``X-Auth-Subject`` if None.
        trusted: Addresses and networks of the gateways to trust.
        pass_preflight: Let OPTIONS requests pass without a token, for upstreams
            that answer CORS preflights themselves. Only for a gateway that sets
            ``method_header``: if it forwards the client's header, any client could
            claim to send a preflight.
        method_header: The request header in which the gateway puts the original
            method: ``X-Forwarded-Method`` (Traefik, Caddy), what you configured
            for nginx, or None if it calls with the original method (Envoy).
            Without a trusted method, a cookie needs its CSRF value.
        uri_header: The same for the original path and query.
        locations: Where to look for the token; ``JWT_TOKEN_LOCATION`` if None.
        skip_revocation_check: Do not ask the blocklist.
        issuer: Require a token of this issuer, or of one of several.
        audience: Require this audience, or one of several.
        scopes: Require all of these scopes; otherwise the response is 403.

    Raises:
        ValueError: ``trusted`` has something that is no network, or a scope is none.
        RuntimeError: ``app`` is missing and the manager has not exactly one.
    """

    def __init__(
        self,
        jwt: JWTManager,
        app: Quart | None = None,
        *,
        path: str = "/auth/verify",
        identity_headers: Mapping[str, str] | None = None,
        trusted: Iterable[str] = LOOPBACK,
        pass_preflight: bool = False,
        method_header: str | None = "X-Forwarded-Method",
        uri_header: str | None = "X-Forwarded-Uri",
        locations: LocationType = None,
        skip_revocation_check: bool = False,
        issuer: str | Iterable[str] | None = None,
        audience: str | Iterable[str] | None = None,
        scopes: str | Iterable[str] | None = None,
    ) -> None:
        self._jwt = jwt
        self._app = app or jwt.only_app()
        self._path = path.rstrip("/")
        self._names = {
            name.lower().encode("ascii"): claim
            for name, claim in (identity_headers or {}).items()
        }
        self._forwarding = Forwarding(
            is_trusted=trusted_peers(trusted),
            pass_preflight=pass_preflight,
            method_header=method_header,
            uri_header=uri_header,
        )
        self._requirement = Requirement(
            locations=locations,
            skip_revocation_check=skip_revocation_check,
            issuer=required_names(issuer),
            audience=required_names(audience),
            scopes=required_scopes(scopes),
        )

    def wrap(self, inner: Callable[..., Awaitable[None]]) -> Callable[..., Any]:
        """
        Give an ASGI application that answers at ``path``, and ``inner`` the rest.

        ::

            app.asgi_app = ForwardAuth(jwt).wrap(app.asgi_app)
        """
        path, below = self._path, f"{self._path}/"

        async def lane(scope: Any, receive: Any, send: Send) -> None:
            asked = _path_in_app(scope)
            ours = asked == path or asked.startswith(below)
            if ours and scope["type"] in QUESTIONS:
                await self(scope, receive, send)
            else:
                await inner(scope, receive, send)

        return lane

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """Answer one question; the body of the request is never read."""
        if scope["type"] == "http":
            gate = settings_of(self._app).gates.get(self)
            known = gate.answer(scope) if gate else None
            if known is not None:
                await _send(send, "http", 200, *known)
                return
        elif scope["type"] == "lifespan":
            await _live(receive, send)
            return
        presentation = ForwardedPresentation(scope, self._forwarding)
        try:
            status, headers, body = await self._decide(presentation)
        except KeysUnavailableError:
            status, headers, body = 503, [(b"retry-after", RETRY_AFTER_S)], b""
        except REFUSALS as exc:
            await tell_refused(self._app, settings_of(self._app), exc)
            status, headers, body = self._refusal(exc)
        except StoreError as exc:
            _tell_undecided(exc)
            status, headers, body = exc.status, [(b"retry-after", RETRY_AFTER_S)], b""
        except HTTPException as exc:  # a hook that aborts
            status, headers, body = _aborted(exc)
        except Exception as exc:  # noqa: BLE001 - told below
            # Whatever a hook raises, the gateway must not take it for a "yes".
            _tell_undecided(exc)
            status, headers, body = 503, [(b"retry-after", RETRY_AFTER_S)], b""
        answering = _answer(scope["type"], send, status, headers, body)
        await answer_unread(scope, receive, answering)

    async def _decide(
        self, presentation: ForwardedPresentation
    ) -> tuple[int, Headers, bytes]:
        settings = settings_of(self._app)
        names = self._names or {b"x-auth-subject": settings.identity_claim_key}
        if presentation.is_exempt():
            verified = Verified(None, None, settings.identity_claim_key)
        else:
            verified = await self._verified(presentation, settings)
            gate = partial(ForwardGate, self._jwt, settings, self._requirement)
            how = partial(gate, forwarding=self._forwarding, names=names)
            open_gate(self._jwt, settings, self, how)
            presentation.judge_required(verified.claim)
        asked = presentation.accepts_json()
        body = _json({"sub": verified.identity()}) if asked else b""
        return 200, headers_of(names, verified.claim), body

    async def _verified(
        self, presentation: ForwardedPresentation, settings: Settings
    ) -> Verified:
        if not self._jwt.has_questions:
            return await verify(self._jwt, settings, presentation, self._requirement)
        async with self._app.app_context():
            return await verify(self._jwt, settings, presentation, self._requirement)

    def _refusal(self, exc: Exception) -> tuple[int, Headers, bytes]:
        key = settings_of(self._app).error_msg_key
        message = "Token has expired" if _has_expired(exc) else str(exc)
        body = _json({key: message, "code": error_code(exc)})
        if isinstance(exc, InsufficientScopeError):
            return 403, [(b"www-authenticate", exc.challenge.encode("ascii"))], body
        if isinstance(exc, FORBIDDEN):
            return 403, [], body
        return 401, [(b"www-authenticate", _challenge(exc))], body


def _path_in_app(scope: Any) -> str:
    """Return the path without the prefix that the app is mounted at (``root_path``)."""
    path: str = scope.get("path", "")
    prefix = scope.get("root_path", "")
    if prefix and path.startswith(prefix + "/"):
        return path[len(prefix) :]
    return path


def _tell_undecided(exc: Exception) -> None:
    """One line for a store that is away, as every question finds it; else more."""
    if getattr(exc, "status", None) == HTTPStatus.SERVICE_UNAVAILABLE:
        _logger.warning("Forward-auth could not decide: %s", exc)
    else:
        _logger.error("Forward-auth could not decide", exc_info=exc)


def _aborted(exc: HTTPException) -> tuple[int, Headers, bytes]:
    if exc.code == HTTPStatus.FORBIDDEN:
        return HTTPStatus.FORBIDDEN, [], b""
    if exc.code == HTTPStatus.UNAUTHORIZED:
        challenge = (b"www-authenticate", b'Bearer error="invalid_token"')
        return HTTPStatus.UNAUTHORIZED, [challenge], b""
    return HTTPStatus.SERVICE_UNAVAILABLE, [(b"retry-after", RETRY_AFTER_S)], b""


def _has_expired(exc: Exception) -> bool:
    return isinstance(exc, ExpiredSignatureError)


def _challenge(exc: Exception) -> bytes:
    """RFC 6750 §3: no error code for a request without credentials."""
    if isinstance(exc, NoAuthorizationError):
        return b"Bearer"
    return b'Bearer error="invalid_token"'


def _json(value: Any) -> bytes:
    return json.dumps(value).encode("ascii")


async def _live(receive: Any, send: Send) -> None:
    """Start and stop with the server (ASGI lifespan): there is nothing to open."""
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


async def _answer(
    kind: str, send: Send, status: int, headers: Headers, body: bytes
) -> None:
    # Caddy forwards an upgrade as one: it gets its answer before the handshake.
    prefix = "websocket.http" if kind == "websocket" else "http"
    await _send(send, prefix, status, complete(headers, body), body)


async def _send(
    send: Send, prefix: str, status: int, headers: Headers, body: bytes
) -> None:
    start = f"{prefix}.response.start"
    await send({"type": start, "status": status, "headers": headers})
    await send({"type": f"{prefix}.response.body", "body": body, "more_body": False})
