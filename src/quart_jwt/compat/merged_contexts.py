"""
The contexts of requests from Quart 0.23 on, where they are the app's as well.
"""

from typing import Any

from quart import Quart
from quart.wrappers import Request

from quart_jwt.compat.seams import FLASK_REQUEST
from quart_jwt.compat.seams import QUART_APP
from quart_jwt.compat.shared_contexts import FlaskRequestContext
from quart_jwt.compat.shared_contexts import SharedAppContext
from quart_jwt.extension.hooks.colour import remember_loop


class SharedRequestContext(SharedAppContext):
    """
    Quart's context of a request, also seen by Flask's side.

    Inside an app context it shares that one's ``g`` and leaves its teardown to it, as
    in Flask.
    """

    is_inside: bool = False

    async def push(self) -> None:
        """Enter the context, and let worker threads find the loop."""
        remember_loop()
        around = QUART_APP.get(None)
        if around is not None and around is not self and around.app is self.app:
            self.is_inside = True
            self.g: Any = around.g
        self.flask_side.enter(FLASK_REQUEST, FlaskRequestContext(self))
        await super().push()

    async def _pop(self, exc: BaseException | None) -> None:
        try:
            await super()._pop(exc)
        finally:
            self.flask_side.leave()


class RequestContexts(Quart):
    """
    Gives requests a context that Flask's side sees, too.
    """

    def request_context(self, request: Request) -> Any:
        """Give the context of a request."""
        return SharedRequestContext(self, request=request)

    async def do_teardown_appcontext(self, *args: Any) -> None:
        """Same as Quart's, unless the context is inside another one."""
        if not getattr(args[0], "is_inside", False):
            await super().do_teardown_appcontext(*args)
