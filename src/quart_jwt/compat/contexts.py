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
from typing import TYPE_CHECKING

from quart import Quart

from quart_jwt.compat.seams import FLASK_APP
from quart_jwt.compat.seams import IS_MERGED
from quart_jwt.compat.seams import QUART_APP
from quart_jwt.compat.shared_contexts import SharedAppContext
from quart_jwt.extension.hooks.colour import is_async
from quart_jwt.extension.hooks.colour import on_the_loop
from quart_jwt.extension.hooks.colour import remember_loop
from quart_jwt.extension.hooks.waiting import run_from_sync

if TYPE_CHECKING or IS_MERGED:
    from quart_jwt.compat.merged_contexts import RequestContexts
else:
    from quart_jwt.compat.separate_contexts import RequestContexts


class _Done:
    """What a sync ``push()`` gives to those who await it all the same."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


class EitherAppContext(SharedAppContext):
    """
    The app context that ``app.app_context()`` gives: ``with`` and ``async with``.

    Left from sync code, it runs the teardown functions right there; signals are sent
    only where it is entered and left with ``async with``.
    """

    def __init__(self, app: Quart, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._tokens: list[Token[Any]] = []

    def push(self) -> Awaitable[None]:  # type: ignore[override]  # either colour
        """Enter the context; need not be awaited."""
        self._tokens.append(QUART_APP.set(self))
        self.flask_side.enter(FLASK_APP, self)
        if on_the_loop():
            remember_loop()
        return _Done()

    def pop(self, exc: BaseException | None = None) -> Awaitable[None]:  # type: ignore[override]  # either colour
        """Leave the context; need not be awaited."""
        try:
            if len(self._tokens) == 1:
                self._tear_down(exc or sys.exc_info()[1])
        finally:
            self.flask_side.leave()
            QUART_APP.reset(self._tokens.pop())
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


class SyncContexts(RequestContexts):
    """
    Lets sync code write ``with app.app_context():`` and ``ctx.push()``.

    Not needed any more once every such place is ``async with``, and no Flask extension
    is left.
    """

    def app_context(self) -> EitherAppContext:
        """Give an app context for ``with`` and ``async with``."""
        return EitherAppContext(self)
