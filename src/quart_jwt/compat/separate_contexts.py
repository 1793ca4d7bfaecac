"""
The contexts of requests up to Quart 0.22, where they are separate from the app's.
"""

from contextvars import Token
from typing import Any

from quart import Quart
from quart.ctx import RequestContext
from quart.wrappers import Request

from quart_jwt.compat.seams import FLASK_REQUEST
from quart_jwt.compat.seams import QUART_APP
from quart_jwt.compat.seams import QUART_REQUEST
from quart_jwt.compat.shared_contexts import FlaskRequestContext
from quart_jwt.compat.shared_contexts import FlaskSide
from quart_jwt.compat.shared_contexts import SharedAppContext
from quart_jwt.extension.hooks.colour import remember_loop


class SharedRequestContext(RequestContext):
    """
    Quart's request context, also seen by Flask's side.
    """

    def __init__(self, app: Quart, request: Request, session: Any = None) -> None:
        super().__init__(app, request, session)
        self.flask_side: FlaskSide = FlaskSide()

    async def push(self) -> None:
        """Enter the context, and let worker threads find the loop."""
        remember_loop()
        self.flask_side.enter(FLASK_REQUEST, FlaskRequestContext(self))
        await self._push_appctx(QUART_REQUEST.set(self))
        await self._push()

    async def pop(self, exc: BaseException | None = None) -> None:
        """Leave the context."""
        try:
            await super().pop(exc)
        finally:
            self.flask_side.leave()

    async def _push_appctx(self, token: Token[Any]) -> None:
        """Same as Quart's, but its teardown functions run off the loop."""
        current = QUART_APP.get(None)
        needed = current is None or current.app is not self.app
        context = SharedAppContext(self.app) if needed else None
        if context is not None:
            await context.push()
        self._cv_tokens.append((token, context))


class RequestContexts(Quart):
    """
    Gives requests a context that Flask's side sees, too.
    """

    def request_context(self, request: Request) -> SharedRequestContext:
        """Give the context of a request."""
        return SharedRequestContext(self, request)
