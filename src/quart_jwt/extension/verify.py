"""
THE MAIN FLOW: every token that is accepted anywhere was accepted by ``verify``.

It knows neither Quart nor ASGI: a ``Presentation`` says what came, a
``Requirement`` what is asked. Four steps, in this order: present, decode, judge,
ask. Whatever goes wrong raises; nothing here gives a bool that could be forgotten.
"""

from typing import Any

from jwt.exceptions import ExpiredSignatureError
from jwt.exceptions import InvalidAlgorithmError
from jwt.exceptions import InvalidIssuerError

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
from quart_jwt.extension.request.current import IN_HOOK
from quart_jwt.extension.request.current import Verified
from quart_jwt.extension.request.presentation import Credential
from quart_jwt.extension.request.presentation import present
from quart_jwt.extension.request.presentation import Presentation
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.sessions.claims import token_ref
from quart_jwt.extension.sessions.single_use import use_up
from quart_jwt.extension.sessions.store import SessionStore
from quart_jwt.extension.settings.issuers import Issuer
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
from quart_jwt.tokens.padded import parse_padded
from quart_jwt.tokens.scopes import judge_scopes
from quart_jwt.tokens.token import copy
from quart_jwt.tokens.token import Token
from quart_jwt.tokens.verified import Entry
from quart_jwt.tokens.verified import NEVER
from quart_jwt.tokens.verified import Pass


async def verify(
    jwt: Loaders,
    settings: Settings,
    shown: Presentation | Credential,
    requirement: Requirement,
) -> Verified:
    """
    Decide about one request.

    Args:
        jwt: The manager: its hooks, its clock.
        settings: What counts, as it stands now.
        shown: What came: a request in which a token has to be found, or the token.
        requirement: What is asked.

    Raises:
        JWTExtendedException, jwt.InvalidTokenError: The request is refused.
        StoreError: The session store cannot tell; the request is refused.
        Exception: Whatever a hook raised; the request is refused, too.
    """
    if isinstance(shown, Credential):
        return await _verify_credential(jwt, settings, shown, requirement)
    try:
        credential = await present(shown, requirement, settings)
    except NoAuthorizationError:
        if requirement.optional:
            return Verified(None, None, settings.identity_claim_key)
        raise
    return await _verify_credential(jwt, settings, credential, requirement)


async def _verify_credential(
    jwt: Loaders, settings: Settings, credential: Credential, requirement: Requirement
) -> Verified:
    hooks, now, text = jwt.verifying, jwt.clock(), credential.text
    try:
        entry = await proven(text, settings, hooks.key, call, now, csrf=credential.csrf)
    except ExpiredSignatureError:
        # Expiry is judged last: a token that is wrong as well stays refused.
        if requirement.optional and settings.expired_is_anonymous:
            return Verified(None, None, settings.identity_claim_key)
        raise
    token = entry.token
    judge_requirement(token, requirement, settings, now)
    if hooks.key is None and not requirement.single_use:
        note_pass(text, entry, requirement, settings)
    verified = Verified(token, credential.location, settings.identity_claim_key)
    if settings.sessions and not (hooks.blocklist or requirement.skip_revocation_check):
        await _refuse_revoked(settings, settings.sessions, token, verified)
    if hooks.blocklist or hooks.verification or hooks.user:
        asking = IN_HOOK.set(True)
        try:
            verified.user = await _ask(hooks, verified, requirement)
        finally:
            IN_HOOK.reset(asking)
    if requirement.single_use:  # last: a token that is refused is not used up
        await use_up(settings, verified)
    return verified


async def proven(
    text: Any,
    settings: Settings,
    key_hook: Hook | None,
    call: Caller,
    now: float,
    *,
    csrf: str | None = None,
    allow_expired: bool = False,
) -> Entry:
    """
    Parse a token, check its signature and judge its claims, or remember all of that.

    Args:
        text: The encoded token.
        settings: The algorithms, keys and claims that count, and the cache.
        key_hook: The decode-key hook, if the app has one.
        call: How to call it.
        now: The time, in epoch seconds.
        csrf: The double-submit value that came with it, if one is due.
        allow_expired: Whether an expired token will do.

    Raises:
        jwt.InvalidTokenError: It is malformed, its signature is not good, or its
            claims do not pass; one that has expired is forgotten.
        JWTDecodeError, CSRFError: A claim is missing; the CSRF value differs.
        KeysUnavailableError: Its issuer's keys cannot be had.
    """
    known = settings.verified.get(text) if isinstance(text, str) else None
    shown = _parsed(text, settings) if known is None else known.token
    issuer = settings.issuer_of(shown.claims) if settings.issuers else None
    if issuer is None and key_hook is None:
        algorithm = _own_algorithm(shown, settings)
        keys = settings.candidates(shown, algorithm, now)
    else:
        keys = await _asked_keys(shown, issuer, settings, key_hook, call)
    if known is not None and known.token.key not in keys:
        known, shown = None, _parsed(text, settings)
    token = checked(shown, keys, settings) if isinstance(shown, Parsed) else shown
    if known is not None and not csrf and known.passes_at(now):
        return known
    expectation = settings.expectation if issuer is None else issuer.expectation
    try:
        judge(token, expectation, now, csrf=csrf, allow_expired=allow_expired)
    except ExpiredSignatureError:
        settings.verified.drop(text)
        raise
    if known is not None:
        return known
    if allow_expired or not expectation.is_fixed:
        return Entry(token, NEVER, 0)
    return settings.verified.put(text, token, window(token, expectation))


def note_pass(
    text: Any, entry: Entry, requirement: Requirement, settings: Settings
) -> None:
    """Note on an entry in the cache that the token meets a requirement."""
    if requirement.key in entry.notes:
        return
    token, (since, until) = entry.token, entry.window
    until = min(until, token.key.until)
    fresh = token.claims.get("fresh")
    if requirement.fresh and fresh is not True:
        until = min(until, fresh)
    issuer = settings.issuer_of(token.claims) if settings.issuers else None
    if issuer is not None and issuer.keys is None:
        return  # its loader is called for every token
    ref = settings.sessions and token_ref(token.claims, settings)
    passed = Pass(since, until, issuer and issuer.keys, ref)
    settings.verified.note(text, entry, requirement.key, passed)


def _parsed(text: Any, settings: Settings) -> Parsed:
    """Parse a token; only an issuer with the option ``padded`` may send padding."""
    if settings.issuers and isinstance(text, str) and "=" in text:
        shown = parse_padded(text)
        issuer = settings.issuer_of(shown.claims)
        if issuer is not None and issuer.padded:
            return shown
    return parse(text)


async def _asked_keys(
    shown: Parsed | Token,
    issuer: Issuer | None,
    settings: Settings,
    key_hook: Any,
    call: Caller,
) -> tuple[VerifyingKey, ...]:
    """The keys of another issuer, or the one that the app's own hook returns."""
    if issuer is None:
        algorithm = _own_algorithm(shown, settings)
    else:
        algorithm = allowed_algorithm(shown.header, issuer.algorithms)
        key_hook = issuer.key_loader
    if issuer is not None and issuer.keys is not None:
        kid = shown.header.get("kid")
        return await via_loop(issuer.keys.candidates(kid, algorithm))
    material = await call(key_hook, copy(shown.header), copy(shown.claims))
    return (await hooked_key(algorithm, material, settings, call),)


def _own_algorithm(shown: Parsed | Token, settings: Settings) -> str:
    try:
        return allowed_algorithm(shown.header, settings.decode_algorithms)
    except InvalidAlgorithmError:
        # The token of an issuer that is missing in JWT_ISSUERS: say so.
        if settings.is_unknown_issuer(shown.claims):
            raise InvalidIssuerError("Invalid issuer") from None
        raise


def judge_requirement(
    token: Token, requirement: Requirement, settings: Settings, now: float
) -> None:
    """Judge what this route asks beyond a valid token."""
    if requirement.issuer or requirement.audience:
        judge_origin(
            token.claims, issuer=requirement.issuer, audience=requirement.audience
        )
    judge_type(token.claims, requirement.types)
    is_refresh = requirement.refresh or token.claims.get("type") == "refresh"
    if is_refresh or requirement.purpose is not None:
        _refuse_foreign(token, settings, is_refresh=is_refresh)
    if requirement.fresh:
        judge_fresh(token, now)
    if requirement.scopes:
        judge_scopes(token, requirement.scopes)


def _refuse_foreign(token: Token, settings: Settings, *, is_refresh: bool) -> None:
    # What another issuer calls a refresh token is for its own token endpoint, and only
    # we make tokens for the purposes of our routes.
    if settings.issuer_of(token.claims) is None:
        return
    if is_refresh:
        raise WrongTokenError("Refresh tokens of other issuers are not allowed")
    raise WrongTokenError("Tokens of other issuers cannot have a purpose")


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
        raise UserLookupError("The user lookup returned None", header, claims)
    return (user,)
