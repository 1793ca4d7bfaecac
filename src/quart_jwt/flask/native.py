"""
Flask's pipeline on the event loop, for requests that need no thread.

A request needs none if its view is async and everything that Flask calls around it is,
too: then awaiting each step in Flask's order gives the same response. ``obstacles``
names what keeps a route in a thread.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from inspect import isawaitable
from itertools import chain
from typing import Any
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import InternalServerError
from werkzeug.routing import RoutingException

from quart_jwt.flask.contexts import RequestContext
from quart_jwt.flask.contexts import TORN_DOWN
from quart_jwt.flask.counters import NATIVE_REQUESTS
from quart_jwt.flask.native_form import native_form
from quart_jwt.flask.obstacles import obstacles

if TYPE_CHECKING:
    from quart_jwt.flask.app import Flask

StartResponse = Callable[..., Any]


def runs_natively(app: "Flask", environ: dict[str, Any]) -> bool:
    """
    Whether a request is handled on the event loop.

    Args:
        app: The app.
        environ: The WSGI environment of the request.
    """
    if not app.has_async_views:
        return False
    try:
        adapter = app.create_url_adapter(app.request_class(environ))
        rule, _arguments = adapter.match(return_rule=True) if adapter else (None, None)
    except HTTPException:
        return False
    return rule is not None and not obstacles(app, rule.endpoint)


async def handle_natively(
    app: "Flask", environ: dict[str, Any], start_response: StartResponse
) -> tuple[Iterable[bytes], bool]:
    """
    Handle a request on the event loop, in the order of ``Flask.wsgi_app``.

    Args:
        app: The app.
        environ: The WSGI environment; its body is in memory.
        start_response: Is given the status and the headers.

    Returns:
        The pieces of the response, and whether they are in memory.
    """
    NATIVE_REQUESTS.add()
    context = app.request_context(environ)
    error: BaseException | None = None
    try:
        try:
            context.push()
            response = await _dispatch(app, context)
        except Exception as exc:  # noqa: BLE001 - answered, as in Flask
            error = exc
            response = await _handle_exception(app, context, exc)
        pieces: Iterable[bytes] = response(environ, start_response)
        return pieces, not (response.is_streamed or response.direct_passthrough)
    finally:
        if error is not None and app.should_ignore_error(error):
            error = None
        await _tear_down(app, context, error)


async def _dispatch(app: "Flask", context: RequestContext) -> Any:
    await app.begin_request()
    try:
        rv = await _preprocess(app, context)
        if rv is None:
            rv = await _run_view(app, context)
    except Exception as exc:  # noqa: BLE001 - answered, as in Flask
        rv = await _handle_user_exception(app, context, exc)
    return await _finalize(app, context, rv)


async def _preprocess(app: "Flask", context: RequestContext) -> Any:
    for name in (None, *reversed(context.request.blueprints)):
        for function in app.before_request_funcs.get(name, ()):
            rv = await _awaited(function)
            if rv is not None:
                return rv
    return None


async def _run_view(app: "Flask", context: RequestContext) -> Any:
    request = context.request
    if request.routing_exception is not None:
        app.raise_routing_exception(request)
    rule: Any = request.url_rule
    if rule.provide_automatic_options and request.method == "OPTIONS":
        return app.make_default_options_response()
    return await _awaited(app.view_functions[rule.endpoint], **request.view_args or {})


async def _handle_user_exception(
    app: "Flask", context: RequestContext, error: Any
) -> Any:
    """Answer an error; async handlers give something to await."""
    app.note_error(error)
    is_answer = isinstance(error, HTTPException) and not app.trap_http_exception(error)
    if is_answer and (error.code is None or isinstance(error, RoutingException)):
        return error
    handler = app.error_handler_of(error, context.request.blueprints)
    if handler is not None:
        return await _awaited(handler, error)
    if is_answer:
        return error
    raise error


async def _handle_exception(app: "Flask", context: RequestContext, error: Any) -> Any:
    propagate = app.config["PROPAGATE_EXCEPTIONS"]
    if propagate if propagate is not None else app.testing or app.debug:
        raise error
    app.log_exception((type(error), error, error.__traceback__))
    answer: Any = InternalServerError(original_exception=error)
    handler = app.error_handler_of(answer, context.request.blueprints)
    if handler is not None:
        answer = await _awaited(handler, answer)
    return await _finalize(app, context, answer, from_error_handler=True)


async def _finalize(
    app: "Flask", context: RequestContext, rv: Any, *, from_error_handler: bool = False
) -> Any:
    response = app.make_response(rv)
    try:
        response = await _process(app, context, response)
    except Exception:
        if not from_error_handler:
            raise
        app.logger.exception(
            "Request finalizing failed with an error while handling an error"
        )
    return app.checked(response, last=from_error_handler)


async def _process(app: "Flask", context: RequestContext, response: Any) -> Any:
    for function in context.after_this_request:
        response = await _awaited(function, response)
    for name in chain(context.request.blueprints, (None,)):
        for function in reversed(app.after_request_funcs.get(name, ())):
            response = await _awaited(function, response)
    interface = app.session_interface
    session = context.opened_session
    if not interface.is_null_session(session):
        interface.save_session(app, session, response)
    return response


async def _tear_down(
    app: "Flask", context: RequestContext, error: BaseException | None
) -> None:
    functions: list[Callable[..., Any]] = []
    for name in chain(context.request.blueprints, (None,)):
        functions += reversed(app.teardown_request_funcs.get(name, ()))
    functions += reversed(app.teardown_appcontext_funcs)
    try:
        for function in functions:
            await _awaited(function, error)
    finally:
        token = TORN_DOWN.set(True)
        try:
            context.pop(error)
        finally:
            TORN_DOWN.reset(token)


async def _awaited(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    call = native_form(function) or function
    result: Any = call(*args, **kwargs)
    awaitable: Awaitable[Any] | None = result if isawaitable(result) else None
    return result if awaitable is None else await awaitable
