"""
``Flask``: Flask's own class and pipeline, with a Quart app beside it.

A sync view runs as in Flask, in one thread from the before-request functions to the
teardown functions. The app answers WSGI and ASGI.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Coroutine
from dataclasses import replace
from functools import cached_property
from functools import wraps
from typing import Any

from flask import Flask as _Flask

from quart_jwt.extension.protection import Route
from quart_jwt.extension.protection import routes_on
from quart_jwt.extension.request.pending import finalized
from quart_jwt.extension.request.pending import handled
from quart_jwt.flask.answers import flasks
from quart_jwt.flask.contexts import AppContext
from quart_jwt.flask.contexts import RequestContext
from quart_jwt.flask.contexts import TORN_DOWN
from quart_jwt.flask.counters import APPS
from quart_jwt.flask.counters import REQUESTS
from quart_jwt.flask.lifetime import end_with_token
from quart_jwt.flask.native_form import native_form
from quart_jwt.flask.obstacles import obstacles
from quart_jwt.flask.quart_app import QuartApp
from quart_jwt.flask.seams import FLASK_REQUEST
from quart_jwt.flask.serving import answer
from quart_jwt.flask.threads import DEFAULT_SIZE
from quart_jwt.flask.threads import RequestThreads
from quart_jwt.flask.threads import SIZE_KEY
from quart_jwt.flask.waiting import wait


class Flask(_Flask):
    """
    Flask's application class, which also answers ASGI and verifies our tokens.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._threads: RequestThreads | None = None
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

    @property
    def threads(self) -> RequestThreads:
        """The threads for requests under an ASGI server."""
        threads = self._threads
        if threads is None or not threads.is_of_this_process:
            size = int(self.config.get(SIZE_KEY, DEFAULT_SIZE))
            threads = self._threads = RequestThreads(size)
        return threads

    @cached_property
    def has_async_views(self) -> bool:
        """Whether any view could be handled on the event loop."""
        return any(map(native_form, self.view_functions.values()))

    @property
    def pipeline_class(self) -> type["Flask"]:
        """The class whose pipeline can be awaited on the event loop."""
        return Flask

    def full_dispatch_request(self) -> Any:
        """Dispatch a request; the same as Flask's, but counted."""
        REQUESTS.add()
        self.quart.start_if_needed()
        return super().full_dispatch_request()

    async def begin_request(self) -> None:
        """What precedes a request that is handled on the event loop."""
        REQUESTS.add()
        self._got_first_request = True
        await self.quart.start_on_the_loop()

    def error_handler_of(self, error: Exception, blueprints: list[str]) -> Any:
        """The handler that is registered for an error, or None."""
        return self._find_error_handler(error, blueprints)

    def do_teardown_request(self, *args: Any, **kwargs: Any) -> None:
        """Run the teardown functions, unless they were awaited."""
        if not TORN_DOWN.get():
            super().do_teardown_request(*args, **kwargs)

    def do_teardown_appcontext(self, *args: Any, **kwargs: Any) -> None:
        """Run the teardown functions, unless they were awaited."""
        if not TORN_DOWN.get():
            super().do_teardown_appcontext(*args, **kwargs)

    def make_response(self, rv: Any) -> Any:
        """Make a response, also of one of Quart's."""
        if isinstance(rv, tuple) and rv:
            rv = (flasks(self, rv[0]), *rv[1:])
        return super().make_response(flasks(self, rv))

    def handle_user_exception(self, e: Exception) -> Any:
        """Handle an error that a view or a hook raised."""
        self.note_error(e)
        return super().handle_user_exception(e)

    def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Any:
        """
        Finish a response, unless a verification was not awaited.

        Raises:
            UnawaitedVerificationError: A verification has not finished.
        """
        response = super().finalize_request(rv, from_error_handler)
        return self.checked(response, last=from_error_handler)

    def note_error(self, error: Exception) -> None:
        """See an error that is about to be answered."""
        if _noted_request() is not None:
            handled(error)

    def checked(self, response: Any, *, last: bool) -> Any:
        """
        Return the response that leaves, behind everything else of the app.

        Args:
            response: The app's response.
            last: Whether it is that of an error handler.

        Raises:
            UnawaitedVerificationError: A verification has not finished.
        """
        subject = _noted_request()
        if subject is None:  # nothing was asked about a token
            return response
        leaving = finalized(subject, response, self.response_class, last=last)
        return end_with_token(subject, leaving)

    def quart_jwt_routes(self) -> list[Route]:
        """The routes of this app and of the Quart app, and how each runs."""
        return [
            *(self._how_it_runs(route) for route in routes_on(self)),
            *(
                replace(route, runs="on the event loop, app.quart")
                for route in routes_on(self.quart)
            ),
        ]

    def _how_it_runs(self, route: Route) -> Route:
        found = obstacles(self, route.endpoint)
        reasons = "; ".join(found)
        return replace(
            route, runs=f"in a thread: {reasons}" if found else "on the event loop"
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
        await answer(self, scope, receive, send)


def _noted_request() -> Any:
    context = FLASK_REQUEST.get(None)
    return getattr(context, "noted_request", None)
