"""
The sync forms of the session functions, for sync views.

Each waits for the store on the event loop while the thread of the request waits; the
arguments are those of the async functions of ``quart_jwt``.
"""

from collections.abc import Callable
from collections.abc import Coroutine
from functools import wraps
from typing import Any
from typing import ParamSpec
from typing import TypeVar

from flask import current_app

import quart_jwt
from quart_jwt.flask.waiting import wait

P = ParamSpec("P")
R = TypeVar("R")


def _waited(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, R]:
    @wraps(function)
    def sync(*args: P.args, **kwargs: P.kwargs) -> R:
        current_app.quart.start_if_needed()  # type: ignore[attr-defined]
        return wait(function(*args, **kwargs))

    return sync


create_token_pair = _waited(quart_jwt.create_token_pair)
list_sessions = _waited(quart_jwt.list_sessions)
revoke_all_for = _waited(quart_jwt.revoke_all_for)
revoke_family = _waited(quart_jwt.revoke_family)
end_session = revoke_family
revoke_token = _waited(quart_jwt.revoke_token)
rotate_refresh_token = _waited(quart_jwt.rotate_refresh_token)
verify_token = _waited(quart_jwt.verify_token)
