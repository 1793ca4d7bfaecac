"""
Security events: what an operator wants to know and to keep.

Whoever makes one happen says so with ``happened``; the audit log and the metrics
listen, and what happens does not know them. An event names a user or a session and
never holds a password, a token or a key.
"""

from dataclasses import dataclass
from enum import StrEnum

from blinker import NamedSignal
from blinker import signal


class Kind(StrEnum):
    """
    Every event there is; the value is its stable name in logs and metrics.
    """

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    THROTTLED = "throttled"
    REGISTERED = "registered"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an event
    REFRESHED = "refreshed"
    REFRESH_REUSED = "refresh_reused"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an event
    CLIENT_REFUSED = "client_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One event.

    Attributes:
        kind: What has happened.
        subject: The user that it concerns, if such a user exists: what is typed into
            a name field by mistake is often a password.
        session_id: The session that it concerns, if it is about one.
        reason: Why, in a word of a small set; never what a client has sent.
    """

    kind: Kind
    subject: str | None = None
    session_id: str | None = None
    reason: str | None = None


security_events: NamedSignal = signal("quart-jwt-service-security-events")
"""Sends one ``Event`` as its sender."""


def happened(
    kind: Kind,
    *,
    subject: str | None = None,
    session_id: str | None = None,
    reason: str | None = None,
) -> None:
    """Tell everyone who listens; a listener must neither block nor raise."""
    security_events.send(
        Event(kind=kind, subject=subject, session_id=session_id, reason=reason)
    )
