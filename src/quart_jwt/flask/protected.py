"""
``jwt_required`` and ``verify_jwt_in_request`` for Flask's pipeline.

A token is verified in the thread of the request, for ``def`` and ``async def`` views
alike. For Quart's own routes they are those of ``quart_jwt``.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from functools import wraps
from typing import Any
from typing import ParamSpec
from typing import TypeVar

from flask import current_app

import quart_jwt
from quart_jwt.extension.decorators import verify_current
from quart_jwt.extension.gate import recognise
from quart_jwt.extension.hooks.colour import is_async
from quart_jwt.extension.hooks.colour import on_the_loop
from quart_jwt.extension.hooks.waiting import step
from quart_jwt.extension.protection import MARK
from quart_jwt.extension.protection import mark
from quart_jwt.extension.request.current import Verified
from quart_jwt.extension.request.pending import Outcome
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.request.subject import current_subject
from quart_jwt.flask.background_loop import background_loop
from quart_jwt.flask.counters import VERIFICATIONS
from quart_jwt.flask.current import forget_written
from quart_jwt.flask.native_form import has_native_form
from quart_jwt.flask.seams import FLASK_REQUEST
from quart_jwt.typing import LocationType

P = ParamSpec("P")
R = TypeVar("R")


def verify_jwt_in_request(
    optional: bool = False,
    fresh: bool = False,
    refresh: bool = False,
    locations: LocationType = None,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
    **further: Any,
) -> Any:
    """
    Verify the current request's token; the arguments are ``jwt_required``'s.

    In Flask's pipeline it verifies at once, in async views as well. In a route of
    ``app.quart``, it has to be awaited, as ``quart_jwt.verify_jwt_in_request``.

    Returns:
        ``(header, claims)``, or None for an OPTIONS request and for one without a
        token where it is optional.
    """
    asked: dict[str, Any] = {
        "optional": optional,
        "fresh": fresh,
        "refresh": refresh,
        "locations": locations,
        "verify_type": verify_type,
        "skip_revocation_check": skip_revocation_check,
        **further,
    }
    if on_the_loop() and FLASK_REQUEST.get(None) is None:
        VERIFICATIONS.add()
        return quart_jwt.verify_jwt_in_request(**asked)
    forget_written()
    return _verify_now(Requirement.stated(**asked))


def jwt_required(
    *args: Any, **kwargs: Any
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """
    Protect a view of a Flask app, or a route of ``app.quart``.

    The arguments are those of ``quart_jwt.jwt_required``.

    Raises:
        TypeError: It was used without parentheses.
    """
    protect = quart_jwt.jwt_required(*args, **kwargs)

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        native: Any = protect(view)
        return _in_the_thread(view, getattr(native, MARK), native)

    return decorate


def _in_the_thread(
    view: Callable[P, R], requirement: Requirement, native: Callable[..., Any]
) -> Callable[P, R]:
    is_async_view = is_async(view)

    @wraps(view)
    def protected(*args: P.args, **kwargs: P.kwargs) -> R:
        if FLASK_REQUEST.get(None) is None:
            result: R = native(*args, **kwargs)  # of Quart, which awaits it
            return result
        forget_written()
        if isinstance(recognise(current_subject(), requirement), Verified):
            VERIFICATIONS.add()
        else:
            _verify_now(requirement)
        run: Callable[P, R] = current_app.ensure_sync(view) if is_async_view else view
        return run(*args, **kwargs)

    mark(protected, requirement)
    if is_async_view:
        has_native_form(protected, _forgetting(native))
    return protected


def _forgetting(native: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    @wraps(native)
    async def forgetting(*args: P.args, **kwargs: P.kwargs) -> R:
        forget_written()
        return await native(*args, **kwargs)

    return forgetting


def _verify_now(requirement: Requirement) -> Outcome:
    VERIFICATIONS.add()
    return step(verify_current(requirement), background_loop)
