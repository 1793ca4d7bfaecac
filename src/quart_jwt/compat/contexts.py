"""
Contexts that Flask's side can see, and that sync code can enter.

A context of Quart's is entered with ``async with``. Flask's factories, commands and
fixtures say ``with app.app_context():`` or ``ctx.push()``; both work here, in either
colour. The contexts also stand in Flask's own context variables, so that
``flask.current_app`` and ``flask.g`` of an extension are the app's.
"""

import sys
from collections.abc import Awaitable
from collections.abc import Generator
from contextvars import Token
from types import TracebackType
from typing import Any
from typing import cast
from typing import Self

import flask.globals
from quart import Quart
from quart.ctx import AppContext
from quart.ctx import RequestContext
from quart.globals import _cv_app
from quart.globals import _cv_request
from quart.wrappers import Request

from quart_jwt.compat.requests import SyncRequest
from quart_jwt.extension.hooks.colour import is_async
from quart_jwt.extension.hooks.colour import on_the_loop
from quart_jwt.extension.hooks.colour import remember_loop
from quart_jwt.extension.hooks.waiting import run_from_sync


class _Done:
    """What a sync ``push()`` gives to those who await it all the same."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


class SharedAppContext(AppContext):
    """
    Quart's app context, also seen by Flask's side.
    """

    def __init__(self, app: Quart) -> None:
        super().__init__(app)
        self._flask_tokens: list[Token[Any]] = []

    def push(self) -> Awaitable[None]:  # type: ignore[override]  # either colour
        """Enter the context."""
        self._flask_tokens.append(flask.globals._cv_app.set(cast("Any", self)))  # noqa: SLF001 - the bridge
        return super().push()

    def pop(self, exc: BaseException | None = None) -> Awaitable[None]:  # type: ignore[override]  # either colour
        """Leave the context."""
        return self._pop(exc)

    async def _pop(self, exc: BaseException | None) -> None:
        try:
            await super().pop(exc)
        finally:
            flask.globals._cv_app.reset(self._flask_tokens.pop())  # noqa: SLF001 - the bridge


class EitherAppContext(SharedAppContext):
    """
    The app context that ``app.app_context()`` gives: ``with`` and ``async with``.

    Left from sync code, it runs the teardown functions right there; signals are sent
    only where it is entered and left with ``async with``.
    """

    def push(self) -> Awaitable[None]:  # type: ignore[override]  # either colour
        """Enter the context; need not be awaited."""
        self._cv_tokens.append(_cv_app.set(self))
        self._flask_tokens.append(flask.globals._cv_app.set(cast("Any", self)))  # noqa: SLF001 - the bridge
        if on_the_loop():
            remember_loop()
        return _Done()

    def pop(self, exc: BaseException | None = None) -> Awaitable[None]:  # type: ignore[override]  # either colour
        """Leave the context; need not be awaited."""
        try:
            if len(self._cv_tokens) == 1:
                self._tear_down(exc or sys.exc_info()[1])
        finally:
            flask.globals._cv_app.reset(self._flask_tokens.pop())  # noqa: SLF001 - the bridge
            _cv_app.reset(self._cv_tokens.pop())
        return _Done()

    def _tear_down(self, exc: BaseException | None) -> None:
        for function in self.app.teardown_appcontext_funcs:
            if is_async(function):
                run_from_sync(cast("Any", function(exc)))
            else:
                function(exc)

    def __enter__(self) -> Self:
        self.push()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.pop(error)

    async def __aenter__(self) -> Self:
        await SharedAppContext.push(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await SharedAppContext.pop(self, error)


class _FlaskRequestContext:
    """Quart's request context, as Flask's ``request_ctx`` would be."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self.request = SyncRequest(context.request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


class SharedRequestContext(RequestContext):
    """
    Quart's request context, also seen by Flask's side.
    """

    def __init__(self, app: Quart, request: Request, session: Any = None) -> None:
        super().__init__(app, request, session)
        self._flask_tokens: list[Token[Any]] = []

    async def push(self) -> None:
        """Enter the context, and let worker threads find the loop."""
        remember_loop()
        seen = cast("Any", _FlaskRequestContext(self))
        self._flask_tokens.append(flask.globals._cv_request.set(seen))  # noqa: SLF001 - the bridge
        await self._push_appctx(_cv_request.set(self))
        await self._push()

    async def pop(self, exc: BaseException | None = None) -> None:
        """Leave the context."""
        try:
            await super().pop(exc)
        finally:
            flask.globals._cv_request.reset(self._flask_tokens.pop())  # noqa: SLF001 - the bridge

    async def _push_appctx(self, token: Token[Any]) -> None:
        """Same as Quart's, but its teardown functions run off the loop."""
        current = _cv_app.get(None)
        needed = current is None or current.app is not self.app
        context = SharedAppContext(self.app) if needed else None
        if context is not None:
            await context.push()
        self._cv_tokens.append((token, context))


class SyncContexts(Quart):
    """
    Lets sync code write ``with app.app_context():`` and ``ctx.push()``.

    Not needed any more once every such place is ``async with``, and no Flask extension
    is left.
    """

    def app_context(self) -> EitherAppContext:
        """Give an app context for ``with`` and ``async with``."""
        return EitherAppContext(self)

    def request_context(self, request: Request) -> SharedRequestContext:
        """Give a request context that Flask's side sees, too."""
        return SharedRequestContext(self, request)
