"""
Flask's contexts, which also stand in Quart's context variables.

``quart.request``, ``quart.g`` and ``quart.current_app``, and so everything that this
library verifies, are then those of Flask's request, in its thread and in async views
that the thread waits for.
"""

from contextvars import ContextVar
from contextvars import Token
from typing import Any
from typing import NoReturn

from quart import Quart

from quart_jwt.extension.request.current import OUTLIVED
from quart_jwt.extension.request.subject import VERIFIED
from quart_jwt.flask.request import SharedRequest
from quart_jwt.flask.seams import FLASK_APP
from quart_jwt.flask.seams import FLASK_REQUEST
from quart_jwt.flask.seams import FlaskAppContext
from quart_jwt.flask.seams import FlaskRequestContext
from quart_jwt.flask.seams import IS_MERGED
from quart_jwt.flask.seams import QUART_APP
from quart_jwt.flask.seams import QUART_REQUEST

TORN_DOWN: ContextVar[bool] = ContextVar("quart_jwt.torn_down", default=False)
"""Whether the teardown functions of the context that is left have been awaited."""


class QuartContext:
    """
    Quart's context, made of Flask's.

    Args:
        app: The Quart app.
        app_context: Flask's app context; the current one if None.
        request_context: Flask's request context, if there is one.
    """

    has_websocket = False

    def __init__(
        self,
        app: Quart,
        app_context: FlaskAppContext | None = None,
        request_context: "RequestContext | None" = None,
    ) -> None:
        self.app = app
        self._app_context = app_context
        self._request_context = request_context

    @property
    def g(self) -> Any:
        """Flask's ``g``."""
        return (self._app_context or FLASK_APP.get()).g

    @property
    def has_request(self) -> bool:
        """Whether there is a request."""
        return self._request_context is not None

    @property
    def request(self) -> SharedRequest:
        """
        The request.

        Raises:
            RuntimeError: There is none.
        """
        return self._in_request().shared_request

    request_websocket = request

    @property
    def websocket(self) -> NoReturn:
        """Flask has no websockets; AttributeError and RuntimeError mean the same."""
        raise RuntimeError("Not within a websocket context")

    @property
    def url_adapter(self) -> Any:
        """What URLs are built and matched with."""
        return (
            self._request_context or self._app_context or FLASK_APP.get()
        ).url_adapter

    @property
    def session(self) -> Any:
        """The session of the request."""
        return self._in_request().session

    @property
    def flashes(self) -> Any:
        """The flashed messages that were read in this request."""
        return self._in_request().flashes

    @flashes.setter
    def flashes(self, flashes: Any) -> None:
        self._in_request().flashes = flashes

    _flashes = flashes  # Quart 0.23

    @property
    def _after_request_functions(self) -> Any:
        return self._in_request()._after_request_functions  # noqa: SLF001 - Quart's name, and Flask's

    def _in_request(self) -> "RequestContext":
        if self._request_context is None:
            raise RuntimeError("Not within a request context")
        return self._request_context


class AppContext(FlaskAppContext):
    """
    Flask's app context, also seen by Quart's side.
    """

    app: Any

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self._quart_tokens: list[Token[Any]] = []

    def push(self) -> None:
        """Enter the context."""
        # Quart 0.23 finds the request in the same variable.
        request_context = FLASK_REQUEST.get(None) if IS_MERGED else None
        seen = QuartContext(self.app.quart, self, request_context)
        self._quart_tokens.append(QUART_APP.set(seen))
        super().push()

    def pop(self, *args: Any, **kwargs: Any) -> None:
        """Leave the context."""
        try:
            super().pop(*args, **kwargs)
        finally:
            QUART_APP.reset(self._quart_tokens.pop())


class RequestContext(FlaskRequestContext):
    """
    Flask's request context, also seen by Quart's side.
    """

    app: Any

    def __init__(self, app: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(app, *args, **kwargs)
        self._quart_tokens: list[Token[Any]] = []
        self._shared_request: SharedRequest | None = None

    @property
    def shared_request(self) -> SharedRequest:
        """Quart's request, made when it is first needed."""
        if self._shared_request is None:
            self._shared_request = SharedRequest(self.request)
            self._shared_request.json_module = self.app.quart.json
        return self._shared_request

    @property
    def after_this_request(self) -> list[Any]:
        """The functions that ``after_this_request`` has registered."""
        return self._after_request_functions

    @property
    def opened_session(self) -> Any:
        """The session, without marking it as accessed."""
        return self._session

    @property
    def noted_request(self) -> SharedRequest | None:
        """Quart's request if something has needed it, and may have left notes on it."""
        return self._shared_request

    def copy(self) -> Any:
        """Copy the context; the copy knows what was verified."""
        copied: Any = super().copy()
        vars(copied)["_shared_request"] = self._shared_request
        return copied

    def push(self) -> None:
        """Enter the context."""
        seen = QuartContext(self.app.quart, request_context=self)
        # Flask leaves the context even if this fails.
        self._quart_tokens.append(QUART_REQUEST.set(seen))
        super().push()
        QUART_REQUEST.set(seen)  # Quart 0.23: the app context was entered after it

    def pop(self, *args: Any, **kwargs: Any) -> None:
        """Leave the context."""
        try:
            super().pop(*args, **kwargs)
        finally:
            QUART_REQUEST.reset(self._quart_tokens.pop())
            self._leave_identity()

    def _leave_identity(self) -> None:
        """Let a surrounding app context of the same app keep what was verified."""
        outer = FLASK_APP.get(None)
        if outer is None or outer.app is not self.app or self._quart_tokens:
            return
        verified = (
            vars(self._shared_request).get(VERIFIED) if self._shared_request else None
        )
        if verified is None:  # nor what an earlier request verified, of another user
            outer.g.pop(OUTLIVED, None)
        else:
            setattr(outer.g, OUTLIVED, verified)
