"""
The extension's signals about sessions, said as security events.

They are sent in the same step in which the session store acts, and are not lost when
the client goes away meanwhile.
"""

from collections.abc import AsyncGenerator
from typing import Any

from blinker import NamedSignal
from quart import Quart

from quart_jwt import nonblocking
from quart_jwt.building_blocks import Outcome
from quart_jwt.service.ground.events import happened
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.request_facts import request_facts
from quart_jwt.signals import refresh_reuse_detected
from quart_jwt.signals import token_revoked
from quart_jwt.signals import token_rotated


class TokenEvents:
    """
    Listens to the signals of one app.

    Args:
        app: The app.
    """

    def __init__(self, app: Quart) -> None:
        self._app = app

    async def serving(self) -> AsyncGenerator[None, None]:
        """Listen until the service ends."""
        for signal, receiver in _RECEIVERS:
            signal.connect(receiver, sender=self._app)
        try:
            yield
        finally:
            for signal, receiver in _RECEIVERS:
                signal.disconnect(receiver, sender=self._app)


@nonblocking
def _on_rotated(
    _app: Quart, *, outcome: str, subject: str, session_id: str, **_facts: Any
) -> None:
    is_again = outcome == Outcome.SAME_SUCCESSOR.value
    happened(
        Kind.REFRESHED,
        subject=subject,
        session_id=session_id,
        reason="again" if is_again else None,
    )


@nonblocking
def _on_reuse(_app: Quart, *, subject: str, session_id: str, **_facts: Any) -> None:
    happened(Kind.REFRESH_REUSED, subject=subject, session_id=session_id)


@nonblocking
def _on_revoked(_app: Quart, *, scope: str, name: str) -> None:
    if scope == "family":
        happened(Kind.SESSION_ENDED, subject=_whoever_asks(), session_id=name)
    elif scope == "subject":
        happened(Kind.SESSIONS_ENDED, subject=name)
    # One token alone is revoked at /revoke only, which knows more about it.


def _whoever_asks() -> str | None:
    """Here, users end only their own sessions."""
    facts = request_facts()
    return None if facts is None else facts.claim("sub")


_RECEIVERS: tuple[tuple[NamedSignal, Any], ...] = (
    (token_rotated, _on_rotated),
    (refresh_reuse_detected, _on_reuse),
    (token_revoked, _on_revoked),
)
