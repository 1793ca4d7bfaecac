"""
How the thread of a request waits for coroutines.

Our own coroutines are stepped in the thread, because most of them do not wait. Others
run on the event loop of the server, or on the background loop if there is none.
"""

from collections.abc import Callable
from collections.abc import Coroutine
from contextvars import Context
from contextvars import copy_context
from functools import wraps
from typing import Any
from typing import ParamSpec
from typing import TypeVar

from quart_jwt.extension.hooks.colour import RUNNING_LOOP
from quart_jwt.extension.hooks.request_thread import HOST
from quart_jwt.extension.hooks.waiting import step
from quart_jwt.extension.hooks.waiting import wait_for
from quart_jwt.flask.background_loop import background_loop

P = ParamSpec("P")
T = TypeVar("T")

_OURS = frozenset({RUNNING_LOOP, HOST})


def wait(coroutine: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine on the event loop while this thread waits.

    What it sets in context variables is set here afterwards, as in Flask.
    """
    result, context = wait_for(_with_context(coroutine), background_loop)
    _take_over(context)
    return result


def stepped(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Return the sync form of one of our own async functions."""

    @wraps(function)
    def sync(*args: P.args, **kwargs: P.kwargs) -> T:
        return step(function(*args, **kwargs), background_loop)

    del sync.__wrapped__
    return sync


async def _with_context(coroutine: Coroutine[Any, Any, T]) -> tuple[T, Context]:
    return await coroutine, copy_context()


def _take_over(context: Context) -> None:
    here = copy_context()
    for variable, value in context.items():
        if variable not in _OURS and here.get(variable) is not value:
            variable.set(value)
