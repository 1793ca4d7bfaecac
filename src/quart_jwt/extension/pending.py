"""
``verify_jwt_in_request()`` that nobody awaits must not open a door.

In async code the call gives a ``PendingVerification``. From that moment until it
has finished, the request is closed: no view is dispatched, no websocket is
accepted, and an answer that a view has made already does not go out.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any
from typing import NoReturn

from quart import after_this_request
from quart import Request
from quart.ctx import after_this_websocket

from quart_jwt.exceptions import UnawaitedVerificationError
from quart_jwt.extension.subject import current_subject
from quart_jwt.extension.subject import note
from quart_jwt.extension.subject import noted
from quart_jwt.extension.subject import Subject
from quart_jwt.typing import Claims

Outcome = tuple[Claims, Claims] | None


@dataclass(slots=True)
class Closure:
    """
    A closed request or handshake.

    Attributes:
        subject: The request or the websocket.
        routed: What routing had found wrong with it before it was closed.
        pending: How many verifications have not finished.
    """

    subject: Subject
    routed: Exception | None
    pending: int = 0

    def enter(self) -> None:
        """Close, or keep closed for one more verification."""
        self.pending += 1
        # Quart raises a routing exception instead of dispatching to a view.
        self.subject.routing_exception = unawaited_error()
        vars(self.subject)["accept"] = self.refuse_to_accept

    def leave(self) -> None:
        """Open again, unless another verification is pending."""
        self.pending -= 1
        if not self.pending:
            self.subject.routing_exception = self.routed
            del vars(self.subject)["accept"]

    async def refuse_to_accept(self, *_args: object, **_kwargs: object) -> NoReturn:
        """Stands for ``websocket.accept``, which send and receive call, too."""
        raise unawaited_error()

    async def refuse_answer(self, answer: Any) -> Any:
        """Runs before any other after-request function, and ends it there."""
        if not self.pending:
            return answer
        # The error's own answer comes through here as well, and has to pass.
        self.pending = 0
        raise unawaited_error()


def unawaited_error() -> UnawaitedVerificationError:
    """The error that names the call."""
    return UnawaitedVerificationError(
        "verify_jwt_in_request() was called and not awaited: write "
        "`await verify_jwt_in_request()`. The request was refused."
    )


def is_pending() -> bool:
    """Whether a verification of this request has not finished."""
    closure: Closure | None = noted("closure")
    return closure is not None and closure.pending > 0


class PendingVerification:
    """
    A verification that has been asked for and has not finished.

    Args:
        verification: Runs it.
    """

    __slots__ = ("_awaited", "_closure", "_verification")

    def __init__(self, verification: Callable[[], Awaitable[Outcome]]) -> None:
        self._verification = verification
        self._awaited = False
        self._closure = _closure()
        self._closure.enter()

    def __await__(self) -> Generator[Any, None, Outcome]:
        if self._awaited:
            raise RuntimeError("This verification was awaited already")
        self._awaited = True
        try:
            return (yield from self._verification().__await__())
        finally:
            self._closure.leave()


def _closure() -> Closure:
    """The closure of the current request or handshake, made at the first call."""
    closure: Closure | None = noted("closure")
    if closure is None:
        closure = _new_closure(current_subject())
    return closure


def _new_closure(subject: Subject) -> Closure:
    closure = Closure(subject, subject.routing_exception)
    note(subject, "closure", closure)
    if isinstance(subject, Request):
        after_this_request(closure.refuse_answer)
    else:
        after_this_websocket(closure.refuse_answer)
    return closure
