"""
The doors: ``jwt_required`` for views and websocket routes, and
``verify_jwt_in_request`` for everything else. Thin adapters over ``verify``.

``jwt_required`` keeps sync views sync: an async wrapper around ``async def``, a sync
one around ``def``, which verifies in the worker thread in which Quart runs such a view.
"""

from asyncio import get_running_loop
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from functools import partial
from functools import wraps
from typing import Any
from typing import cast
from typing import ParamSpec
from typing import TypeVar

from quart import Websocket

from quart_jwt.extension.gate import open_gate
from quart_jwt.extension.gate import recognise
from quart_jwt.extension.gate import RequestGate
from quart_jwt.extension.hooks.colour import finish
from quart_jwt.extension.hooks.colour import is_async
from quart_jwt.extension.hooks.colour import on_the_loop
from quart_jwt.extension.hooks.colour import remember_loop
from quart_jwt.extension.hooks.colour import RUNNING_LOOP
from quart_jwt.extension.hooks.colour import WouldSuspendError
from quart_jwt.extension.protection import mark
from quart_jwt.extension.request.current import current_binding
from quart_jwt.extension.request.current import remember_refusal
from quart_jwt.extension.request.current import this_app
from quart_jwt.extension.request.current import Verified
from quart_jwt.extension.request.open_socket import bind
from quart_jwt.extension.request.pending import Outcome
from quart_jwt.extension.request.pending import PendingVerification
from quart_jwt.extension.request.presentation import Credential
from quart_jwt.extension.request.presentation import presentation_of
from quart_jwt.extension.request.refused import REFUSALS
from quart_jwt.extension.request.refused import tell_refused
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.request.subject import current_subject
from quart_jwt.extension.request.subject import Subject
from quart_jwt.extension.request.subject import VERIFIED
from quart_jwt.extension.settings.settings import EXEMPT_METHODS
from quart_jwt.extension.verify import verify
from quart_jwt.typing import LocationType

P = ParamSpec("P")
R = TypeVar("R")


def jwt_required(
    optional: bool = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
    *,
    issuer: str | Iterable[str] | None = None,
    audience: str | Iterable[str] | None = None,
    scopes: str | Iterable[str] | None = None,
    purpose: str | None = None,
    single_use: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """
    Protect a view or a websocket route.

    A websocket handshake without a valid token is rejected with an HTTP status. When
    the token expires or is revoked, the websocket is closed with 1008 (RFC 6455
    §7.4.1), and a streamed response ends. ``verify_jwt_in_request`` does the same.

    Args:
        optional: Accept a request without a token. A request with an invalid token is
            still rejected.
        fresh: Require a fresh token.
        refresh: Require a refresh token instead of an access token.
        locations: Where to look for the token: one or several of ``headers``,
            ``cookies``, ``query_string`` and ``json``, in order of precedence; the
            default is ``JWT_TOKEN_LOCATION``.
        verify_type: False accepts both access and refresh tokens.
        skip_revocation_check: Do not check whether the token is revoked.
        issuer: Require a token of this issuer, or of one of several.
        audience: Require this audience, or one of several, in addition to
            ``JWT_DECODE_AUDIENCE``.
        scopes: Require all of these scopes: several strings, or one string with spaces
            between them. Otherwise the response is 403 ``insufficient_scope``.
        purpose: Require a token that was created for this purpose.
        single_use: Accept each token once. This needs ``purpose`` and a session store.

    Raises:
        TypeError: The decorator was used without parentheses.
        ValueError: A scope or the purpose is not valid, or the list of issuers or
            audiences is empty.

    Examples:
        >>> @app.get("/members")
        ... @jwt_required()
        ... async def members():
        ...     return {"user": get_jwt_identity()}
        >>> (await client.get("/members")).status_code
        401
        >>> await (await client.get("/members", headers=signed_in)).get_json()
        {'user': 'alice'}
    """
    if callable(optional):
        raise TypeError("Write @jwt_required(), with parentheses")
    requirement = Requirement.stated(
        optional=optional,
        fresh=fresh,
        refresh=refresh,
        locations=locations,
        verify_type=verify_type,
        skip_revocation_check=skip_revocation_check,
        issuer=issuer,
        audience=audience,
        scopes=scopes,
        purpose=purpose,
        single_use=single_use,
    )

    def protect(view: Callable[P, R]) -> Callable[P, R]:
        if is_async(view):
            return cast("Callable[P, R]", _async_view(cast("Any", view), requirement))
        return _sync_view(view, requirement)

    return protect


def verify_jwt_in_request(
    optional: bool = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
    *,
    issuer: str | Iterable[str] | None = None,
    audience: str | Iterable[str] | None = None,
    scopes: str | Iterable[str] | None = None,
    purpose: str | None = None,
    single_use: bool = False,
) -> Any:
    """
    Verify the token of the current request, with the arguments of ``jwt_required``.

    Async code must ``await`` the call; otherwise the request ends with a 500. In a
    ``def`` handler, which Quart runs in a worker thread, the call verifies immediately.

    Returns:
        ``(header, claims)``; None for an OPTIONS request, and for a request without a
        token if ``optional`` is true. In async code, an awaitable of that.

    Examples:
        >>> @app.before_request
        ... async def protect():
        ...     if request.path.startswith("/admin"):
        ...         await verify_jwt_in_request(fresh=True)
        >>> (await client.get("/admin/users", headers=signed_in)).status_code
        401
    """
    requirement = Requirement.stated(
        optional=optional,
        fresh=fresh,
        refresh=refresh,
        locations=locations,
        verify_type=verify_type,
        skip_revocation_check=skip_revocation_check,
        issuer=issuer,
        audience=audience,
        scopes=scopes,
        purpose=purpose,
        single_use=single_use,
    )
    if on_the_loop():
        remember_loop()
        return PendingVerification(lambda: verify_current(requirement))
    return _verify_now(requirement)


async def verify_subject(
    subject: Subject, requirement: Requirement, found: Credential | None = None
) -> Verified | None:
    """
    Verify a request or websocket handshake, and remember the result with it.

    Args:
        subject: The request or the handshake.
        requirement: What is asked.
        found: Its credential, if the gate has read it.

    Returns:
        The result, or None for a method that needs no token: the view then runs
        for an anonymous client.
    """
    if subject.method in EXEMPT_METHODS:
        subject.__dict__[VERIFIED] = Verified(None, None)
        return None
    jwt, settings = current_binding()
    shown = found or presentation_of(subject)
    try:
        verified = await verify(jwt, settings, shown, requirement)
    except REFUSALS as exc:
        remember_refusal(subject)
        await tell_refused(this_app(), settings, exc)
        raise
    subject.__dict__[VERIFIED] = verified
    if isinstance(subject, Websocket):
        bind(subject)
    if not requirement.single_use:
        gate = partial(RequestGate, jwt, settings, requirement)
        open_gate(jwt, settings, requirement.key, gate)
    return verified


async def verify_current(requirement: Requirement) -> Outcome:
    """Verify the current request, for callers who want the header and the claims."""
    verified = await verify_subject(current_subject(), requirement)
    if verified is None or verified.location is None:
        return None
    return verified.header, verified.claims


def _async_view(
    view: Callable[P, Awaitable[R]], requirement: Requirement
) -> Callable[P, Awaitable[R | None]]:
    @wraps(view)
    async def protected(*args: P.args, **kwargs: P.kwargs) -> R | None:
        RUNNING_LOOP.set(get_running_loop())
        subject = current_subject()
        found = recognise(subject, requirement)
        if not isinstance(found, Verified):
            await verify_subject(subject, requirement, found)
        elif isinstance(subject, Websocket):
            bind(subject)
        return await view(*args, **kwargs)

    mark(protected, requirement)
    return protected


def _sync_view(view: Callable[P, R], requirement: Requirement) -> Callable[P, R]:
    @wraps(view)
    def protected(*args: P.args, **kwargs: P.kwargs) -> R:
        subject = current_subject()
        if not isinstance(recognise(subject, requirement), Verified):
            _verify_now(requirement)
        elif isinstance(subject, Websocket):
            bind(subject)
        return view(*args, **kwargs)

    mark(protected, requirement)
    return protected


def _verify_now(requirement: Requirement) -> Outcome:
    try:
        return finish(verify_current(requirement))
    except WouldSuspendError:
        raise RuntimeError(
            "This sync call needs to wait for a hook or the request body, but there "
            "is no event loop to run them. Call it from a view that Quart "
            "runs, or make the view `async def` and await verify_jwt_in_request()."
        ) from None
