"""
Calling hooks, sync or async.

What a hook returns is awaited if it is awaitable. A plain ``def`` may block, because a
ported one asks a database: it runs in the request's thread. ``@nonblocking`` marks one
that cannot block, and it runs where the caller is.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from typing import cast
from typing import Protocol
from typing import TypeVar

from quart_jwt.exceptions import AsyncHookError
from quart_jwt.extension.hooks.colour import is_async
from quart_jwt.extension.hooks.colour import on_the_loop
from quart_jwt.extension.hooks.request_thread import offload
from quart_jwt.extension.hooks.waiting import via_loop
from quart_jwt.extension.hooks.workers import compute

Hook = TypeVar("Hook", bound=Callable[..., Any])


class Caller(Protocol):
    """How hooks are called: awaiting them, or refusing to."""

    async def __call__(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Call ``function`` and give what it finally returns."""


@dataclass(frozen=True, slots=True)
class Colour:
    """
    The two ways in which a flow may have to wait.

    Attributes:
        call: Calls a hook.
        compute: Runs a computation of ours that takes long.
    """

    call: Caller
    compute: Caller


def nonblocking(hook: Hook) -> Hook:
    """
    Mark a plain ``def`` hook that cannot block: it runs on the event loop.

    Returns:
        The hook; wrapped, if it is one that cannot be marked, such as a method.
    """
    try:
        hook.__quart_jwt_nonblocking__ = True  # type: ignore[attr-defined]
    except (AttributeError, TypeError):  # a method, a built-in, an instance with slots
        return cast("Hook", nonblocking(functools.partial(hook)))
    return hook


async def call(hook: Callable[..., Any], *args: Any) -> Any:
    """Call a hook without ever blocking the event loop."""
    if may_block(hook) and on_the_loop():
        result = await offload(hook, *args)
    else:
        result = hook(*args)
    # A forgotten await inside a hook gives an awaitable that gives an awaitable,
    # and any of them would count as "yes".
    while inspect.isawaitable(result):
        result = await via_loop(result)
    return result


def may_block(hook: Callable[..., Any]) -> bool:
    """Whether a hook is plain code that is not marked ``@nonblocking``."""
    # The mark first: it is looked up in no time, and the default loaders have it.
    return not (getattr(hook, "__quart_jwt_nonblocking__", False) or is_async(hook))


AWAITING = Colour(call=call, compute=compute)
"""How async functions wait: hooks are awaited, computations offloaded."""


@functools.cache
def inline(twin: str) -> Colour:
    """
    How sync functions do without waiting: everything happens right here.

    Args:
        twin: The awaitable function to recommend when a hook is async.
    """

    async def call_inline(hook: Callable[..., Any], *args: Any) -> Any:
        if is_async(hook):
            raise _wrong_colour(hook, twin)
        result = hook(*args)
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()
            raise _wrong_colour(hook, twin)
        return result

    return Colour(call=call_inline, compute=_compute_inline)


async def _compute_inline(job: Callable[..., Any], *args: Any) -> Any:
    return job(*args)


def _wrong_colour(hook: Callable[..., Any], twin: str) -> AsyncHookError:
    name = getattr(hook, "__qualname__", type(hook).__qualname__)
    return AsyncHookError(
        f"The hook {name} is async, and a sync function cannot wait for it. "
        f"Use: await {twin}(...)"
    )
