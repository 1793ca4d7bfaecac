"""
THE MAIN FLOW: every token that is accepted anywhere was accepted by ``verify``.

It knows neither Quart nor ASGI: a ``Presentation`` says what came, a
``Requirement`` what is asked. Four steps, in this order: present, decode, judge,
ask. Whatever goes wrong raises; nothing here gives a bool that could be forgotten.
"""

from typing import Any

from jwt.exceptions import ExpiredSignatureError

from quart_jwt.exceptions import NoAuthorizationError
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.exceptions import UserClaimsVerificationError
from quart_jwt.exceptions import UserLookupError
from quart_jwt.exceptions import WrongTokenError
from quart_jwt.extension.hooks.calling import call
from quart_jwt.extension.hooks.calling import Caller
from quart_jwt.extension.hooks.decode_key import hooked_key
from quart_jwt.extension.hooks.loaders import Hook
from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.hooks.loaders import VerifyHooks
from quart_jwt.extension.hooks.waiting import via_loop
from quart_jwt.extension.request.presentation import Credential
from quart_jwt.extension.request.presentation import present
from quart_jwt.extension.request.presentation import Presentation
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.sessions.claims import token_ref
from quart_jwt.extension.sessions.store import SessionStore
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.tokens.signature import checked
from quart_jwt.tokens.codec import allowed_algorithm
from quart_jwt.tokens.codec import parse
from quart_jwt.tokens.codec import Parsed
from quart_jwt.tokens.judgement import judge
from quart_jwt.tokens.judgement import judge_fresh
from quart_jwt.tokens.judgement import judge_origin
from quart_jwt.tokens.judgement import judge_type
from quart_jwt.tokens.judgement import window
from quart_jwt.tokens.keys import VerifyingKey
from quart_jwt.tokens.scopes import judge_scopes
from quart_jwt.tokens.token import copy
from quart_jwt.tokens.token import Token
from quart_jwt.typing import Claims


class Verified:
    """
    What a request may rely on.

    The header and the claims are the request's own copies, made when they are
    first asked for.

    Args:
        token: The token; None for an anonymous request.
        location: Where it was found; None for an anonymous request.
    """

    __slots__ = ("_claims", "_header", "_token", "location", "user")

    def __init__(self, token: Token | None, location: str | None) -> None:
        self._token = token
        self._header: Claims | None = None if token else {}
        self._claims: Claims | None = None if token else {}
        self.location: str | None = location
        self.user: tuple[Any] | None = None if token else (None,)
        """What the user look-up gave, in a tuple of one; None without such a hook."""

    def claim(self, name: str) -> Any:
        """One claim, without a copy of all where it is plain; None for none."""
        if self._claims is None and self._token is not None:
            claim = self._token.claims.get(name)
            if not isinstance(claim, dict | list):
                return claim
        return self.claims.get(name)

    @property
    def header(self) -> Claims:
        """The token's header; empty for an anonymous request."""
        if self._header is None:
            self._header = self._token.header_copy() if self._token else {}
        return self._header

    @property
    def claims(self) -> Claims:
        """The token's claims; empty for an anonymous request."""
        if self._claims is None:
            self._claims = self._token.claims_copy() if self._token else {}
        return self._claims


NOBODY = Verified(None, None)
"""An anonymous caller, for those who only read."""


async def verify(
    jwt: Loaders,
    settings: Settings,
    presentation: Presentation,
    requirement: Requirement,
) -> Verified:
    """
    Decide about one request.

    Args:
        jwt: The manager: its hooks, its clock.
        settings: What counts, as it stands now.
        presentation: What came.
        requirement: What is asked.

    Raises:
        JWTExtendedException, jwt.InvalidTokenError: The request is refused.
        StoreError: The session store cannot tell; the request is refused.
        Exception: Whatever a hook raised; the request is refused, too.
    """
    try:
        credential = await present(presentation, requirement, settings)
    except NoAuthorizationError:
        if requirement.optional:
            return Verified(None, None)
        raise
    return await verify_credential(jwt, settings, credential, requirement)


async def verify_credential(
    jwt: Loaders, settings: Settings, credential: Credential, requirement: Requirement
) -> Verified:
    """
    Decide about one token, however it came: all of ``verify`` but the first step.

    Raises:
        Exception: As ``verify``.
    """
    hooks, now = jwt.verifying, jwt.clock()
    text, csrf = credential.text, credential.csrf
    token = known_token(text, settings, hooks.key, now)
    if token is None:
        token = await decode(text, settings, hooks.key, call, now)
    if csrf or not token.passes_at(now):
        try:
            judge_and_remember(text, token, settings, now, csrf=csrf)
        except ExpiredSignatureError:
            # Expiry is judged last: a token that is wrong as well stays refused.
            if requirement.optional and settings.expired_is_anonymous:
                return Verified(None, None)
            raise
    judge_requirement(token, requirement, settings, now)
    verified = Verified(token, credential.location)
    if settings.sessions and not (hooks.blocklist or requirement.skip_revocation_check):
        await _refuse_revoked(settings, settings.sessions, token, verified)
    if hooks.blocklist or hooks.verification or hooks.user:
        verified.user = await _ask(hooks, verified, requirement)
    return verified


def known_token(
    text: Any, settings: Settings, key_hook: Hook | None, now: float
) -> Token | None:
    """The remembered token of this text, if its key still counts."""
    if key_hook is not None or not isinstance(text, str):
        return None
    token = settings.verified.get(text)
    if token is None:
        return None
    issuer = settings.issuer_of(token.claims) if settings.issuers else None
    if issuer is not None:
        return token if issuer.keys.counts(token.key) else None
    if token.key not in settings.verifying_keys(token.key.algorithm):
        return None
    return token if now < token.key.until else None


async def decode(
    text: Any, settings: Settings, key_hook: Hook | None, call: Caller, now: float
) -> Token:
    """
    Parse a token and check its signature; its claims are not judged here.

    Args:
        text: The encoded token.
        settings: The algorithms and keys that count.
        key_hook: The decode-key hook, if the app has one.
        call: How to call it.
        now: The time, in epoch seconds.

    Raises:
        jwt.InvalidTokenError: It is malformed, or its signature is not good.
        KeysUnavailableError: Its issuer's keys cannot be had.
    """
    known = settings.verified.get(text) if key_hook and isinstance(text, str) else None
    if known is not None:
        # The hook is shown what is known; the same key needs no second check.
        keys = await _keys(known, settings, key_hook, call, now)
        return known if known.key in keys else checked(parse(text), keys, settings)
    parsed = parse(text)
    keys = await _keys(parsed, settings, key_hook, call, now)
    return checked(parsed, keys, settings)


async def _keys(
    parsed: Parsed | Token,
    settings: Settings,
    key_hook: Hook | None,
    call: Caller,
    now: float,
) -> tuple[VerifyingKey, ...]:
    issuer = settings.issuer_of(parsed.claims)
    if issuer is not None:
        algorithm = allowed_algorithm(parsed.header, issuer.algorithms)
        kid = parsed.header.get("kid")
        return await via_loop(issuer.keys.candidates(kid, algorithm))
    algorithm = allowed_algorithm(parsed.header, settings.decode_algorithms)
    if key_hook is None:
        return settings.candidates(parsed.header, algorithm, now)
    material = await call(key_hook, copy(parsed.header), copy(parsed.claims))
    return (await hooked_key(algorithm, material, settings, call),)


def judge_and_remember(
    text: str,
    token: Token,
    settings: Settings,
    now: float,
    *,
    csrf: str | None = None,
    allow_expired: bool = False,
) -> None:
    """
    Judge the claims of a token, and keep it in the cache as long as they pass.

    Args:
        text: The encoded token.
        token: What its signature proved.
        settings: What is expected of it, and the cache.
        now: The time, in epoch seconds.
        csrf: The double-submit value that came with it, if one is due.
        allow_expired: Whether an expired token will do.

    Raises:
        Exception: As ``judge``; a token that has expired is forgotten.
    """
    expectation = settings.expectation_of(token.claims)
    try:
        judge(token, expectation, now, csrf=csrf, allow_expired=allow_expired)
    except ExpiredSignatureError:
        settings.verified.drop(text)
        raise
    if token.window is None and expectation.is_fixed() and not allow_expired:
        passes = window(token, expectation)
        judged = Token(token.header, token.claims, token.key, passes)
        settings.verified.put(text, judged)


def judge_requirement(
    token: Token, requirement: Requirement, settings: Settings, now: float
) -> None:
    """Judge what this route asks beyond a valid token."""
    if requirement.issuer or requirement.audience:
        judge_origin(
            token.claims, issuer=requirement.issuer, audience=requirement.audience
        )
    judge_type(token.claims, requirement.types)
    if requirement.refresh and settings.issuer_of(token.claims) is not None:
        # What another issuer calls a refresh token is for its own token endpoint.
        raise WrongTokenError("Only refresh tokens of our own are allowed")
    if requirement.fresh:
        judge_fresh(token, now)
    if requirement.scopes:
        judge_scopes(token, requirement.scopes)


async def _refuse_revoked(
    settings: Settings, sessions: SessionStore, token: Token, verified: Verified
) -> None:
    ref = token_ref(token.claims, settings)
    if await via_loop(sessions.is_revoked(ref)):
        raise RevokedTokenError(verified.header, verified.claims)


async def _ask(
    hooks: VerifyHooks, verified: Verified, requirement: Requirement
) -> tuple[Any] | None:
    header, claims = verified.header, verified.claims
    blocklist = None if requirement.skip_revocation_check else hooks.blocklist
    if blocklist and await call(blocklist, header, claims):
        raise RevokedTokenError(header, claims)
    if hooks.verification and not await call(hooks.verification, header, claims):
        raise UserClaimsVerificationError(
            "User claims verification failed", header, claims
        )
    if hooks.user is None:
        return None
    user = await call(hooks.user, header, claims)
    if user is None:
        raise UserLookupError("The user look-up gave None", header, claims)
    return (user,)
