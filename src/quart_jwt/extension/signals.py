"""
The signals about tokens and sessions, for an app's audit log.

They are blinker's, as Flask's and Quart's are; the sender is the app. No signal
carries the text of a token, a key or a CSRF value. A receiver may be ``def`` or
``async def``, and takes the sender and keyword arguments; a plain ``def`` runs in a
worker thread, unless ``@nonblocking`` says that it cannot block. What a receiver
raises is logged and changes nothing: it is told what happened, and is not asked.
"""

import logging
from collections.abc import Callable
from collections.abc import Mapping
from functools import partial
from functools import update_wrapper
from typing import Any

from blinker import NamedSignal
from blinker import Namespace
from quart import Quart

from quart_jwt.exceptions import AsyncHookError
from quart_jwt.extension.hooks.calling import call
from quart_jwt.extension.hooks.calling import Caller
from quart_jwt.extension.hooks.calling import nonblocking

_signals = Namespace()

token_issued: NamedSignal = _signals.signal(
    "quart-jwt.token-issued",
    doc="A token was made. Arguments: ``token_type`` (``access`` or ``refresh``), "
    "``jti``, ``subject``, ``session_id`` (None for a token without a session).",
)

token_refused: NamedSignal = _signals.signal(
    "quart-jwt.token-refused",
    doc="A request was refused. Arguments: ``code`` (as in ``exceptions``), and of a "
    "token whose signature was good ``jti``, ``subject`` and ``session_id``, which are "
    "None otherwise.",
)

token_revoked: NamedSignal = _signals.signal(
    "quart-jwt.token-revoked",
    doc="Something was revoked or ended. Arguments: ``scope`` (``token``, ``family`` "
    "or ``subject``) and ``name``, the jti, the session's id or the subject.",
)

token_rotated: NamedSignal = _signals.signal(
    "quart-jwt.token-rotated",
    doc="A refresh token was exchanged. Arguments: ``outcome`` (``rotated`` or ``same "
    "successor``), ``session_id``, ``subject``, and ``jti``, the successor's.",
)

refresh_reuse_detected: NamedSignal = _signals.signal(
    "quart-jwt.refresh-reuse-detected",
    doc="A refresh token was used a second time, and its session has ended, because "
    "the token may be stolen. Sent once for each session. Arguments: ``session_id``, "
    "``subject``, and ``jti``, the presented token's.",
)

store_failed: NamedSignal = _signals.signal(
    "quart-jwt.store-failed",
    doc="The session store could not do what was asked. Arguments: ``verb``, ``error`` "
    "(the name of its class), and ``allowed``: whether the request may go on all the "
    "same, by ``JWT_STORE_FAILURE``.",
)

SENDER = "quart-jwt.sender"
"""The key in ``app.extensions`` of the app that receivers know, if another one."""

_logger = logging.getLogger("quart_jwt")


async def tell(
    signal: NamedSignal,
    app: Quart,
    facts: Mapping[str, Any],
    caller: Caller = call,
) -> None:
    """
    Send a signal.

    Args:
        signal: The signal.
        app: The sender.
        facts: What the receivers are told; never the text of a token.
        caller: How to call them.

    Raises:
        AsyncHookError: A sync function cannot wait for an async receiver.
    """
    if not signal.receivers:
        return
    sender = app.extensions.get(SENDER, app)
    for receiver in signal.receivers_for(sender):
        try:
            await caller(_bound(receiver, sender, facts))
        except AsyncHookError:
            raise
        except Exception:
            # A listener must not decide about a request.
            _logger.exception("A receiver of the signal %s failed", signal.name)


def _bound(
    receiver: Callable[..., Any], app: Quart, facts: Mapping[str, Any]
) -> Callable[[], Any]:
    """A receiver with its arguments and its marks: it may be @nonblocking."""
    bound = partial(receiver, app, **facts)
    if getattr(receiver, "__quart_jwt_nonblocking__", False):
        return nonblocking(bound)  # at a tenth of what update_wrapper takes
    return update_wrapper(bound, receiver)
