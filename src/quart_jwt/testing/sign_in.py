"""
Tokens as the app would make them, with a fault or without, and who carries them.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from typing import Literal

from quart import Quart
from quart.typing import TestClientProtocol
from werkzeug.datastructures import Headers

from quart_jwt.extension.hooks.calling import call
from quart_jwt.extension.hooks.loaders import Hook
from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.request.current import manager_of
from quart_jwt.extension.request.current import settings_of
from quart_jwt.extension.sessions.revoke import revoke_token
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.tokens.create import create_access_token_async
from quart_jwt.extension.tokens.create import create_refresh_token_async
from quart_jwt.testing.issuers import issued_elsewhere
from quart_jwt.testing.issuers import issuer_of
from quart_jwt.testing.stand_ins import FakeBlocklist
from quart_jwt.tokens.codec import parse
from quart_jwt.typing import Claims

Fault = Literal["expired", "not_yet_valid", "wrong_type", "wrong_key", "revoked"]
"""What can be wrong with a token."""

HOUR_S = 3600


async def make_token(
    app: Quart,
    identity: Any = "tester",
    *,
    refresh: bool = False,
    fresh: bool = False,
    claims: Claims | None = None,
    expires_in_s: float | None = None,
    fault: Fault | None = None,
) -> str:
    """
    Make a token as the app would, or an issuer of ``JWT_ISSUERS``.

    ``claims={"iss": ...}`` with such an issuer makes its token: from then on its keys
    in the app are the test kit's, and nothing is fetched.

    Args:
        app: The app, with its ``JWTManager``.
        identity: Whom it speaks for, before the app's identity hook.
        refresh: A refresh token instead of an access token.
        fresh: Whether an access token is fresh.
        claims: Additional claims; they win over the hook's, and over what the settings
            say of an issuer.
        expires_in_s: Its life in seconds; the app's setting if None.
        fault: What is wrong with it: ``"expired"``, ``"not_yet_valid"``,
            ``"wrong_type"`` (the other of access and refresh), ``"wrong_key"``, or
            ``"revoked"`` (in the app's session store, or by an answer before its
            blocklist hook is asked).
    """
    jwt, settings = manager_of(app), settings_of(app)
    claims = dict(claims or {})
    leeway_s = settings.expectation_of(claims).leeway_s
    if fault == "expired":
        expires_in_s = -leeway_s - 1
    if fault == "not_yet_valid":
        claims["nbf"] = int(jwt.clock() + leeway_s) + HOUR_S
    refresh = refresh != (fault == "wrong_type")
    issuer = issuer_of(settings, claims)
    if issuer is not None:
        claims = {"type": "refresh"} | claims if refresh else {"fresh": fresh} | claims
        token = await issued_elsewhere(
            issuer, settings, identity, claims, now=jwt.clock(), life_s=expires_in_s
        )
    else:
        token = await _issued(app, identity, claims, refresh, fresh, expires_in_s)
    if fault == "wrong_key":
        return _resigned(token)
    if fault == "revoked":
        await _revoke(app, token)
    return token


async def _issued(
    app: Quart,
    identity: Any,
    claims: Claims,
    refresh: bool,
    fresh: bool,
    life_s: float | None,
) -> str:
    delta = None if life_s is None else timedelta(seconds=life_s)
    async with app.app_context():
        if refresh:
            return await create_refresh_token_async(identity, delta, claims)
        return await create_access_token_async(identity, fresh, delta, claims)


async def auth_headers(
    app: Quart, identity: Any = "tester", **of: Any
) -> dict[str, str]:
    """
    Give the headers of a request that carries a token, where the app looks first.

    In a cookie it has its CSRF value beside it. The arguments are ``make_token``'s.

    Raises:
        ValueError: The app looks for tokens in neither headers nor cookies.
    """
    settings = settings_of(app)
    token = await make_token(app, identity, **of)
    for place in settings.locations:
        if place == "headers":
            value = f"{settings.header_type or ''} {token}".strip()
            return {settings.header_name: value}
        if place == "cookies":
            return _cookie_headers(settings, token, refresh=of.get("refresh", False))
    raise ValueError("The app takes tokens neither from headers nor from cookies")


async def authenticated_client(
    app: Quart, identity: Any = "tester", **of: Any
) -> TestClientProtocol:
    """
    Give a test client that sends a token with every request and handshake.

    A header of the same name that a request brings itself wins. The arguments are
    ``make_token``'s.
    """
    client = app.test_client()
    headers = await auth_headers(app, identity, **of)
    for name in ("open", "request", "websocket"):
        setattr(client, name, _carrying(getattr(client, name), headers))
    return client


class _Revocations:
    """What ``make_token`` has revoked, asked before the app's own hook."""

    def __init__(self, hook: Hook | None) -> None:
        self._hook = hook
        self._fake = FakeBlocklist()
        self.revoke = self._fake.revoke

    async def __call__(self, header: Claims, claims: Claims) -> Any:
        if await self._fake(header, claims):
            return True
        return await call(self._hook, header, claims) if self._hook else False


async def _revoke(app: Quart, token: str) -> None:
    """Where the app will look: in its session store, unless it has a hook."""
    jwt = manager_of(app)
    if jwt.verifying.blocklist is not None or settings_of(app).sessions is None:
        _revocations(jwt).revoke(token)
        return
    async with app.app_context():
        await revoke_token(token)


def _revocations(jwt: Loaders) -> _Revocations:
    hook = jwt.verifying.blocklist
    if not isinstance(hook, _Revocations):
        hook = jwt.token_in_blocklist_loader(_Revocations(hook))
    return hook


def _resigned(token: str) -> str:
    """The same token with a signature that no key has made."""
    signing_input = token.rpartition(".")[0]
    signature = secrets.token_bytes(len(parse(token).signature))
    text = urlsafe_b64encode(signature).rstrip(b"=").decode("ascii")
    return f"{signing_input}.{text}"


def _cookie_headers(settings: Settings, token: str, *, refresh: bool) -> dict[str, str]:
    name = settings.refresh_cookie_name if refresh else settings.access_cookie_name
    headers = {"Cookie": f"{name}={token}"}
    csrf = parse(token).claims.get("csrf")
    if csrf is not None:
        headers[settings.csrf_names(refresh=refresh)[0]] = csrf
    return headers


def _carrying(send: Callable[..., Any], auth: dict[str, str]) -> Callable[..., Any]:
    def send_with_token(path: str, *, headers: Any = None, **options: Any) -> Any:
        merged = Headers(auth)
        merged.update(headers or {})
        return send(path, headers=merged, **options)

    return send_with_token
