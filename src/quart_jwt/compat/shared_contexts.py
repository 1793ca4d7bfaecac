"""
Contexts of Quart that Flask's side sees, too.
"""

from collections.abc import Awaitable
from contextvars import ContextVar
from contextvars import Token
from typing import Any

from quart import Quart
from quart.ctx import AppContext

from quart_jwt.compat.requests import SyncRequest
from quart_jwt.compat.seams import FLASK_APP


class FlaskSide:
    """Flask's context variables, set while a context of Quart's is entered."""

    def __init__(self) -> None:
        self._tokens: list[tuple[ContextVar[Any], Token[Any]]] = []

    def enter(self, variable: ContextVar[Any], context: Any) -> None:
        """Set a variable."""
        self._tokens.append((variable, variable.set(context)))

    def leave(self) -> None:
        """Reset the variable that was set last."""
        variable, token = self._tokens.pop()
        variable.reset(token)


class SharedAppContext(AppContext):
    """
    Quart's app context, also seen by Flask's side.
    """

    def __init__(self, app: Quart, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self.flask_side: FlaskSide = FlaskSide()

    def push(self) -> Awaitable[None]:  # type: ignore[override]  # either colour
        """Enter the context."""
        self.flask_side.enter(FLASK_APP, self)
        return super().push()

    def pop(self, exc: BaseException | None = None) -> Awaitable[None]:  # type: ignore[override]  # either colour
        """Leave the context."""
        return self._pop(exc)

    async def _pop(self, exc: BaseException | None) -> None:
        try:
            await super().pop(exc)
        finally:
            self.flask_side.leave()


class FlaskRequestContext:
    """
    Quart's request context, as Flask's ``request_ctx`` would be.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self.request: SyncRequest = SyncRequest(context.request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)
