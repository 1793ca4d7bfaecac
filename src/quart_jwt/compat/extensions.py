"""
The bridge on which Flask extensions run unmodified.

Their code is sync. Quart runs it in a worker thread; where it calls an app's function
that is async here, the thread waits for the loop (``run_coroutine_threadsafe``), so a
slow database stops one thread and not everybody.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from copy import copy
from functools import wraps
from importlib.metadata import entry_points
from inspect import isawaitable
from typing import Any

import click
from quart import Quart
from quart.cli import AppGroup

from quart_jwt.compat.seams import with_context
from quart_jwt.extension.hooks.colour import is_async
from quart_jwt.extension.hooks.colour import on_the_loop
from quart_jwt.extension.hooks.waiting import run_from_sync

REPLACED_HANDLERS = frozenset({"handle_exception", "handle_user_exception"})
"""Methods of the app that Flask extensions replace by sync ones of their own."""


class FlaskCommands(AppGroup):
    """
    An app's commands, those of Flask extensions included: ``quart db`` and its like.

    Each runs in the app's context, where Flask's side finds it.
    """

    def __init__(self, app: Quart) -> None:
        super().__init__(app.name)
        self._app = app

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command that enters the app's context by itself."""
        command = super().get_command(ctx, cmd_name)
        return None if command is None else _in_context(self._app, command)


def _in_context(app: Any, command: click.Command) -> click.Command:
    own = copy(command)

    def invoke(context: click.Context) -> Any:
        with app.app_context():
            return command.invoke(context)

    setattr(own, "invoke", invoke)  # noqa: B010 - this copy's own
    return own


class FlaskExtensions(Quart):
    """
    Offers what Flask extensions ask of an app.

    Not needed any more once every extension has its counterpart for Quart.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cli: AppGroup = FlaskCommands(self)
        for entry_point in entry_points(group="flask.commands"):
            self.cli.add_command(entry_point.load(), entry_point.name)

    def ensure_async(self, func: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        """
        Same as Quart's, but what a sync decorator hands on from an async view is
        awaited.
        """
        if is_async(func):
            return func
        in_a_thread = super().ensure_async(func)

        @wraps(func)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            result = await in_a_thread(*args, **kwargs)
            return await result if isawaitable(result) else result

        return awaited

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Give a sync function that waits for an async one; Flask's method."""
        if not is_async(func):
            return func

        @wraps(func)
        def waited(*args: Any, **kwargs: Any) -> Any:
            return run_from_sync(func(*args, **kwargs))

        return waited

    def make_response(self, result: Any) -> Any:
        """Make a response: awaited on the loop, right away in a worker thread."""
        return self._in_either_colour(self._make_response(result))

    def update_template_context(self, *args: Any) -> Any:  # Quart or Flask calls it
        """Add the context processors' values, in either colour."""
        adding = super().update_template_context(*with_context(args))
        return self._in_either_colour(adding)

    async def handle_exception(self, *args: Any) -> Any:
        """Same as Quart's, with Quart's or with Flask's arguments."""
        return await super().handle_exception(*with_context(args))

    async def handle_user_exception(self, *args: Any) -> Any:
        """Same as Quart's, with Quart's or with Flask's arguments."""
        return await super().handle_user_exception(*with_context(args))

    async def _make_response(self, result: Any) -> Any:
        value = await result if isawaitable(result) else result
        return await super().make_response(value)

    def _in_either_colour(self, coroutine: Any) -> Any:
        return coroutine if on_the_loop() else run_from_sync(coroutine)

    def _taking_the_error(
        self, handler: Callable[..., Any]
    ) -> Callable[..., Awaitable[Any]]:
        """Give a handler of an extension's, which knows Flask's one argument."""
        in_a_thread = self.ensure_async(handler)

        async def handle(*args: Any) -> Any:
            return await in_a_thread(args[-1])

        return handle

    def __setattr__(self, name: str, value: Any) -> None:
        if name in REPLACED_HANDLERS and not is_async(value):
            value = self._taking_the_error(value)
        super().__setattr__(name, value)
