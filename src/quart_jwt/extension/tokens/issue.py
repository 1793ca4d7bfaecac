"""
Issuing tokens: one implementation for the sync and the async functions.

``issue`` is a coroutine either way; the sync functions run it by hand with a
caller that refuses async hooks, the awaitable twins run it on the loop and let
slow signatures (RSA) be made in a worker thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from functools import partial
from secrets import token_hex
from typing import Any

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.hooks.calling import Caller
from quart_jwt.extension.hooks.calling import Colour
from quart_jwt.extension.hooks.loaders import Hook
from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.request.current import settings_of
from quart_jwt.extension.sessions.claims import facts_of
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.signals import tell
from quart_jwt.extension.signals import token_issued
from quart_jwt.extension.tokens.json_provider import as_json
from quart_jwt.extension.tokens.json_provider import json_default
from quart_jwt.tokens.algorithms import SLOW_TO_SIGN
from quart_jwt.tokens.claims import check_issuable
from quart_jwt.tokens.claims import claims_of
from quart_jwt.tokens.claims import Layout
from quart_jwt.tokens.codec import sign
from quart_jwt.tokens.keys import signing_key
from quart_jwt.tokens.keys import SigningKey
from quart_jwt.tokens.profile import ACCESS_TYPE
from quart_jwt.tokens.profile import check_profile
from quart_jwt.typing import Claims
from quart_jwt.typing import ExpiresDelta
from quart_jwt.typing import Fresh


@dataclass(slots=True, kw_only=True)  # not frozen: that would take as long as the rest
class Order:
    """
    What the caller of ``create_access_token`` asked for.

    Attributes:
        token_type: ``"access"``, ``"refresh"``, or the purpose of the token.
        identity: Whom the token speaks for, before the identity hook.
        fresh: Fresh or not, until when, or for how long.
        expires_delta: Its life; False for no end, None for the configured one.
        additional_claims: Claims that win over the hook's.
        additional_headers: Header parameters that win over the hook's.
        pinned: Claims that win over everything, for a token of a session; None
            takes a claim out.
    """

    token_type: str
    identity: Any
    fresh: Fresh
    expires_delta: ExpiresDelta | None
    additional_claims: Claims | None
    additional_headers: Claims | None
    pinned: Claims | None = None


@dataclass(slots=True)
class Issued:
    """
    A token that was just made.

    Attributes:
        text: The encoded token.
        claims: What it says.
    """

    text: str = field(repr=False)
    claims: Claims = field(repr=False)


async def issue(jwt: Loaders, order: Order, colour: Colour) -> str:
    """Make one token, as ``make`` does, and say so: ``signals.token_issued``."""
    issued = await make(jwt, order, colour)
    await tell_issued(jwt, issued.claims, colour)
    return issued.text


async def tell_issued(jwt: Loaders, claims: Claims, colour: Colour) -> None:
    """Send ``signals.token_issued`` for a token of the manager's app."""
    if token_issued.receivers:
        facts = facts_of(claims, jwt.settings.identity_claim_key)
        told = {"token_type": claims.get("type"), **facts}
        await tell(token_issued, jwt.app, told, colour.call)


async def make(jwt: Loaders, order: Order, colour: Colour) -> Issued:
    """
    Make one token.

    Args:
        jwt: The manager: its hooks, its settings, its clock.
        order: What was asked for.
        colour: How to call hooks and compute signatures: sync or async.

    Raises:
        TypeError: The identity is no string in JSON; a claim is not JSON.
        ValueError: A claim holds NaN, NUL or a lone surrogate.
        ConfigurationError: There is no key, or it does not fit.
        AsyncHookError: A hook is async and the caller is not.
    """
    app, hooks, call = jwt.app, jwt.issuing, colour.call
    settings = settings_of(app)
    header, additional = order.additional_headers or {}, order.additional_claims or {}
    if hooks.headers or header:
        header = await _merged(hooks.headers, header, order, call)
    if hooks.claims or additional:
        additional = await _merged(hooks.claims, additional, order, call)
    identity = order.identity
    # A session's subject was named by the hook at the sign-in.
    if hooks.identity and settings.identity_claim_key not in (order.pinned or ()):
        identity = await call(hooks.identity, identity)
    now = jwt.clock()
    layout = _layout(settings, order, as_json(app, identity), additional)
    claims = _pinned(claims_of(layout, now), order.pinned)
    check_issuable(claims, verify_sub=settings.verify_sub)
    if settings.profile is not None and claims["type"] == "access":
        check_profile(claims)
        header["typ"] = ACCESS_TYPE
    hooked = (await call(hooks.key, order.identity),) if hooks.key else None
    token_type = claims.get("type")
    ring_key = settings.current_key(now, token_type) if hooked is None else None
    if ring_key is not None:
        token = await _signed_by_ring(jwt, ring_key, header, claims, colour)
        return Issued(token, claims)
    algorithm = header.get("alg") or settings.algorithm
    default = partial(json_default, app)
    job = partial(_signed, settings, algorithm, hooked, header, claims, default)
    token = await colour.compute(job) if algorithm in SLOW_TO_SIGN else job()
    settings.issued.remember(token, claims.get("csrf"))
    return Issued(token, claims)


def _pinned(claims: Claims, pinned: Claims | None) -> Claims:
    if pinned is None:
        return claims
    # In place, so that a token that is made again is spelled as before.
    merged = {**claims, **pinned}
    return {
        name: value
        for name, value in merged.items()
        if value is not None or name not in pinned
    }


async def _signed_by_ring(
    jwt: Loaders, key: SigningKey, header: Claims, claims: Claims, colour: Colour
) -> str:
    """Sign with the ring's current key, which says what the header names."""
    if header.get("alg") not in {None, "", key.algorithm}:
        raise ConfigurationError(f"The current key of JWT_KEY_RING is {key.algorithm}")
    default = partial(json_default, jwt.app)
    job = partial(sign, {**header, "kid": key.kid}, claims, key, default)
    is_slow = key.algorithm in SLOW_TO_SIGN
    token: str = await colour.compute(job) if is_slow else job()
    jwt.settings.issued.remember(token, claims.get("csrf"))
    return token


def _signed(
    settings: Settings,
    algorithm: str,
    hooked: tuple[Any] | None,
    header: Claims,
    claims: Claims,
    default: Callable[[Any], Any],
) -> str:
    """Sign; the key is loaded here, for a private RSA key takes long to load."""
    if hooked is None and algorithm == settings.algorithm:
        return sign(header, claims, settings.signing_key, default)
    (material,) = hooked or (settings.encode_key,)
    settings.check_strength(algorithm, material)
    return sign(header, claims, signing_key(algorithm, material), default)


async def _merged(
    hook: Hook | None, given: Claims | None, order: Order, call: Caller
) -> Claims:
    loaded = await call(hook, order.identity) if hook else None
    # dict(), for pairs will do where Flask-JWT-Extended takes them.
    return {**dict(loaded or ()), **dict(given or ())}


def _layout(
    settings: Settings, order: Order, identity: Any, additional: Claims
) -> Layout:
    pinned = order.pinned or {}
    has_csrf = settings.cookie_csrf_protect and "csrf" not in pinned
    return Layout(
        token_type=order.token_type,
        identity_claim=settings.identity_claim_key,
        identity=identity,
        fresh=order.fresh,
        expires=_expires(settings, order),
        jti=pinned["jti"] if "jti" in pinned else random_uuid(),
        csrf=random_uuid() if has_csrf else None,
        nbf=settings.encode_nbf,
        audience=settings.encode_audience,
        issuer=settings.encode_issuer,
        additional=additional,
    )


def _expires(settings: Settings, order: Order) -> Any:
    if order.expires_delta is not None:
        return order.expires_delta
    refresh = order.token_type == "refresh"  # noqa: S105 - a type, not a secret
    return settings.refresh_expires if refresh else settings.access_expires


def random_uuid() -> str:
    """A random UUID (RFC 9562 §5.4), as text; at half of what ``uuid`` takes."""
    digits = token_hex(16)
    variant = _VARIANT[digits[16]]
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-"
        f"{variant}{digits[17:20]}-{digits[20:]}"
    )


_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
