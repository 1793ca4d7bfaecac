"""
What the current request's token says, as Flask code reads it.

Flask-JWT-Extended keeps this in private values of Flask's ``g``, and projects write
them: a mock of ``verify_jwt_in_request``, or code that sets the user after an optional
verification. Here only the project's own code can have written them. What it has
written since the last verification counts as it does there; nothing is accepted by it.
"""

from typing import Any

from werkzeug.local import LocalProxy

from quart_jwt.extension.request import current as verified
from quart_jwt.extension.request.subject import find_subject
from quart_jwt.flask.seams import FLASK_APP
from quart_jwt.flask.seams import FLASK_REQUEST
from quart_jwt.typing import Claims

_CLAIMS = "_jwt_extended_jwt"
_HEADER = "_jwt_extended_jwt_header"
_LOCATION = "_jwt_extended_jwt_location"
_USER = "_jwt_extended_jwt_user"


def _values() -> dict[str, Any]:
    context = FLASK_APP.get(None)
    return {} if context is None else getattr(context.g, "__dict__", {})


def _written(name: str) -> Any:
    value = _values().get(name)
    if value is None:
        return None
    # A Quart route inside of Flask's app context has a request of its own.
    is_quarts = FLASK_REQUEST.get(None) is None and find_subject() is not None
    return None if is_quarts else value


def forget_written() -> None:
    """Let what is verified next count, and not what was written before."""
    if values := _values():
        for name in (_CLAIMS, _HEADER, _LOCATION, _USER):
            values.pop(name, None)


def get_jwt() -> Claims:
    """
    The claims of the token of this request; empty where it is optional and
    there is none.

    Raises:
        RuntimeError: Nothing was verified in this request.
    """
    written: Claims | None = _written(_CLAIMS)
    return verified.get_jwt() if written is None else written


def get_jwt_header() -> Claims:
    """
    The header of the token of this request; empty where it is optional and
    there is none.

    Raises:
        RuntimeError: Nothing was verified in this request.
    """
    written: Claims | None = _written(_HEADER)
    return verified.get_jwt_header() if written is None else written


def get_jwt_identity() -> Any:
    """
    The identity in the token of this request; None where it is optional and
    there is none.

    Raises:
        RuntimeError: Nothing was verified in this request.
    """
    written: Claims | None = _written(_CLAIMS)
    if written is None:
        return verified.get_jwt_identity()
    return written.get(verified.current_settings().identity_claim_key)


def get_jwt_request_location() -> str | None:
    """Where the token was found: ``"headers"``, ``"cookies"``,
    ``"query_string"``, ``"json"``, or None. Never raises.
    """
    written: str | None = _written(_LOCATION)
    return verified.get_jwt_request_location() if written is None else written


def get_current_user() -> Any:
    """
    What the user look-up hook gave for this request; None where the token is
    optional and there is none.

    Raises:
        RuntimeError: Nothing was verified, or there is no such hook.
    """
    written: dict[str, Any] | None = _written(_USER)
    if written is None:
        return verified.get_current_user()
    get_jwt()  # a user alone is no verification
    return written["loaded_user"]


current_user: Any = LocalProxy(get_current_user)
"""The user of this request: a proxy to ``get_current_user()``."""


def current_user_context_processor() -> dict[str, Any]:
    """Give templates ``current_user``, in requests that have one."""
    if _written(_USER) is not None:
        return {"current_user": get_current_user()}
    found = verified.recall()
    return {"current_user": found.user[0]} if found and found.user else {}
