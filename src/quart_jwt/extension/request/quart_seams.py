"""
What the extension replaces in Quart although Quart does not promise to keep it.

* ``finalize_request`` and ``finalize_websocket``: every response passes through them,
  those of error handlers included, and no function of the app runs afterwards. An
  after-request function or a signal would run too early to stop a response.
* ``dispatch_websocket``: a handler runs inside of what ends it. A ``before_websocket``
  function ends before the handler begins, and has nothing that it could put around it.
* ``handle_user_exception``: only here can be seen which error Quart is about to answer.
* ``quart.utils.run_sync_iterable``: runs a plain generator in a thread; streams of the
  request's own thread fall back on it.
* ``Websocket.accept``: sending and receiving call it, too, so a websocket that cannot
  be accepted carries nothing.

Quart 0.23 passes the context as first argument to the first four, Quart 0.22 does not.
The replacements pass on whatever they are given and look for an argument by its name or
type. ``check_quart`` runs when an app is registered: a Quart that has changed here is
refused at start, before the first request.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from functools import partial
from functools import wraps
from typing import Any
from typing import NoReturn

from quart import Quart
from quart import utils as quart_utils
from quart import Websocket
from quart.utils import run_sync_iterable

from quart_jwt.extension.request.subject import Subject
from quart_jwt.seams import require
from quart_jwt.seams import Seam

__all__ = [
    "SEAMS",
    "accept_again",
    "check_quart",
    "refuse_to_accept",
    "run_sync_iterable",
    "when_dispatched",
    "when_finalized",
    "when_handled",
]

SEAMS = (
    Seam(Quart, "finalize_request", ("result", "from_error_handler")),
    Seam(Quart, "finalize_websocket", ("result", "from_error_handler")),
    Seam(Quart, "dispatch_websocket"),
    Seam(Quart, "handle_user_exception", ("error",)),
    Seam(Websocket, "accept"),
    Seam(quart_utils, "run_sync_iterable"),
)

Finalized = Callable[[Any, bool], Any]
"""Is given a response and whether it is the last one; returns what is sent."""


def check_quart() -> None:
    """
    Check that this Quart has what is replaced here.

    Raises:
        IncompatibleDependencyError: It has not.
    """
    require("Quart", SEAMS)


def when_finalized(app: Quart, finalized: Finalized) -> None:
    """
    Call a function with every response of an app, behind everything else of the app.

    Args:
        app: The app.
        finalized: It may return another response, or raise, which is answered like an
            error of a view. The response to an error handler's error is the last one,
            and for that it must not raise.
    """
    for name in ("finalize_request", "finalize_websocket"):
        setattr(app, name, _finalizing(getattr(app, name), finalized))


def _finalizing(
    finalize: Callable[..., Awaitable[Any]], finalized: Finalized
) -> Callable[..., Awaitable[Any]]:
    @wraps(finalize)
    async def finalize_and_look(*args: Any, **kwargs: Any) -> Any:
        response = await finalize(*args, **kwargs)
        # Quart passes it by name; were it passed otherwise, the request would fail.
        return finalized(response, kwargs.get("from_error_handler", False))

    return finalize_and_look


def when_dispatched(
    app: Quart, around: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
) -> None:
    """Let a function call the handlers of an app's websockets, each time one is due."""
    dispatch: Callable[..., Awaitable[Any]] = app.dispatch_websocket

    @wraps(dispatch)
    async def dispatch_inside(*args: Any, **kwargs: Any) -> Any:
        return await around(partial(dispatch, *args, **kwargs))

    setattr(app, dispatch.__name__, dispatch_inside)


def when_handled(app: Quart, handled: Callable[[Exception], None]) -> None:
    """Call a function with every error of an app that Quart is about to answer."""
    handle: Callable[..., Awaitable[Any]] = app.handle_user_exception

    @wraps(handle)
    async def look_and_handle(*args: Any) -> Any:
        handled(next(one for one in args if isinstance(one, Exception)))
        return await handle(*args)

    setattr(app, handle.__name__, look_and_handle)


def refuse_to_accept(subject: Subject, error: Callable[[], Exception]) -> None:
    """Let a websocket not be accepted; a request cannot be anyway."""

    async def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        raise error()

    vars(subject)["accept"] = refuse


def accept_again(subject: Subject) -> None:
    """Undo ``refuse_to_accept``."""
    vars(subject).pop("accept", None)
