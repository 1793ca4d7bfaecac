"""
``Flask``: Flask's own class and pipeline, with a Quart app beside it.

A sync view runs as in Flask, in one thread from the before-request functions to the
teardown functions. The app answers WSGI and ASGI.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from functools import cached_property
from functools import wraps
from typing import Any

from flask import Flask as _Flask

from quart_jwt.extension.request.pending import finalized
from quart_jwt.extension.request.pending import handled
from quart_jwt.flask.answers import flasks
from quart_jwt.flask.contexts import AppContext
from quart_jwt.flask.contexts import RequestContext
from quart_jwt.flask.counters import APPS
from quart_jwt.flask.counters import REQUESTS
from quart_jwt.flask.quart_app import QuartApp
from quart_jwt.flask.seams import FLASK_REQUEST
from quart_jwt.flask.waiting import wait


class Flask(_Flask):
    """
    Flask's application class, which also answers ASGI and verifies our tokens.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        APPS.add()

    @cached_property
    def quart(self) -> QuartApp:
        """The Quart app beside this one: websockets, native routes, serving."""
        return QuartApp(self)

    def app_context(self) -> AppContext:
        """Create an app context that Quart's side sees, too."""
        return AppContext(self)

    def request_context(self, environ: Any) -> RequestContext:
        """Create a request context that Quart's side sees, too."""
        return RequestContext(self, environ)

    def async_to_sync(
        self, func: Callable[..., Coroutine[Any, Any, Any]]
    ) -> Callable[..., Any]:
        """Return a sync function that waits for an async one on the event loop."""

        @wraps(func)
        def waited(*args: Any, **kwargs: Any) -> Any:
            return wait(func(*args, **kwargs))

        return waited

    def full_dispatch_request(self) -> Any:
        """Dispatch a request; the same as Flask's, but counted."""
        REQUESTS.add()
        return super().full_dispatch_request()

    def make_response(self, rv: Any) -> Any:
        """Make a response, also of one of Quart's."""
        if isinstance(rv, tuple) and rv:
            rv = (flasks(self, rv[0]), *rv[1:])
        return super().make_response(flasks(self, rv))

    def handle_user_exception(self, e: Exception) -> Any:
        """Handle an error that a view or a hook raised."""
        if _noted_request() is not None:
            handled(e)
        return super().handle_user_exception(e)

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Any:
        """
        Finish a response, unless a verification was not awaited.

        Raises:
            UnawaitedVerificationError: A verification has not finished.
        """
        response = super().finalize_request(rv, from_error_handler)
        subject = _noted_request()
        if subject is None:
            return response
        return finalized(
            subject, response, self.response_class, last=from_error_handler
        )

    def __call__(self, *args: Any) -> Any:
        """Answer WSGI, which has two arguments, or ASGI, which has three."""
        if len(args) == len(("scope", "receive", "send")):
            return self.asgi_app(*args)
        return self.wsgi_app(*args)

    async def asgi_app(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer ASGI."""
        raise NotImplementedError


def _noted_request() -> Any:
    context = FLASK_REQUEST.get(None)
    return getattr(context, "noted_request", None)
