"""
A ``verify_jwt_in_request()`` that is not awaited must not let a request pass.

In async code the call gives a ``PendingVerification``. From that moment until it
has finished, the request is closed: no view is dispatched, no websocket is
accepted, and an answer that a view has made already does not go out.

A failed verification ends this state only if its error is handled: if it is awaited in
the task that started it, or if Quart handles that error. If it fails in another task
and is not awaited, the request is still rejected.
"""

import asyncio
import logging
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Generator
from dataclasses import dataclass
from dataclasses import field
from functools import partial
from http import HTTPStatus
from typing import Any

from quart import Quart
from quart import Response
from werkzeug.wrappers import Response as AnyResponse

from quart_jwt.exceptions import UnawaitedVerificationError
from quart_jwt.extension.request.quart_seams import accept_again
from quart_jwt.extension.request.quart_seams import check_quart
from quart_jwt.extension.request.quart_seams import refuse_to_accept
from quart_jwt.extension.request.quart_seams import when_finalized
from quart_jwt.extension.request.quart_seams import when_handled
from quart_jwt.extension.request.subject import current_subject
from quart_jwt.extension.request.subject import note
from quart_jwt.extension.request.subject import note_of
from quart_jwt.extension.request.subject import noted
from quart_jwt.extension.request.subject import Subject
from quart_jwt.typing import Claims

Outcome = tuple[Claims, Claims] | None

ANSWERED = object()

_logger = logging.getLogger("quart_jwt")


@dataclass(slots=True)
class Closure:
    """
    A closed request or handshake.

    Attributes:
        subject: The request or the websocket.
        routed: What routing had found wrong with it before it was closed.
        pending: The verifications that have not finished, or failed unheard.
    """

    subject: Subject
    routed: Exception | None
    pending: set["PendingVerification"] = field(default_factory=set)

    def enter(self, verification: "PendingVerification") -> None:
        """Close, or keep closed for one more verification."""
        self.pending.add(verification)
        # Quart raises a routing exception instead of dispatching to a view.
        self.subject.routing_exception = unawaited_error()
        refuse_to_accept(self.subject, unawaited_error)

    def leave(self, verification: "PendingVerification") -> None:
        """Open again, unless another verification is pending."""
        self.pending.discard(verification)
        if not self.pending:
            self.subject.routing_exception = self.routed
            accept_again(self.subject)

    def hear(self, error: Exception) -> None:
        """Open for the error of a verification that is going to be answered."""
        for verification in [each for each in self.pending if each.error is error]:
            self.leave(verification)


def unawaited_error() -> UnawaitedVerificationError:
    """The error that names the call."""
    return UnawaitedVerificationError(
        "verify_jwt_in_request() was called and not awaited: write `await "
        "verify_jwt_in_request()`. The request was rejected."
    )


def is_pending() -> bool:
    """Whether a verification of this request has not finished."""
    closure: Closure | None = noted("closure")
    return closure is not None and bool(closure.pending)


class PendingVerification:
    """
    A verification that has been asked for and has not finished.

    Args:
        verification: Runs it.

    Raises:
        RuntimeError: The answer to the request has begun to leave: it is too late
            to refuse it.
    """

    __slots__ = ("_awaited", "_closure", "_task", "_verification", "error")

    def __init__(self, verification: Callable[[], Awaitable[Outcome]]) -> None:
        self._verification = verification
        self._awaited = False
        self._task = asyncio.current_task()
        self.error: BaseException | None = None
        self._closure = _closure()
        self._closure.enter(self)

    def __await__(self) -> Generator[Any, None, Outcome]:
        if self._awaited:
            raise RuntimeError("This verification has already been awaited")
        self._awaited = True
        try:
            outcome = yield from self._verification().__await__()
        except BaseException as error:
            self._fail(error)
            raise
        self._closure.leave(self)
        return outcome

    def _fail(self, error: BaseException) -> None:
        self.error = error
        if asyncio.current_task() is self._task:
            self._closure.leave(self)


def refuse_unawaited(app: Quart, finish: Callable[[Subject, Any], Any]) -> None:
    """
    Let no answer of an app leave while a verification is pending.

    Args:
        app: The app.
        finish: Gives the response that leaves, of the request and the app's response.

    Raises:
        IncompatibleDependencyError: This Quart has no place to make sure of it.
    """
    check_quart()
    when_finalized(app, partial(_finalized, finish))
    when_handled(app, handled)


def _finalized(finish: Callable[[Subject, Any], Any], response: Any, last: bool) -> Any:
    subject = current_subject()
    return finish(subject, finalized(subject, response, Response, last=last))


def finalized(
    subject: Subject,
    response: Any,
    response_class: type[Response | AnyResponse],
    *,
    last: bool,
) -> Any:
    """
    Let a response leave, or refuse it; from now on it is too late to verify.

    Args:
        subject: The request or the websocket.
        response: The app's response.
        response_class: The class of the response that is sent instead.
        last: Whether the response is that of an error handler.

    Raises:
        UnawaitedVerificationError: A verification is pending, and the app can still
            answer the error.
    """
    closure: Closure | None = note_of(subject, "closure")
    if closure is not None and closure.pending:
        response = _refused(closure, response_class, last=last)
    note(subject, "answered", ANSWERED)
    return response


def _refused(
    closure: Closure, response_class: type[Response | AnyResponse], *, last: bool
) -> Response | AnyResponse:
    """Raise, for the app's own page of errors; answer, where that is at fault."""
    closure.pending.clear()
    error = unawaited_error()
    if not last:
        raise error
    _logger.error("%s", error)
    return response_class(status=HTTPStatus.INTERNAL_SERVER_ERROR)


def handled(error: Exception) -> None:
    """Open a request for the error of a verification that is about to be answered."""
    closure: Closure | None = noted("closure")
    if closure is not None:
        closure.hear(error)


def _closure() -> Closure:
    """The closure of the current request or handshake, made at the first call."""
    if noted("answered"):
        raise RuntimeError(
            "verify_jwt_in_request() was called after the response had started; "
            "verify before the view returns"
        )
    closure: Closure | None = noted("closure")
    if closure is None:
        subject = current_subject()
        closure = Closure(subject, subject.routing_exception)
        note(subject, "closure", closure)
    return closure
