"""
What keeps a route of a Flask app in a thread.

A route is handled on the event loop only if nothing sync stands on its way: it could
block everybody, and sync code may rely on having one thread for the whole request.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import TYPE_CHECKING

from flask import signals
from flask.sessions import SecureCookieSessionInterface

from quart_jwt.extension.hooks.calling import may_block
from quart_jwt.extension.request.current import EXTENSION
from quart_jwt.flask.native_form import native_form

if TYPE_CHECKING:
    from quart_jwt.flask.app import Flask

SIGNALS = (
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "got_request_exception",
    "request_finished",
    "request_started",
    "request_tearing_down",
)
"""Signals that Flask's pipeline sends; on the event loop, none would be sent."""

PIPELINE = (
    "__call__",
    "app_context",
    "async_to_sync",
    "create_url_adapter",
    "dispatch_request",
    "do_teardown_appcontext",
    "do_teardown_request",
    "ensure_sync",
    "finalize_request",
    "full_dispatch_request",
    "handle_exception",
    "handle_http_exception",
    "handle_user_exception",
    "log_exception",
    "make_response",
    "preprocess_request",
    "process_response",
    "request_context",
    "wsgi_app",
)
"""Methods that an extension may replace, or a subclass of the app override."""


def obstacles(app: "Flask", endpoint: str) -> tuple[str, ...]:
    """
    Return what keeps a route in a thread; empty if it runs on the event loop.

    Args:
        app: The app.
        endpoint: The endpoint of the route.
    """
    view = app.view_functions.get(endpoint)
    if view is None or native_form(view) is None:
        return ("the view is sync",)
    parts = endpoint.split(".")[:-1]
    scopes = (None, *(".".join(parts[: end + 1]) for end in range(len(parts))))
    return (
        *_sync_hooks(app, scopes),
        *_replaced(app),
        *_receivers(app),
        *_token_hooks(app),
    )


def _sync_hooks(app: "Flask", scopes: Iterable[str | None]) -> Iterator[str]:
    for scope in scopes:
        yield from _sync("before-request", app.before_request_funcs.get(scope, ()))
        yield from _sync("after-request", app.after_request_funcs.get(scope, ()))
        yield from _sync("teardown", app.teardown_request_funcs.get(scope, ()))
        # Flask calls these without awaiting what they return.
        yield from _all("URL processor", app.url_value_preprocessors.get(scope, ()))
        yield from _all("URL defaults", app.url_default_functions.get(scope, ()))
        by_code = app.error_handler_spec.get(scope, {}).values()
        handlers = [one for handlers in by_code for one in handlers.values()]
        yield from _sync("error handler", handlers)
    yield from _sync("teardown", app.teardown_appcontext_funcs)


def _replaced(app: "Flask") -> Iterator[str]:
    own = app.pipeline_class
    for name in PIPELINE:
        if name in vars(app) or getattr(type(app), name) is not getattr(own, name):
            yield f"{name} was replaced"
    if type(app.session_interface) is not SecureCookieSessionInterface:
        yield f"the session interface {type(app.session_interface).__name__}"


def _receivers(app: "Flask") -> Iterator[str]:
    for name in SIGNALS:
        if any(True for _ in getattr(signals, name).receivers_for(app)):
            yield f"a receiver of the signal {name}"


def _token_hooks(app: "Flask") -> Iterator[str]:
    manager = app.extensions.get(EXTENSION)
    if manager is not None:
        yield from _all("token hook", filter(may_block, manager.hooks()))


def _sync(kind: str, functions: Iterable[Callable[..., Any]]) -> Iterator[str]:
    yield from _all(kind, (one for one in functions if native_form(one) is None))


def _all(kind: str, functions: Iterable[Callable[..., Any]]) -> Iterator[str]:
    for function in functions:
        yield f"the {kind} {getattr(function, '__qualname__', repr(function))}"
