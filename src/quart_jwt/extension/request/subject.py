"""
The request or websocket handshake that is being answered, and our notes on it.

The notes stand on the request itself and not on ``g``: requests that are served
inside one app context share their ``g``, and must not share an identity.
"""

from collections.abc import Callable
from typing import Any

from quart import Request
from quart import request
from quart import Websocket
from quart import websocket

Subject = Request | Websocket

_PREFIX = "_quart_jwt_"

VERIFIED = _PREFIX + "verified"
"""The note of what a request may rely on; it stands there only after all has passed."""

# Werkzeug's way to the object behind a proxy, for those who would ask it often.
_request: Callable[[], Request] = request._get_current_object  # type: ignore[attr-defined] # noqa: SLF001
_websocket: Callable[[], Websocket] = websocket._get_current_object  # type: ignore[attr-defined] # noqa: SLF001


def find_subject() -> Subject | None:
    """The request or the websocket of this context, or None outside of both."""
    try:
        return _request()
    except RuntimeError:
        pass
    try:
        return _websocket()
    except RuntimeError:
        return None


def current_subject() -> Subject:
    """
    The request or the websocket of this context.

    Raises:
        RuntimeError: There is none.
    """
    subject = find_subject()
    if subject is None:
        raise RuntimeError("There is no request or websocket context")
    return subject


def note(subject: Subject, name: str, value: Any) -> None:
    """Write a note on a request or websocket."""
    subject.__dict__[_PREFIX + name] = value


def note_of(subject: Subject, name: str) -> Any:
    """What was noted on a request or websocket, or None."""
    return subject.__dict__.get(_PREFIX + name)


def noted(name: str) -> Any:
    """What was noted on the current request or websocket, or None."""
    subject = find_subject()
    return None if subject is None else note_of(subject, name)
